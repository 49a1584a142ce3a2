namespace KvmSpec.Model;

/// <summary>A created vCPU: it counts and keeps its id until the VM ends, open or closed.</summary>
/// <param name="Id">What KVM_CREATE_VCPU was given.</param>
/// <param name="HasRun">True once KVM_RUN did its first-run work.</param>
/// <param name="MpState">What KVM_GET_MP_STATE answers.</param>
public readonly record struct Vcpu(uint Id, bool HasRun, byte MpState) : IKeyed
{
    public uint Key => Id;
}

/// <summary>A device made by KVM_CREATE_DEVICE.</summary>
/// <param name="Type">Its KVM_DEV_TYPE.</param>
/// <param name="Instance">Its number among those of the type.</param>
public readonly record struct Device(ushort Type, ushort Instance) : IKeyed
{
    public uint Key => ((uint)Type << 16) | Instance;
}

/// <summary>A guest_memfd file while its descriptor is open.</summary>
/// <param name="Number">Its number in the VM.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Flags">What it was created with.</param>
public readonly record struct GuestMemory(uint Number, ulong Size, ulong Flags) : IKeyed
{
    public uint Key => Number;
}

/// <summary>A range of guest-physical addresses backed by user memory.</summary>
public sealed record Memslot : IKeyed
{
    /// <summary>Address space in the upper 16 bits, slot id in the lower.</summary>
    public required uint Key { get; init; }

    /// <summary>First guest-physical address, in bytes.</summary>
    public required ulong Gpa { get; init; }

    /// <summary>Length in bytes.</summary>
    public required ulong Size { get; init; }

    /// <summary>The user address behind the first byte.</summary>
    public required ulong UserAddress { get; init; }

    public required uint Flags { get; init; }

    /// <summary>True where the slot has a dirty bitmap.</summary>
    public bool Logged { get; init; }

    /// <summary>The dirty bits of the first 64 pages.</summary>
    public ulong Dirty { get; init; }

    /// <summary>The guest_memfd behind it plus one; 0 where there is none or its file was closed.</summary>
    public uint Memory { get; init; }

    /// <summary>Where in the guest_memfd it begins, in bytes.</summary>
    public ulong MemoryOffset { get; init; }

    public uint AddressSpace => Key >> 16;

    public ulong Pages => Size / Vm.PageSize;

    /// <summary>True where the two ranges share a page.</summary>
    public bool Overlaps(ulong gpa, ulong size) => Gpa < gpa + size && gpa < Gpa + Size;
}

/// <summary>What an architecture keeps of a VM beside the common part.</summary>
public abstract record ArchitectureState;

/// <summary>A virtual machine as far as later calls can tell it from another.</summary>
public sealed record Vm : IKeyed, IEquatable<Vm>
{
    /// <summary>Bytes of a page on all modelled architectures.</summary>
    public const ulong PageSize = 4096;

    /// <summary>What stands for the VM of a descriptor that has none.</summary>
    public static readonly Vm None = new() { Key = uint.MaxValue };

    /// <summary>Its number in the sequence's world.</summary>
    public required uint Key { get; init; }

    /// <summary>What KVM_CREATE_VM was given.</summary>
    public ulong Type { get; init; }

    /// <summary>True where every ioctl answers EIO.</summary>
    public bool Dead { get; init; }

    /// <summary>All vCPUs ever created: closing one removes nothing.</summary>
    public Chain<Vcpu>? Vcpus { get; init; }

    /// <summary>How many vCPUs it may have, where its devices allow fewer than the host; 0 otherwise.</summary>
    public uint MaxVcpus { get; init; }

    public Chain<Memslot>? Memslots { get; init; }

    /// <summary>Devices that exist: for some types closing the descriptor ends them.</summary>
    public Chain<Device>? Devices { get; init; }

    /// <summary>guest_memfd files whose descriptor is open.</summary>
    public Chain<GuestMemory>? Memory { get; init; }

    /// <summary>Bytes of each vCPU's dirty ring; 0 where there is none.</summary>
    public uint DirtyRing { get; init; }

    /// <summary>True where the dirty ring is accompanied by bitmaps.</summary>
    public bool RingWithBitmap { get; init; }

    /// <summary>KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2's bits in force.</summary>
    public byte ManualDirtyLog { get; init; }

    public ArchitectureState? Architecture { get; init; }

    public bool HasVcpus => Vcpus is not null;
}
