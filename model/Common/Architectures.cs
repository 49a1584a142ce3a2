using System.Collections.Immutable;

namespace KvmSpec.Model.Common;

/// <summary>
/// What an architecture puts into the common lists: the places where kvm_main.c calls into it, in data.
/// </summary>
public sealed record ArchitecturePart
{
    public required Architecture Architecture { get; init; }

    /// <summary>What a VM answers to an ioctl nobody knows.</summary>
    public required Errno UnknownOnVm { get; init; }

    /// <summary>Which types KVM_CREATE_VM refuses.</summary>
    public required ImmutableArray<Rule> CreateVm { get; init; }

    /// <summary>Types of VM that are interesting beside those of all architectures.</summary>
    public ImmutableArray<Sample> VmTypes { get; init; } = [];

    /// <summary>What a new VM keeps for the architecture.</summary>
    public required ArchitectureState NewVm { get; init; }

    /// <summary>kvm_arch_vcpu_precreate and what can refuse after it.</summary>
    public required ImmutableArray<Rule> CreateVcpu { get; init; }

    /// <summary>What creating a vCPU changes beside the vCPU itself; takes the VM and the largest number of vCPU ids.</summary>
    public required Func<Vm, uint, Vm> AfterVcpu { get; init; }

    /// <summary>The mp_state a new vCPU has.</summary>
    public required Func<Vm, uint, byte> NewMpState { get; init; }

    /// <summary>Memory that the kernel itself occupies in the guest: refused to memslots right after other slots'.</summary>
    public ImmutableArray<Rule> ReservedMemory { get; init; } = [];

    /// <summary>kvm_arch_prepare_memory_region, for creating, moving and flags.</summary>
    public required ImmutableArray<Rule> PrepareMemory { get; init; }

    /// <summary>Guest-physical addresses beside the common ones that decide memslots otherwise than their neighbours.</summary>
    public ImmutableArray<Sample> MemslotGpas { get; init; } = [];

    /// <summary>True where the architecture can have guest_memfd files.</summary>
    public bool GuestMemory { get; init; } = true;

    /// <summary>True where the architecture can have VFIO devices.</summary>
    public bool Vfio { get; init; } = true;

    /// <summary>What the architecture's CPUs demand of a dirty ring's size beside the common bounds.</summary>
    public ImmutableArray<Rule> DirtyRingSizes { get; init; } = [];

    /// <summary>True where a dirty ring can be accompanied by bitmaps.</summary>
    public required bool RingWithBitmap { get; init; }

    /// <summary>What KVM_ENABLE_CAP on a VM checks before the architecture's own cases.</summary>
    public required ImmutableArray<Rule> EnableCapPrefix { get; init; }

    /// <summary>What KVM_GET_MP_STATE does once the vCPU is found.</summary>
    public required ImmutableArray<Rule> GetMpState { get; init; }

    /// <summary>What KVM_SET_MP_STATE checks after reading the struct, its acceptance at the end.</summary>
    public required ImmutableArray<Rule> SetMpState { get; init; }

    /// <summary>What KVM_RUN checks, with immediate_exit and without.</summary>
    public required ImmutableArray<Rule> Run { get; init; }

    /// <summary>The architecture's capabilities: those whose answer is not 0.</summary>
    public required ImmutableArray<Extension> Extensions { get; init; }

    /// <summary>The architecture's own operations.</summary>
    public required ImmutableArray<Operation> Operations { get; init; }

    public required ImmutableDictionary<Limit, Bound> Limits { get; init; }
}
