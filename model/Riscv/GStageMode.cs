using System.Collections.Immutable;

namespace KvmSpec.Model.Riscv;

/// <summary>A format of the G-stage page table: what hgatp.MODE selects for a VM.</summary>
/// <param name="Name">The privileged specification's name.</param>
/// <param name="Encoding">Its number in hgatp.MODE.</param>
/// <param name="Levels">Levels of the table.</param>
/// <param name="GpaBits">Bits of a guest-physical address: 12, 9 or 10 a level, and 2 for the root of four pages.</param>
/// <param name="Wide">True on RV64, false on RV32.</param>
public sealed record GStageMode(string Name, byte Encoding, byte Levels, byte GpaBits, bool Wide)
{
    public static readonly GStageMode Sv32x4 = new("Sv32x4", 1, 2, 34, false);
    public static readonly GStageMode Sv39x4 = new("Sv39x4", 8, 3, 41, true);
    public static readonly GStageMode Sv48x4 = new("Sv48x4", 9, 4, 50, true);
    public static readonly GStageMode Sv57x4 = new("Sv57x4", 10, 5, 59, true);

    /// <summary>All modes, the narrowest first.</summary>
    public static readonly ImmutableArray<GStageMode> All = [Sv32x4, Sv39x4, Sv48x4, Sv57x4];

    /// <summary>The first byte that the mode's table cannot reach.</summary>
    public ulong GpaEnd => 1UL << GpaBits;

    /// <summary>The modes of an architecture, the narrowest first.</summary>
    public static IEnumerable<GStageMode> Of(Architecture architecture) => All.Where(m => m.Wide == (architecture == Architecture.Riscv64));

    /// <summary>The narrowest mode that has so many bits of guest-physical address; <c>null</c> where none has.</summary>
    public static GStageMode? Reaching(Architecture architecture, ulong bits)
    {
        foreach (GStageMode mode in All)
        {
            if (mode.Wide == (architecture == Architecture.Riscv64) && bits <= mode.GpaBits)
            {
                return mode;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
