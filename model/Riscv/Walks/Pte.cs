using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>
/// A page-table entry. Entries of RV32 are the low half of the same layout: they have no N, no PBMT and no reserved bits.
/// </summary>
/// <param name="Bits">The word as it is in memory.</param>
public readonly record struct Pte(ulong Bits)
{
    public const ulong V = 1 << 0;
    public const ulong R = 1 << 1;
    public const ulong W = 1 << 2;
    public const ulong X = 1 << 3;
    public const ulong U = 1 << 4;
    public const ulong G = 1 << 5;
    public const ulong A = 1 << 6;
    public const ulong D = 1 << 7;
    public const ulong N = 1UL << 63;

    /// <summary>Where the page number begins.</summary>
    public const int PpnShift = 10;

    /// <summary>Bits of the page number on RV64.</summary>
    public const int PpnBits = 44;

    /// <summary>Where the memory type begins.</summary>
    public const int PbmtShift = 61;

    /// <summary>The bits 60:54, which no extension but Svrsw60t59b uses.</summary>
    public const ulong Reserved = 0x7fUL << 54;

    /// <summary>The bits 60:59, which Svrsw60t59b gives to software.</summary>
    public const ulong SoftwareWhereSvrsw60t59b = 0x3UL << 59;

    /// <summary>Pages that a NAPOT entry covers: 16, or 64 KiB.</summary>
    public const int NapotBits = 4;

    /// <summary>What no question looks at: the page number, G and the bits 9:8.</summary>
    private const ulong Ignored = (((1UL << PpnBits) - 1) << PpnShift) | G | (3 << 8);

    public bool IsValid => (Bits & V) != 0;

    public bool IsReadable => (Bits & R) != 0;

    public bool IsWritable => (Bits & W) != 0;

    public bool IsExecutable => (Bits & X) != 0;

    public bool IsUser => (Bits & U) != 0;

    public bool IsAccessed => (Bits & A) != 0;

    public bool IsDirty => (Bits & D) != 0;

    public bool IsNapot => (Bits & N) != 0;

    /// <summary>True where it maps a page; else it points to the next table.</summary>
    public bool IsLeaf => (Bits & (R | W | X)) != 0;

    /// <summary>True where it points to the next table, and nothing is wrong with it unless there is none.</summary>
    public bool IsPlainPointer => (Bits & ~Ignored) == V;

    /// <summary>True where it maps a page of 4 KiB, has these bits, and nothing is special about it.</summary>
    /// <param name="needed">At least V and R, so that W is not without R.</param>
    public bool IsPlainLeaf(ulong needed) => (Bits & needed) == needed && (Bits & ~(Ignored | needed | W | X | D)) == 0;

    /// <summary>The physical page number.</summary>
    public ulong Ppn
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (Bits >> PpnShift) & ((1UL << PpnBits) - 1);
    }

    /// <summary>The memory type: 0 as the PMAs say, 1 NC, 2 IO, 3 reserved.</summary>
    public int Pbmt => (int)(Bits >> PbmtShift) & 3;

    /// <summary>An entry of a page number and flags.</summary>
    public static Pte Of(ulong ppn, ulong flags) => new((ppn << PpnShift) | flags);

    /// <summary>The entry with more bits set.</summary>
    public Pte With(ulong flags) => new(Bits | flags);

    /// <summary>The flags in the order of their bits, for people: <c>DAGUXWRV</c>, absent ones as hyphens.</summary>
    public string Flags
    {
        get
        {
            const string Letters = "VRWXUGAD";
            Span<char> text = stackalloc char[Letters.Length];
            for (int i = 0; i < Letters.Length; i++)
            {
                text[Letters.Length - 1 - i] = (Bits >> i & 1) != 0 ? Letters[i] : '-';
            }

            return new string(text);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"0x{Bits:x}";
}
