using System.Collections.Immutable;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>A way to translate that a MODE field selects, with the shape of its tables.</summary>
public sealed record TranslationMode
{
    private TranslationMode(string name, Xlen xlen, int code, int levels, int indexBits, int rootExtraBits, int pteBytes)
    {
        Name = name;
        Xlen = xlen;
        Code = code;
        Levels = levels;
        IndexBits = indexBits;
        RootExtraBits = rootExtraBits;
        PteBytes = pteBytes;
        Width = levels == 0 ? 64 : Paging.OffsetBits + (levels * indexBits) + rootExtraBits;
        mask = (1UL << indexBits) - 1;
        rootMask = (1UL << (indexBits + rootExtraBits)) - 1;
    }

    private readonly ulong mask;
    private readonly ulong rootMask;

    /// <summary>No translation.</summary>
    public static TranslationMode Bare32 { get; } = new("Bare", Xlen.Rv32, 0, 0, 0, 0, 4);

    /// <inheritdoc cref="Bare32"/>
    public static TranslationMode Bare64 { get; } = new("Bare", Xlen.Rv64, 0, 0, 0, 0, 8);

    public static TranslationMode Sv32 { get; } = new("Sv32", Xlen.Rv32, 1, 2, 10, 0, 4);

    public static TranslationMode Sv39 { get; } = new("Sv39", Xlen.Rv64, 8, 3, 9, 0, 8);

    public static TranslationMode Sv48 { get; } = new("Sv48", Xlen.Rv64, 9, 4, 9, 0, 8);

    public static TranslationMode Sv57 { get; } = new("Sv57", Xlen.Rv64, 10, 5, 9, 0, 8);

    public static TranslationMode Sv32x4 { get; } = new("Sv32x4", Xlen.Rv32, 1, 2, 10, Paging.RootExtraBits, 4);

    public static TranslationMode Sv39x4 { get; } = new("Sv39x4", Xlen.Rv64, 8, 3, 9, Paging.RootExtraBits, 8);

    public static TranslationMode Sv48x4 { get; } = new("Sv48x4", Xlen.Rv64, 9, 4, 9, Paging.RootExtraBits, 8);

    public static TranslationMode Sv57x4 { get; } = new("Sv57x4", Xlen.Rv64, 10, 5, 9, Paging.RootExtraBits, 8);

    /// <summary>What hgatp can select, Bare first, then by width.</summary>
    public static ImmutableArray<TranslationMode> GStage(Xlen xlen) =>
        xlen == Xlen.Rv32 ? [Bare32, Sv32x4] : [Bare64, Sv39x4, Sv48x4, Sv57x4];

    /// <summary>What vsatp can select, Bare first, then by width.</summary>
    public static ImmutableArray<TranslationMode> VsStage(Xlen xlen) =>
        xlen == Xlen.Rv32 ? [Bare32, Sv32] : [Bare64, Sv39, Sv48, Sv57];

    /// <summary>The manual's name.</summary>
    public string Name { get; }

    public Xlen Xlen { get; }

    /// <summary>The value of the MODE field.</summary>
    public int Code { get; }

    /// <summary>How many tables lie on the way to a page of 4 KiB; 0 for Bare.</summary>
    public int Levels { get; }

    /// <summary>Address bits that index a table which is not the root.</summary>
    public int IndexBits { get; }

    /// <summary>Address bits that index the root beyond those.</summary>
    public int RootExtraBits { get; }

    /// <summary>Bytes of an entry.</summary>
    public int PteBytes { get; }

    /// <summary>Bits of an address that are translated; 64 for Bare, which looks at none.</summary>
    public int Width { get; }

    public bool IsBare => Levels == 0;

    /// <summary>The entry that an address selects in a table of a level.</summary>
    /// <param name="address">What is translated.</param>
    /// <param name="level">0 is the table of 4 KiB pages, <see cref="Levels"/> - 1 the root.</param>
    public ulong Index(ulong address, int level) =>
        (address >> (Paging.OffsetBits + (level * IndexBits))) & (level == Levels - 1 ? rootMask : mask);

    /// <summary>Address bits below a leaf of a level: 12 for a 4 KiB page.</summary>
    public int LeafBits(int level) => Paging.OffsetBits + (level * IndexBits);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
