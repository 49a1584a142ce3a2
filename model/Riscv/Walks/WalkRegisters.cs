namespace KvmSpec.Model.Riscv.Walks;

/// <summary>Who sets A and D.</summary>
public enum AdScheme
{
    /// <summary>Svadu: ADUE says whether hardware sets them or a page fault asks software to.</summary>
    Svadu,

    /// <summary>Svade: always software.</summary>
    Svade,

    /// <summary>Neither extension: always hardware.</summary>
    Unnamed,
}

/// <summary>The extensions that give PTE bits a meaning.</summary>
public sealed record PteExtensions
{
    /// <summary>N marks 64 KiB pages.</summary>
    public bool Svnapot { get; init; }

    /// <summary>Bits 62:61 are a memory type, where PBMTE is set.</summary>
    public bool Svpbmt { get; init; }

    /// <summary>Bits 60:59 are software's.</summary>
    public bool Svrsw60t59b { get; init; }

    public AdScheme Ad { get; init; }
}

/// <summary>Everything but tables and the access that a translation depends on.</summary>
public sealed record WalkRegisters
{
    /// <summary>The G-stage's mode and root.</summary>
    public required Hgatp Hgatp { get; init; }

    /// <summary>The VS-stage's mode.</summary>
    public required TranslationMode VsMode { get; init; }

    /// <summary>The VS-stage's root, a guest physical page number.</summary>
    public ulong VsPpn { get; init; }

    public PteExtensions Extensions { get; init; } = new();

    /// <summary>menvcfg.PBMTE.</summary>
    public bool MenvcfgPbmte { get; init; }

    /// <summary>menvcfg.ADUE.</summary>
    public bool MenvcfgAdue { get; init; }

    /// <summary>henvcfg.PBMTE; it reads as zero while menvcfg's is.</summary>
    public bool HenvcfgPbmte { get; init; }

    /// <summary>henvcfg.ADUE; it reads as zero while menvcfg's is.</summary>
    public bool HenvcfgAdue { get; init; }

    /// <summary>MXR of HS-level sstatus.</summary>
    public bool SstatusMxr { get; init; }

    /// <summary>MXR of vsstatus.</summary>
    public bool VsstatusMxr { get; init; }

    /// <summary>SUM of vsstatus; that of HS-level sstatus plays no part.</summary>
    public bool VsstatusSum { get; init; }

    public Xlen Xlen => Hgatp.Mode.Xlen;

    /// <summary>True where the G-stage honours PBMT.</summary>
    public bool GPbmt => Extensions.Svpbmt && MenvcfgPbmte;

    /// <summary>True where the VS-stage honours PBMT.</summary>
    public bool VsPbmt => GPbmt && HenvcfgPbmte;

    /// <summary>True where hardware sets A and D in G-stage entries.</summary>
    public bool GUpdates => Extensions.Ad == AdScheme.Unnamed || (Extensions.Ad == AdScheme.Svadu && MenvcfgAdue);

    /// <summary>True where hardware sets A and D in VS-stage entries.</summary>
    public bool VsUpdates => Extensions.Ad == AdScheme.Unnamed || (Extensions.Ad == AdScheme.Svadu && MenvcfgAdue && HenvcfgAdue);
}
