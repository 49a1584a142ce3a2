namespace KvmSpec.Model.Riscv.Walks;

/// <summary>The layout of vsatp.</summary>
public static class Satp
{
    private const int ModeShift64 = 60;
    private const int ModeShift32 = 31;

    /// <summary>The register of a mode and a root's page number, with address-space number 0.</summary>
    public static ulong Word(TranslationMode mode, ulong ppn)
    {
        ArgumentNullException.ThrowIfNull(mode);
        return ((ulong)mode.Code << (mode.Xlen == Xlen.Rv32 ? ModeShift32 : ModeShift64)) | ppn;
    }

    /// <summary>The mode and the root's page number of a register; no mode where it is reserved.</summary>
    public static (TranslationMode? Mode, ulong Ppn) Read(Xlen xlen, ulong word)
    {
        ulong code = xlen == Xlen.Rv32 ? word >> ModeShift32 & 1 : word >> ModeShift64;
        return (TranslationMode.VsStage(xlen).FirstOrDefault(m => (ulong)m.Code == code), word & ((1UL << Hgatp.PpnBits(xlen)) - 1));
    }
}

/// <summary>The bits of status and configuration registers that walks depend on.</summary>
public static class StatusBits
{
    /// <summary>SUM of sstatus and vsstatus.</summary>
    public const ulong Sum = 1UL << 18;

    /// <summary>MXR of sstatus and vsstatus.</summary>
    public const ulong Mxr = 1UL << 19;

    /// <summary>ADUE of menvcfg and henvcfg.</summary>
    public const ulong Adue = 1UL << 61;

    /// <summary>PBMTE of menvcfg and henvcfg.</summary>
    public const ulong Pbmte = 1UL << 62;
}
