using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;

namespace KvmSpec.Model.Arm64;

/// <summary>What older releases do otherwise in interrupt controllers, each beside its next newer one.</summary>
public static class VgicEdits
{
    public static IReadOnlyList<Edit> Until72 => [new InsertBefore("vgic.create-vcpu.redistributor", Vgic.LateDuplicate)];

    /// <summary>The release that merged vGICv5, as it was merged.</summary>
    public static IReadOnlyList<Edit> Until71 => [.. IrqLines.InitializedLast];

    /// <summary>No vGICv5, and a GICD_IIDR whose revision could not be chosen on a vGICv3.</summary>
    public static IReadOnlyList<Edit> Until618 =>
    [
        .. VgicDevices.Operations.Concat(VgicAttributes.Operations)
            .Where(o => o.Case == DeviceTypes.ArmVgicV5 || o.OfDevice == DeviceTypes.ArmVgicV5).Select(o => new Withdraw(o.FullName)),
        new Drop("arm64.irq-line.v5-ppi-number"),
        new Drop("arm64.irq-line.v5-ppi-of-kernel"),
        new Drop("arm64.irq-line.v5-spi"),
        new Drop("vgic.run.nested-on-v5"),
        .. InterruptsOfV5.Select(id => new Drop(id)),
        new Replace("vgic.registers.unknown", rule => rule with { When = VgicRegisters.UnknownToCpuInterfaceWithoutDeactivation }, "a vGICv2 has no GICC_DIR")
            { Only = Attribute("KVM_DEV_TYPE_ARM_VGIC_V2", "KVM_HAS_DEVICE_ATTR", VgicGroups.CpuInterface) },
        new Replace("vgic.registers.identification", rule => rule with { When = VgicRegisters.IdentifiesOtherProduct }, "the revision written to a vGICv3 is not looked at")
            { Only = Attribute("KVM_DEV_TYPE_ARM_VGIC_V3", "KVM_SET_DEVICE_ATTR", VgicGroups.Distributor) },
        new Replace("vgic.registers.identify", rule => rule with { Then = null }, "the revision of a vGICv3 stays what it is")
            { Only = Attribute("KVM_DEV_TYPE_ARM_VGIC_V3", "KVM_SET_DEVICE_ATTR", VgicGroups.Distributor) },
    ];

    /// <summary>No nested virtualization, and nothing of a vGICv3's registers before it is initialised.</summary>
    public static IReadOnlyList<Edit> Until612 =>
    [
        new Replace("vgic.registers.identification", rule => rule with { When = VgicRegisters.IdentifiesOtherwise }, "the revision written is looked at")
            { Only = Attribute("KVM_DEV_TYPE_ARM_VGIC_V3", "KVM_SET_DEVICE_ATTR", VgicGroups.Distributor) },
        new Replace("vgic.registers.identify", rule => rule with { Then = VgicRegisters.Identified }, "the revision of a vGICv3 changes")
            { Only = Attribute("KVM_DEV_TYPE_ARM_VGIC_V3", "KVM_SET_DEVICE_ATTR", VgicGroups.Distributor) },
        new Replace("vgic.registers.not-initialized", rule => rule with { When = (in n, in c) => !Of(n).Vgic!.Initialized }, "no register is reached before"),
        new Drop("vgic.registers.type2-late"),
        .. VgicAttributes.Operations.Where(o => o.Case == VgicGroups.Maintenance).Select(o => new Withdraw(o.FullName)),
        new Drop("its.control.unknown"),
        new Drop("vgic.run.nested-without-vgic"),
        new Drop("vgic.run.maintenance-of-timer"),
    ];

    /// <summary>
    /// The series that brought vGICv5, as posted on 26 February 2026, against the release that merged it: 128 PPIs, another
    /// number, and a mask of 32 bits that a word of 64 is put into.
    /// </summary>
    public static IReadOnlyList<Edit> AsPosted =>
    [
        new SetNumber(DeviceTypes.ArmVgicV5, 15),
        new SetLimit(Vgic.Ppis, 128),
        new Replace("arm64.irq-line.v5-ppi-of-kernel", rule => rule with { When = IrqLines.RefusedByShortMask }, "only the mask's lower 32 bits are looked at"),
    ];

    /// <summary>What the same posting's commit messages and documentation say.</summary>
    public static IReadOnlyList<Edit> AsPromised =>
    [
        new Replace("arm64.irq-line.v5-ppi-of-kernel", rule => rule with { When = IrqLines.RefusedByMask }, "the whole mask is looked at"),
        new InsertBefore("vgic.v5.userspace-ppis.unwritable", VgicAttributes.UnconfiguredPpis),
        new Replace("vgic.v5.userspace-ppis.half-written", rule => rule with { Then = null, Leaves = null, Writes = [] }, "a call that fails writes nothing"),
        new Replace("vgic.v5.userspace-ppis.read-only", rule => rule with { Errno = Errno.EPERM, Stops = true }, "answers EPERM, as the generic interface says of read-only attributes"),
        new InsertBefore("vgic.v5.init.nested", VgicAttributes.NoVcpuToInitialize),
    ];

    /// <summary>Rules about the interrupts that timers and PMU have on a vGICv5.</summary>
    private static readonly string[] InterruptsOfV5 =
    [
        "vgic.run.timers-of-v5", "arm64.timer.v5-ppi", "arm64.timer.v5-after-run", "arm64.timer.v5-unknown", "arm64.timer.v5-set", "arm64.timer.v5-get",
        "arm64.pmu-init.interrupt-taken", "arm64.pmu-interrupt.v5-number", "arm64.pmu-interrupt.v5-once", "arm64.pmu-interrupt.v5-set",
        "arm64.pmu-interrupt.v5-get", "arm64.pmu-interrupt.unwritable",
    ];

    private static string Attribute(string device, string ioctl, Symbol group) => $"{device}/{ioctl}({group.Name})";
}
