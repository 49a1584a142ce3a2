namespace KvmSpec.Model.Riscv.Walks;

/// <summary>A guest virtual address: what the VS-stage translates.</summary>
/// <param name="Value">The address, zero-extended where XLEN is 32.</param>
public readonly record struct Gva(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>A guest physical address: what the VS-stage gives and the G-stage translates.</summary>
/// <param name="Value">The address; with vsatp Bare it may have any of 64 bits set.</param>
public readonly record struct Gpa(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>A supervisor physical address: what the G-stage gives and memory knows.</summary>
/// <param name="Value">The address.</param>
public readonly record struct Spa(ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"0x{Value:x}";
}

/// <summary>The page and the bits that every paged scheme shares.</summary>
public static class Paging
{
    /// <summary>Bits of an address that are within a page.</summary>
    public const int OffsetBits = 12;

    /// <summary>Bytes of a page.</summary>
    public const ulong PageSize = 1UL << OffsetBits;

    /// <summary>Bits by which a root page table of the G-stage is indexed more widely than others.</summary>
    public const int RootExtraBits = 2;

    /// <summary>Bytes of a root page table of the G-stage, and its alignment.</summary>
    public const ulong GStageRootSize = PageSize << RootExtraBits;
}
