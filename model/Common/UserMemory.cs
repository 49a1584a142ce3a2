namespace KvmSpec.Model.Common;

/// <summary>
/// The user memory that every target maps at the same places before a sequence, so that user addresses are plain numbers
/// in calls, vectors and reports. It lies below 256 GiB, where every modelled architecture lets a process map.
/// </summary>
public static class UserMemory
{
    /// <summary>The first address: readable and writable.</summary>
    public const ulong Start = 0x10_0000_0000;

    /// <summary>Bytes.</summary>
    public const ulong Length = 0x100_0000;

    /// <summary>The first address of memory that can be read and not written.</summary>
    public const ulong ReadOnlyStart = 0x10_1000_0000;

    /// <summary>Bytes.</summary>
    public const ulong ReadOnlyLength = 0x1_0000;

    /// <summary>Around both, nothing else is mapped from here on.</summary>
    public const ulong KnownStart = 0xc_0000_0000;

    /// <summary>What lies from here on depends on the process.</summary>
    public const ulong KnownEnd = 0x20_0000_0000;

    /// <summary>How many bytes a pointer that is fine leads to; the page after them is not mapped.</summary>
    public const int PointerReach = 65536;

    /// <summary>
    /// A process whose unsigned long has 32 bits has no such addresses: those around both memories go out lowered by this.
    /// There they lie above a program that is linked low and below libraries.
    /// </summary>
    private const ulong Lowered = 0xf_c000_0000;

    /// <summary>From here on user addresses are lowered.</summary>
    private const ulong LoweredStart = 0xf_fc00_0000;

    /// <summary>The first user address that is lowered no more.</summary>
    private const ulong LoweredEnd = 0x10_2000_0000;

    /// <summary>A user address as processes of an architecture write it.</summary>
    public static ulong Spelled(Architecture architecture, ulong address) =>
        architecture.HasNarrowLong() && address is >= LoweredStart and < LoweredEnd ? address - Lowered : address;

    /// <summary>True where it is known what is mapped in a range, its address as a process writes it.</summary>
    public static bool Known(Architecture architecture, ulong address, ulong size)
    {
        (ulong start, ulong end) = architecture.HasNarrowLong() ? (LoweredStart - Lowered, LoweredEnd - Lowered) : (KnownStart, KnownEnd);
        return address >= start && address <= end && size <= end - address;
    }

    /// <summary>True where a range, its address as a process writes it, has a page of the memory that cannot be written.</summary>
    public static bool TouchesReadOnly(Architecture architecture, ulong address, ulong size)
    {
        ulong start = Spelled(architecture, ReadOnlyStart);
        return address < start + ReadOnlyLength && start < address + size;
    }
}
