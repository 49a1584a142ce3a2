using System.Runtime.InteropServices;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>The system calls that the local target makes. ioctl is variadic; a fixed prototype is right on 64-bit Linux.</summary>
internal static unsafe partial class Libc
{
    public const int ReadWrite = 2;
    public const int CloseOnExec = 0x80000;
    public const int ProtNone = 0;
    public const int ProtRead = 1;
    public const int ProtReadWrite = 3;
    public const int MapShared = 1;
    public const int MapPrivate = 2;
    public const int MapFixedNoReplace = 0x100000;
    public const int MapAnonymous = 0x20;
    public const int MapNoReserve = 0x4000;
    public const int OpenFiles = 7;

    public static readonly void* MapFailed = (void*)-1;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    /// <summary>Leaves errno where it is, so that a call which succeeds pays for none: <see cref="LastErrno"/>.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl")]
    public static partial int Ioctl(int descriptor, nuint request, nuint argument);

    /// <summary>The errno of an ioctl that failed just before: the runtime keeps it until the next system call of ours.</summary>
    public static Errno LastErrno => (Errno)Marshal.GetLastSystemError();

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial void* Map(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    public static partial int Protect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MemoryFile(string name, uint flags);

    /// <summary>getrlimit(2): the limit that holds and the one that it may be raised to.</summary>
    [LibraryImport("libc", EntryPoint = "getrlimit")]
    public static partial int Limit(int resource, ulong* limits);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    public static partial int Truncate(int descriptor, nint length);
}
