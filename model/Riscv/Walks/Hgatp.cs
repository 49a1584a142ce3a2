namespace KvmSpec.Model.Riscv.Walks;

/// <summary>What hgatp holds: the mode, the virtual machine's number and the root table.</summary>
/// <param name="Mode">How guest physical addresses are translated.</param>
/// <param name="Vmid">The virtual machine; no part of a walk.</param>
/// <param name="Ppn">The root's page number.</param>
public readonly record struct Hgatp(TranslationMode Mode, ulong Vmid, ulong Ppn)
{
    private const int ModeShift64 = 60;
    private const int VmidShift64 = 44;
    private const int ModeShift32 = 31;
    private const int VmidShift32 = 22;

    /// <summary>The most VMID bits there can be.</summary>
    public static int VmidMax(Xlen xlen) => xlen == Xlen.Rv32 ? 7 : 14;

    /// <summary>Bits of the root's page number.</summary>
    public static int PpnBits(Xlen xlen) => xlen == Xlen.Rv32 ? 22 : 44;

    /// <summary>Where the root table begins.</summary>
    public Spa Root => new(Ppn << Paging.OffsetBits);

    /// <summary>The register as it reads.</summary>
    public ulong Word => Mode.Xlen == Xlen.Rv32
        ? ((ulong)Mode.Code << ModeShift32) | (Vmid << VmidShift32) | Ppn
        : ((ulong)Mode.Code << ModeShift64) | (Vmid << VmidShift64) | Ppn;

    /// <summary>The MODE field of a word.</summary>
    public static ulong ModeOf(Xlen xlen, ulong word) => xlen == Xlen.Rv32 ? word >> ModeShift32 & 1 : word >> ModeShift64;

    /// <summary>What the register holds after reset, as far as it matters here: Bare.</summary>
    public static Hgatp Reset(Xlen xlen) => new(TranslationMode.GStage(xlen)[0], 0, 0);

    /// <summary>
    /// What the register holds after a write. It is WARL field by field: a MODE that is not supported does not keep the
    /// other fields from being written.
    /// </summary>
    /// <param name="before">What it held.</param>
    /// <param name="word">What is written.</param>
    /// <param name="implementation">What the machine can do, and how it makes a MODE legal.</param>
    /// <param name="steps">The follower.</param>
    public static Hgatp Write<TSteps>(Hgatp before, ulong word, HgatpImplementation implementation, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        Xlen xlen = before.Mode.Xlen;
        ulong code = ModeOf(xlen, word);
        TranslationMode? asked = implementation.Modes.FirstOrDefault(m => (ulong)m.Code == code);
        TranslationMode mode = steps.Is(WalkClauses.HgatpMode, asked is null)
            ? implementation.UnsupportedModeBecomesBare ? TranslationMode.GStage(xlen)[0] : before.Mode
            : asked ?? before.Mode;
        ulong ppn = word & ((1UL << PpnBits(xlen)) - 1);
        const ulong LowBits = (1UL << Paging.RootExtraBits) - 1;
        if (steps.Is(WalkClauses.HgatpRoot, (ppn & LowBits) != 0 && !mode.IsBare))
        {
            ppn &= ~LowBits;
        }

        ulong written = (xlen == Xlen.Rv32 ? word >> VmidShift32 : word >> VmidShift64) & ((1UL << VmidMax(xlen)) - 1);
        ulong vmid = written & ((1UL << implementation.VmidBits) - 1);
        return new Hgatp(mode, steps.Is(WalkClauses.HgatpVmid, vmid != written) ? vmid : written, ppn);
    }
}

/// <summary>What the manual leaves to an implementation of hgatp.</summary>
/// <param name="Modes">The modes it has; Bare is always among them.</param>
/// <param name="VmidBits">How many bits VMID has, from 0 to <see cref="Hgatp.VmidMax"/>.</param>
/// <param name="UnsupportedModeBecomesBare">What a MODE that is not supported becomes: Bare, or else what it was.</param>
public sealed record HgatpImplementation(IReadOnlyList<TranslationMode> Modes, int VmidBits, bool UnsupportedModeBecomesBare = false)
{
    /// <summary>Everything there is.</summary>
    public static HgatpImplementation Whole(Xlen xlen) => new(TranslationMode.GStage(xlen), Hgatp.VmidMax(xlen));
}
