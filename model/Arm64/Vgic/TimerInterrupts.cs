namespace KvmSpec.Model.Arm64;

/// <summary>The interrupts of a VM's four timers beside a vGICv5, as KVM_ARM_VCPU_TIMER_CTRL numbers the timers.</summary>
/// <param name="Virtual">Of the virtual timer, attribute 0.</param>
/// <param name="Physical">Of the physical timer, attribute 1.</param>
/// <param name="HypervisorVirtual">Of EL2's virtual timer, attribute 2.</param>
/// <param name="HypervisorPhysical">Of EL2's physical timer, attribute 3.</param>
public readonly record struct TimerInterrupts(uint Virtual, uint Physical, uint HypervisorVirtual, uint HypervisorPhysical)
{
    /// <summary>A PPI in a vGICv5's numbers: the type in bits 29 to 31, the number in bits 0 to 23.</summary>
    private const uint Ppi = 1u << 29;

    private const uint NumberMask = 0xff_ffff;

    /// <summary>KVM_ARMV8_PMU_GICV5_IRQ: the one interrupt that a PMU may have on a vGICv5.</summary>
    public const uint Pmu = Ppi | 23;

    /// <summary>What creating a vGICv5 makes of 27, 30, 28 and 26.</summary>
    public static readonly TimerInterrupts OfV5 = new(Ppi | 27, Ppi | 30, Ppi | 28, Ppi | 26);

    /// <summary>True where a number is a PPI's in a vGICv5's numbers; five bits are not looked at.</summary>
    /// <param name="interrupt">The number.</param>
    /// <param name="ppis">PPIs from here on are none.</param>
    public static bool IsPpi(ulong interrupt, ulong ppis) => (uint)interrupt >> 29 == 1 && (interrupt & NumberMask) < ppis;

    /// <summary>True where a vCPU without EL2 can run with them: EL2's timers are not looked at.</summary>
    public bool CanRun => Virtual == OfV5.Virtual && Physical == OfV5.Physical;

    /// <summary>The interrupt whose timer a first KVM_RUN finds wrong: it looks at the physical one first.</summary>
    public uint FirstWrong => Physical != OfV5.Physical ? Physical : Virtual;

    /// <summary>The interrupt of a timer.</summary>
    public uint this[ulong timer] => timer switch
    {
        0 => Virtual,
        1 => Physical,
        2 => HypervisorVirtual,
        _ => HypervisorPhysical,
    };

    /// <summary>These with another interrupt of one timer.</summary>
    public TimerInterrupts With(ulong timer, uint interrupt) => timer switch
    {
        0 => this with { Virtual = interrupt },
        1 => this with { Physical = interrupt },
        2 => this with { HypervisorVirtual = interrupt },
        _ => this with { HypervisorPhysical = interrupt },
    };
}
