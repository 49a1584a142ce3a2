using KvmSpec.Model;
using KvmSpec.Model.Common;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// Memory for one argument, in which every behaviour of a pointer has an address: fine, read-only, unmapped, and fine
/// for the first bytes only. The same pages are mapped twice, so that read-only memory can still be filled.
/// </summary>
internal sealed unsafe class CallMemory : IDisposable
{
    private const int Page = (int)Vm.PageSize;
    private const int Length = UserMemory.PointerReach;

    private readonly byte* writable;
    private readonly byte* readOnly;

    public CallMemory()
    {
        int file = Libc.MemoryFile("kvmspec", 1);
        if (file < 0 || Libc.Truncate(file, Length) != 0)
        {
            throw new TargetException("cannot make memory for arguments (memfd_create)");
        }

        writable = Mapped(file, Libc.ProtReadWrite);
        readOnly = Mapped(file, Libc.ProtRead);
        Libc.Close(file);
    }

    /// <summary>Where the bytes lie that a pointer of that behaviour shows: fill and read back here.</summary>
    public byte* Bytes(Pointer pointer) => pointer.Kind == PointerKind.FaultsAfter ? writable + Length - pointer.Length : writable;

    /// <summary>The address to hand to the kernel.</summary>
    public byte* Address(Pointer pointer) => pointer.Kind switch
    {
        PointerKind.Unmapped => writable + Length,
        PointerKind.ReadOnly => readOnly,
        _ => Bytes(pointer),
    };

    /// <summary>How many bytes there are before the fault.</summary>
    public static int Room(Pointer pointer) => pointer.Kind switch
    {
        PointerKind.Unmapped => 0,
        PointerKind.FaultsAfter => Math.Min((int)pointer.Length, Length),
        _ => Length,
    };

    public void Dispose()
    {
        _ = Libc.Unmap(writable, Length + Page);
        _ = Libc.Unmap(readOnly, Length + Page);
    }

    /// <summary>The file's pages with one that is not accessible behind them.</summary>
    private static byte* Mapped(int file, int protection)
    {
        void* room = Libc.Map(null, Length + Page, Libc.ProtNone, Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve, -1, 0);
        if (room == Libc.MapFailed || Libc.Map(room, Length, protection, Libc.MapShared | 0x10, file, 0) == Libc.MapFailed)
        {
            throw new TargetException("cannot map memory for arguments");
        }

        return (byte*)room;
    }
}
