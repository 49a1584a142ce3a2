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

    /// <summary>True where it is known what is mapped in a range.</summary>
    public static bool Known(ulong address, ulong size) => address >= KnownStart && address <= KnownEnd && size <= KnownEnd - address;

    /// <summary>True where a range has a page of the memory that cannot be written.</summary>
    public static bool TouchesReadOnly(ulong address, ulong size) =>
        address < ReadOnlyStart + ReadOnlyLength && ReadOnlyStart < address + size;
}
