using FsCheck;
using FsCheck.Fluent;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Checking;

/// <summary>
/// Names of sequences as FsCheck draws them. The name at an index is a pure function of run seed, index and greatest
/// length, so that shards and replays need nothing of what ran before.
/// </summary>
public sealed class Draws(ulong runSeed, int longest)
{
    /// <summary>FsCheck draws this many at once; a block is drawn from its own seed.</summary>
    private const int Block = 64;

    private readonly Gen<SequenceName> names = Names(longest);
    private SequenceName[] block = [];
    private ulong at = ulong.MaxValue;

    /// <summary>FsCheck's generator of names: a seed of 62 bits and a length up to the greatest.</summary>
    public static Gen<SequenceName> Names(int longest) =>
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        from length in Gen.Choose(1, longest)
        select new SequenceName(((ulong)high << 31) | (uint)low, length);

    /// <summary>Sequences that shrink as the project's do: what tests and the program hand to FsCheck.</summary>
    public static Arbitrary<Sequence> Shrinking(Gen<Sequence> drawn, Model.Model model)
    {
        Shrinker shrinker = new(model);
        return Arb.From(drawn, shrinker.Simpler);
    }

    /// <summary>The name at an index of the run.</summary>
    public SequenceName this[ulong index]
    {
        get
        {
            if (index / Block != at)
            {
                at = index / Block;
                block = names.Sample(Block, new Rnd(Mixer.SeedOf(runSeed, at)), longest);
            }

            return block[index % Block];
        }
    }
}
