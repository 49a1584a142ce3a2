using System.Collections.Immutable;

namespace KvmSpec.Model.Common;

/// <summary>Writes down the interesting values of an ioctl's fields beside its rules.</summary>
public static class Alphabets
{
    public static ImmutableDictionary<Field, ImmutableArray<Sample>> Of(params (Field Field, ImmutableArray<Sample> Samples)[] rows) =>
        rows.ToImmutableDictionary(r => r.Field, r => r.Samples);

    /// <summary>Pointers inside structs: mostly fine.</summary>
    public static readonly ImmutableArray<Sample> Pointers =
        [Pointer.Fine, Pointer.Fine, Pointer.Fine, Pointer.Fine, Pointer.Fine, Pointer.Unmapped, Pointer.ReadOnly, Pointer.FaultsAfter(4), Pointer.FaultsAfter(8)];

    /// <summary>Flags that must be zero.</summary>
    public static readonly ImmutableArray<Sample> NoFlags = [0, 0, 0, 0, 0, 0, 0, 1, 1UL << 31];
}
