namespace KvmSpec.Model.X86;

/// <summary>Where the VM's interrupt controllers live.</summary>
public enum Irqchip : byte
{
    /// <summary>In userspace.</summary>
    None,

    /// <summary>All in the kernel: KVM_CREATE_IRQCHIP.</summary>
    Kernel,

    /// <summary>The local APICs in the kernel, the rest in userspace: KVM_CAP_SPLIT_IRQCHIP.</summary>
    Split,
}

/// <summary>What an x86 VM keeps that later calls can tell.</summary>
public sealed record X86State : ArchitectureState
{
    public static readonly X86State New = new();

    public Irqchip Irqchip { get; init; }

    /// <summary>True once the PIT exists.</summary>
    public bool Pit { get; init; }

    /// <summary>KVM_CAP_MAX_VCPU_ID's value; 0 while nobody has set one and no vCPU was created.</summary>
    public uint MaxVcpuIds { get; init; }

    /// <summary>The vCPU that starts the VM.</summary>
    public uint BootCpu { get; init; }

    /// <summary>Nanoseconds of an APIC bus cycle.</summary>
    public ulong BusCycle { get; init; } = 1;

    /// <summary>Where the task state segment's slot lies plus one, on hosts that need one; 0 where none was set.</summary>
    public ulong TaskState { get; init; }

    /// <summary>The address that KVM_SET_IDENTITY_MAP_ADDR chose; 0 is the default.</summary>
    public ulong IdentityMap { get; init; }

    /// <summary>True once a vCPU brought the identity map's slot, on hosts that need one.</summary>
    public bool IdentityMapSlot { get; init; }

    /// <summary>True once a vCPU brought the slot over the APIC's registers, on hosts that have one.</summary>
    public bool ApicSlot { get; init; }

    /// <summary>The same for hosts where a PIT stands in the way.</summary>
    public bool AvicSlot { get; init; }

    /// <summary>
    /// True where the slot over the APIC's registers was made in the first address space, but not in the second: every
    /// later attempt finds it there.
    /// </summary>
    public bool ApicSlotHalfMade { get; init; }

    /// <summary>The state of an x86 VM.</summary>
    public static X86State Of(in Node n) => n.Vm.Architecture as X86State ?? New;

    /// <summary>The world with this VM's x86 state changed.</summary>
    public static World Change(in Node n, X86State state) => n.With(n.Vm with { Architecture = state });
}
