namespace KvmSpec.Model.Common;

/// <summary>
/// The user memory that every target maps at the same place before a sequence, so that user addresses are plain numbers
/// in calls, vectors and reports. It lies below 256 GiB, where every modelled architecture lets a process map.
/// </summary>
public static class UserMemory
{
    /// <summary>The first address: readable and writable.</summary>
    public const ulong Start = 0x10_0000_0000;

    /// <summary>Bytes.</summary>
    public const ulong Length = 0x100_0000;

    /// <summary>How many bytes a pointer that is fine leads to; the page after them is not mapped.</summary>
    public const int PointerReach = 65536;
}
