using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KvmSpec.Model;
using KvmSpec.Model.Common;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// This machine's own /dev/kvm. A call allocates nothing; after every sequence, also one that was broken off, all its
/// mappings are gone and its descriptors are handed to threads that close them: <see cref="Settle"/> waits for those. What every
/// sequence begins with, /dev/kvm and /dev/null, keeps nothing of those before and is opened anew only where one closed it.
/// </summary>
public sealed unsafe class LocalTarget : ITarget
{
    public const string Device = "/dev/kvm";

    private const string Null = "/dev/null";
    private const int NamesOfAKind = 256;
    private const string OfKvm = "anon_inode:kvm";
    private const string OfGuestMemory = "/[kvm-gmem]";

    private static readonly Handle Foreign = new(DescriptorKind.Foreign, 0);

    private readonly int[] descriptors = new int[Handle.Kinds * NamesOfAKind];
    private readonly byte*[] runPages = new byte*[NamesOfAKind];
    private readonly int[] used = new int[Handle.Kinds * NamesOfAKind];
    private readonly CallMemory argument = new();
    private readonly CallMemory pointee = new();
    private readonly MemslotMemory memslots = LocalHost.Memslots();
    private readonly Closer closer = new();
    private int usedCount;
    private int spare = -1;
    private bool disposed;

    public LocalTarget()
    {
        Array.Fill(descriptors, -1);
        int kvm = Libc.Open(Device, Libc.ReadWrite | Libc.CloseOnExec);
        if (kvm < 0)
        {
            throw new TargetException(WhyNot((Errno)Marshal.GetLastPInvokeError()));
        }

        _ = Libc.Close(kvm);
        try
        {
            MapUserMemory(UserMemory.Start, UserMemory.Length, Libc.ProtReadWrite);
            MapUserMemory(UserMemory.ReadOnlyStart, UserMemory.ReadOnlyLength, Libc.ProtRead);
            spare = Opened(Null);
            Host = LocalHost.Probe(Execute);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name => "local";

    public Host Host { get; }

    /// <summary>Why /dev/kvm cannot be used, with the command that would change it.</summary>
    public static string WhyNot(Errno errno) => errno switch
    {
        Errno.EACCES => $"{Device}: permission denied; sudo setfacl -m u:$USER:rw {Device} grants access",
        Errno.ENOENT => $"{Device}: not there; sudo modprobe kvm_intel or kvm_amd brings it where the CPU can virtualize",
        _ => $"{Device}: cannot be opened ({errno})",
    };

    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
    {
        memslots.Begin();
        try
        {
            OpenUnlessOpen(Handle.Kvm, Device);
            OpenUnlessOpen(Foreign, Null);
            for (int i = 0; i < calls.Length; i++)
            {
                Make(calls[i], ref observed[i]);
            }
        }
        finally
        {
            CloseAll();
            if (memslots.IsMuch)
            {
                Settle();
            }
        }
    }

    /// <summary>Waits until nothing is left of the sequences so far.</summary>
    public void Settle() => closer.Drain();

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            CloseAll();
            Release(Index(Handle.Kvm));
            Release(Index(Foreign));
            closer.Dispose();
            _ = Libc.Close(spare);
            argument.Dispose();
            pointee.Dispose();
            _ = Libc.Unmap((void*)UserMemory.Start, (nuint)UserMemory.Length);
            _ = Libc.Unmap((void*)UserMemory.ReadOnlyStart, (nuint)UserMemory.ReadOnlyLength);
        }
    }

    private static void MapUserMemory(ulong start, ulong length, int protection)
    {
        void* memory = Libc.Map((void*)start, (nuint)length, protection,
            Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve | Libc.MapFixedNoReplace, -1, 0);
        if (memory != (void*)start)
        {
            throw new TargetException($"user memory cannot be mapped at 0x{start:x}: something else lies there");
        }
    }

