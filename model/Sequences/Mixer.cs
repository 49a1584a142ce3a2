using System.Runtime.Intrinsics;

namespace KvmSpec.Model.Sequences;

/// <summary>
/// The words that a sequence is decoded from: SplitMix64 over a seed. Anybody can write it again: add 0x9e3779b97f4a7c15
/// to the state, then mix by two xor-shifts and multiplications.
/// </summary>
public struct Mixer(ulong seed)
{
    private const ulong Step = 0x9e3779b97f4a7c15;
    private ulong state = seed;

    /// <summary>The next word.</summary>
    public ulong Next()
    {
        state += Step;
        return Mix(state);
    }

    /// <summary>The next words, none, one or two; of what was not asked for no more is said.</summary>
    internal Vector128<ulong> Next(int words)
    {
        Vector128<ulong> drawn = Vector128.Create(Mix(state + Step), Mix(state + Step + Step));
        state += (ulong)words * Step;
        return drawn;
    }

    /// <summary>A number below a bound, from the upper half of the next word.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>The seed of the sequence with that index in a run: a pure function of both.</summary>
    public static ulong SeedOf(ulong runSeed, ulong index) => Mix(Mix(runSeed + Step) ^ (index * Step));

    private static ulong Mix(ulong word)
    {
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        return word ^ (word >> 31);
    }
}
