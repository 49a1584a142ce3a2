using FsCheck;
using FsCheck.Fluent;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>What FsCheck draws for all laws. A sequence shrinks to its beginnings: its calls do not change.</summary>
public static class Arbitraries
{
    /// <summary>The seeds of every run: a test says the same each time.</summary>
    public const string Replay = "(20261120,11)";

    public static Arbitrary<SequenceName> Sequences() => Arb.From(
        from seed in Words
        from length in Gen.Sized(size => Gen.Choose(1, 1 + (size / 2)))
        select new SequenceName(seed, length),
        name => Shorter(name.Length).Select(length => name with { Length = length }));

    public static Arbitrary<Setting> Settings() => Arb.From(Gen.Elements(Setting.All.ToArray()));

    public static Arbitrary<WildSeed> WildCalls() => Arb.From(Words.Select(w => new WildSeed(w)));

    public static Arbitrary<Handle> Handles() => Arb.From(
        from kind in Gen.Choose(0, Handle.Kinds - 1)
        from number in Gen.Choose(0, 255)
        select new Handle((DescriptorKind)kind, (byte)number));

    public static Arbitrary<Pointer> Pointers() => Arb.From(Gen.OneOf(
        Gen.Elements(Pointer.Fine, Pointer.Unmapped, Pointer.ReadOnly),
        Gen.Choose(0, ushort.MaxValue).Select(bytes => Pointer.FaultsAfter((ushort)bytes))));

    private static Gen<ulong> Words =>
        from high in Gen.Choose(int.MinValue, int.MaxValue)
        from low in Gen.Choose(int.MinValue, int.MaxValue)
        select ((ulong)(uint)high << 32) | (uint)low;

    private static IEnumerable<int> Shorter(int length) => new[] { 1, length / 2, length - (length / 4), length - 1 }.Where(l => l >= 1 && l < length).Distinct();
}