    internal static int Opened(string path)
    {
        int opened = Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec);
        return opened >= 0 ? opened : throw new TargetException($"{path}: {(Errno)Marshal.GetLastPInvokeError()}");
    }

    private void OpenUnlessOpen(Handle handle, string path)
    {
        ref int descriptor = ref descriptors[Index(handle)];
        if (descriptor >= 0)
        {
            return;
        }

        descriptor = Libc.Open(path, Libc.ReadWrite | Libc.CloseOnExec);
        if (descriptor < 0)
        {
            // What is being closed may be what it lacks.
            Settle();
            descriptor = Opened(path);
        }
    }

    private void Make(in Call call, ref Observation observed)
    {
        observed = default;
        observed.After = call.Words;
        int descriptor = descriptors[Index(call.On)];
        if (call.Operation.Ioctl is not { } ioctl)
        {
            Close(call.On, ref observed);
            return;
        }

        bool raw = ioctl == Model.Uapi.Raw.Ioctl;
        bool runs = ioctl == Model.Uapi.Ioctls.Run.Ioctl;
        if (descriptor >= 0 && (runs || raw) && ((runs && call[Model.Uapi.Ioctls.Run.ImmediateExit] == 0) || !MapRunPage(call.On)))
        {
            observed.Ending = Ending.NotMade;
            return;
        }

        if (!memslots.Allows(call))
        {
            observed.Ending = Ending.Spared;
            return;
        }

        nuint value = ioctl.TakesPointer ? (nuint)argument.Address(call.Argument) : (nuint)call.Words[0];
        if (ioctl.Fields.Length > 1 || ioctl.TakesPointer)
        {
            Fill(call, ioctl);
        }

        int result = Libc.Ioctl(descriptor, raw ? (nuint)call[Model.Uapi.Raw.Request] : (nuint)ioctl.Request.Value, value);
        observed.Errno = result < 0 ? Libc.LastErrno : Errno.None;
        if (ioctl.TakesPointer)
        {
            ReadBack(call, ioctl, ref observed);
        }

        if (call.Operation.Creates is null || ioctl.DescriptorField is not null)
        {
            observed.Result = Math.Max(result, 0);
        }
        else if (result >= 0)
        {
            observed.Descriptor = true;
            Created(call.As, result);
        }

        if (ioctl.DescriptorField is { } field && (result >= 0 || observed.Errno == Errno.EFAULT))
        {
            CreatedInside(call, field, result >= 0, ref observed);
        }
    }

    /// <summary>
    /// Maps a vCPU's run page before the first call that may be KVM_RUN, also one by number alone, so that none of them runs a
    /// guest. False where it cannot be mapped.
    /// </summary>
    private bool MapRunPage(Handle handle)
    {
        if (handle.Kind != DescriptorKind.Vcpu || runPages[handle.Number] != null)
        {
            return true;
        }

        void* page = Libc.Map(null, (nuint)Host.VcpuMapSize, Libc.ProtReadWrite, Libc.MapShared, descriptors[Index(handle)], 0);
        if (page == Libc.MapFailed)
        {
            return false;
        }

        runPages[handle.Number] = (byte*)page;
        runPages[handle.Number][Model.Uapi.Ioctls.Run.ImmediateExit.Offset] = 1;
        return true;
    }

    private void Close(Handle handle, ref Observation observed)
    {
        int descriptor = descriptors[Index(handle)];
        if (descriptor < 0)
        {
            observed.Errno = Errno.EBADF;
            return;
        }

        UnmapRunPage(handle);
        descriptors[Index(handle)] = -1;
        observed.Errno = Libc.Close(descriptor) < 0 ? (Errno)Marshal.GetLastPInvokeError() : Errno.None;
    }

    private void Fill(in Call call, Ioctl ioctl)
    {
        if (ioctl.TakesPointer)
        {
            int room = Math.Min(ioctl.Size, CallMemory.Room(call.Argument));
            new Span<byte>(argument.Bytes(call.Argument), room).Clear();
        }

        foreach (Field field in ioctl.Fields)
        {
            switch (field.Place)
            {
                case Place.Struct:
                    Put(argument, call.Argument, field, Number(call, field));
                    break;
                case Place.Pointee:
                    Put(pointee, Pointer.Of(call[field.Through!]), field, Number(call, field));
                    break;
                case Place.RunPage:
                    if (call.On.Kind == DescriptorKind.Vcpu && runPages[call.On.Number] is var page && page != null)
                    {
                        page[field.Offset] = (byte)call[field];
                    }

                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The number that the kernel sees: a pointer's address, a handle's descriptor, or the word itself.</summary>
    private ulong Number(in Call call, Field field) => field.Meaning switch
    {
        Meaning.Pointer => (ulong)pointee.Address(Pointer.Of(call[field])),
        Meaning.Descriptor => Handle.TryFrom(call[field], out Handle handle) ? (uint)descriptors[Index(handle)] : (uint)call[field],
        _ => call[field],
    };

    private static void Put(CallMemory memory, Pointer pointer, Field field, ulong number)
    {
        byte* bytes = memory.Bytes(pointer) + field.Offset;
        if (CallMemory.Room(pointer) < field.Offset + field.Width)
        {
            return;
        }

        switch (field.Width)
        {
            case 8: Unsafe.WriteUnaligned(bytes, number); break;
            case 4: Unsafe.WriteUnaligned(bytes, (uint)number); break;
            case 2: Unsafe.WriteUnaligned(bytes, (ushort)number); break;
            default: *bytes = (byte)number; break;
        }
    }

    private void ReadBack(in Call call, Ioctl ioctl, ref Observation observed)
    {
        foreach (Field field in ioctl.Fields)
        {
            (CallMemory? memory, Pointer pointer) = field.Place switch
            {
                Place.Struct => (argument, call.Argument),
                Place.Pointee => (pointee, Pointer.Of(call[field.Through!])),
                _ => (null, default),
            };
            if (memory is null || CallMemory.Room(pointer) < field.Offset + field.Width)
            {
                continue;
            }

            ulong after = Get(memory, pointer, field);
            if (after != (Number(call, field) & field.Mask))
            {
                observed.After[field.Index] = after;
            }
        }
    }

    private static ulong Get(CallMemory memory, Pointer pointer, Field field)
    {
        byte* bytes = memory.Bytes(pointer) + field.Offset;
        return field.Width switch
        {
            8 => Unsafe.ReadUnaligned<ulong>(bytes),
            4 => Unsafe.ReadUnaligned<uint>(bytes),
            2 => Unsafe.ReadUnaligned<ushort>(bytes),
            _ => *bytes,
        };
    }

    /// <summary>
    /// A descriptor that came inside a struct. Where the struct could not be written back the descriptor may be open all
    /// the same: then the table of open descriptors tells.
    /// </summary>
    private void CreatedInside(in Call call, Field field, bool told, ref Observation observed)
    {
        int made = -1;
        if (told && observed.After[field.Index] != call[field])
        {
            made = (int)observed.After[field.Index];
        }
        else if (!told && call.Argument.Kind == PointerKind.ReadOnly)
        {
            made = Stray();
        }

        if (made >= 0)
        {
            observed.After[field.Index] = call[field];
            observed.Descriptor = true;
            Created(call.As, made);
        }
    }

    /// <summary>A descriptor of KVM's that no handle stands for; those of sequences before have to be gone first.</summary>
    private int Stray()
    {
        Settle();
        // The table is read through a descriptor, which the sequence may have left no room for.
        _ = Libc.Close(spare);
        try
        {
            return StrayOf(Directory.EnumerateFileSystemEntries("/proc/self/fd"));
        }
        finally
        {
            spare = Opened(Null);
        }
    }

    private int StrayOf(IEnumerable<string> entries)
    {
        foreach (string entry in entries)
        {
            string? link = File.ResolveLinkTarget(entry, false)?.ToString();
            if (link is not null && (link.Contains(OfKvm, StringComparison.Ordinal) || link.Contains(OfGuestMemory, StringComparison.Ordinal))
                && int.TryParse(Path.GetFileName(entry), out int number) && Array.IndexOf(descriptors, number) < 0)
            {
                return number;
            }
        }

        return -1;
    }

    private void Created(Handle handle, int descriptor)
    {
        int before = descriptors[Index(handle)];
        if (before >= 0)
        {
            UnmapRunPage(handle);
            _ = Libc.Close(before);
        }

        Bind(handle, descriptor);
    }

    private void Bind(Handle handle, int descriptor)
    {
        int index = Index(handle);
        descriptors[index] = descriptor;
        if (usedCount < used.Length)
        {
            used[usedCount++] = index;
        }
    }

    private void UnmapRunPage(Handle handle)
    {
        if (handle.Kind == DescriptorKind.Vcpu && runPages[handle.Number] is var page && page != null)
        {
            _ = Libc.Unmap(page, (nuint)Host.VcpuMapSize);
            runPages[handle.Number] = null;
        }
    }

    private void CloseAll()
    {
        if (usedCount == used.Length)
        {
            usedCount = 0;
            foreach (int index in Enumerable.Range(0, descriptors.Length).Where(i => descriptors[i] >= 0 && i != Index(Handle.Kvm) && i != Index(Foreign)))
            {
                used[usedCount++] = index;
            }
        }

        for (int i = usedCount - 1; i >= 0; i--)
        {
            Release(used[i]);
        }

        usedCount = 0;
    }

    private void Release(int index)
    {
        if (descriptors[index] >= 0)
        {
            UnmapRunPage(new Handle((DescriptorKind)(index / NamesOfAKind), (byte)(index % NamesOfAKind)));
            closer.Close(descriptors[index]);
            descriptors[index] = -1;
        }
    }

    private static int Index(Handle handle) => ((int)handle.Kind * NamesOfAKind) + handle.Number;
}
