namespace KvmSpec.Model.Arm64;

/// <summary>What the in-kernel interrupt controller of a VM keeps that later calls can tell.</summary>
public sealed record VgicState
{
    /// <summary>What an address reads as that nobody has set.</summary>
    public const ulong NoAddress = ulong.MaxValue;

    /// <summary>KVM_VGIC_IMP_REV_LATEST.</summary>
    private const byte LatestImplementation = 3;

    /// <summary>The device type it was made as: 5, 7 or 16.</summary>
    public required ushort Model { get; init; }

    /// <summary>True once it was initialised, by an attribute or lazily.</summary>
    public bool Initialized { get; init; }

    /// <summary>True once the first KVM_RUN of a vCPU found all of it in place.</summary>
    public bool Ready { get; init; }

    /// <summary>Shared interrupts, SPIs; 0 while neither userspace nor the initialisation chose a number.</summary>
    public ushort SharedInterrupts { get; init; }

    /// <summary>Where the distributor lies; <see cref="NoAddress"/> while nobody has said.</summary>
    public ulong Distributor { get; init; } = NoAddress;

    /// <summary>Where the CPU interface of a vGICv2 lies.</summary>
    public ulong CpuInterface { get; init; } = NoAddress;

    /// <summary>Where the redistributors of a vGICv3 lie.</summary>
    public Chain<RedistributorRegion>? Regions { get; init; }

    /// <summary>How many vCPUs have a redistributor: always those that were created first.</summary>
    public uint Redistributors { get; init; }

    /// <summary>The revision that GICD_IIDR tells.</summary>
    public byte Implementation { get; init; } = LatestImplementation;

    /// <summary>The PPIs of a vGICv5 that KVM_IRQ_LINE may drive, bit N for PPI N.</summary>
    public ulong UserspacePpis { get; init; }

    /// <summary>The interrupts of the timers beside a vGICv5; beside older controllers they are not modelled.</summary>
    public TimerInterrupts Timers { get; init; } = TimerInterrupts.OfV5;

    /// <summary>True once a vCPU beside a vGICv5 was about to run with these timers: they can no longer change.</summary>
    public bool TimersFixed { get; init; }
}

/// <summary>A range of guest-physical addresses for redistributors, of 128 KiB each.</summary>
/// <param name="Index">Its number: regions are filled in this order.</param>
/// <param name="Base">The first address.</param>
/// <param name="Count">How many redistributors fit; 0 for the region of KVM_VGIC_V3_ADDR_TYPE_REDIST, which fits all vCPUs.</param>
/// <param name="Used">How many are taken.</param>
public readonly record struct RedistributorRegion(uint Index, ulong Base, uint Count, uint Used) : IKeyed
{
    public uint Key => Index;

    public bool HasRoom => Count == 0 || Used < Count;
}

/// <summary>An interrupt translation service: a device of its own beside the controller.</summary>
/// <param name="Instance">Its number among those of the VM.</param>
/// <param name="Base">Where it lies; <see cref="VgicState.NoAddress"/> while nobody has said.</param>
/// <param name="Tables">True once a table register was written: saving and restoring tables then depends on guest memory.</param>
public readonly record struct TranslationService(uint Instance, ulong Base, bool Tables) : IKeyed
{
    public uint Key => Instance;
}
