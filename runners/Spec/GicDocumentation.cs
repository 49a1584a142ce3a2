namespace KvmSpec.Runners.Spec;

/// <summary>What the kernel makes of a sentence.</summary>
public enum Bearing
{
    /// <summary>It is so.</summary>
    Confirms,

    /// <summary>It is so, and there is more that userspace must know.</summary>
    Sharpens,

    /// <summary>It is otherwise.</summary>
    Contradicts,

    /// <summary>No sentence says it.</summary>
    Adds,
}

/// <summary>A sentence of the documentation beside what the kernel does.</summary>
/// <param name="Page">The page, or the posted patch.</param>
/// <param name="Says">The sentence in our words.</param>
/// <param name="Bearing">What the kernel makes of it.</param>
/// <param name="Kernel">What the kernel does.</param>
/// <param name="Clauses">The clauses that say it.</param>
/// <param name="Seen">Whether a kernel was seen doing so, or only its source was read.</param>
public sealed record Sentence(string Page, string Says, Bearing Bearing, string Kernel, IReadOnlyList<string> Clauses, bool Seen = true);

/// <summary>
/// Every sentence about vGICv5 in the documentation, and in the posted patch that brought its mask of PPIs, with what kernels
/// do. The page is that of 7.2 and 7.3, which are the same.
/// </summary>
public static class GicDocumentation
{
    private const string Page = "arm-vgic-v5.rst";
    private const string Interrupts = "api.rst 4.25";
    private const string Vcpu = "vcpu.rst";
    private const string Patch = "PATCH v5 35/36";

    /// <summary>The sentences, in the order of the pages.</summary>
    public static IReadOnlyList<Sentence> Sentences { get; } =
    [
        new(Page, "the device is for a GIC of version 5", Bearing.Confirms, "KVM_CREATE_DEVICE makes one; its number is 16", ["vgic.create.create"]),
        new(Page, "a VM has one instance at most", Bearing.Sharpens, "EEXIST, also beside a controller of another kind, and also once the descriptor was closed", ["vgic.create.exists"]),
        new(Page, "the instance is the VM's interrupt controller; devices in userspace go through it, not to the CPUs", Bearing.Sharpens, "lines of CPUs are ENXIO as soon as the device is there, initialised or not", ["arm64.irq-line.cpu-with-vgic"]),
        new(Page, "making one takes a GICv5 host", Bearing.Sharpens, "else ENODEV, also with KVM_CREATE_DEVICE_TEST", ["create-device.type"]),
        new(Page, "PPIs are all that there is for now", Bearing.Confirms, "every SPI is EINVAL", ["arm64.irq-line.v5-spi"]),
        new(Page, "devices in the kernel inject PPIs, such as timers and PMU", Bearing.Sharpens, "each by its architected PPI alone, in a GICv5's numbers; making the device renumbers the timers", ["arm64.timer.v5-get", "vgic.run.timers-of-v5", "arm64.pmu-interrupt.v5-number"]),
        new(Page, "KVM_IRQ_LINE does it for userspace", Bearing.Sharpens, "for PPI 3; before CTRL_INIT it is EBUSY", ["arm64.irq-line.set", "arm64.irq-line.not-initialized"]),
        new(Page, "the group of attributes is KVM_DEV_ARM_VGIC_GRP_CTRL", Bearing.Confirms, "any other is ENXIO", ["vgic.attribute.group"]),
        new(Page, "CTRL_INIT initialises", Bearing.Sharpens, "a second one succeeds and does nothing; it cannot be read", ["vgic.control.init", "vgic.control.unknown"]),
        new(Page, "CTRL_INIT takes nothing in addr", Bearing.Confirms, "the address is not looked at", ["vgic.control.init"]),
        new(Page, "CTRL_INIT comes once every vCPU was created", Bearing.Sharpens, "it is taken before; from then on KVM_CREATE_VCPU is EBUSY, so that a VM initialised without vCPUs never has one", ["vgic.create-vcpu.initialized"]),
        new(Page, "(no sentence: what KVM_RUN does without CTRL_INIT)", Bearing.Adds, "EBUSY, and the VM is dead", ["vgic.run.not-initialized"]),
        new(Page, "(no sentence: nested virtualization)", Bearing.Adds, "CTRL_INIT is EINVAL once a vCPU has KVM_ARM_VCPU_HAS_EL2; where it came first, KVM_RUN is", ["vgic.v5.init.nested", "vgic.run.nested-on-v5"], Seen: false),
        new(Page, "USERSPACE_PPIS asks for the mask of PPIs that userspace can drive", Bearing.Sharpens, "bit 3 once initialised; before that the answer is 0, and no error", ["vgic.v5.userspace-ppis.get"]),
        new(Page, "only some PPIs can be driven, and the mask tells which KVM_IRQ_LINE takes", Bearing.Confirms, "any other is EINVAL", ["arm64.irq-line.v5-ppi-of-kernel"]),
        new(Page, "addr leads to __u64[2] that userspace provides", Bearing.Sharpens, "else EFAULT", ["vgic.v5.userspace-ppis.unwritable"]),
        new(Page, "the memory is filled when the call returns", Bearing.Sharpens, "its first half also by a call that fails because of the second", ["vgic.v5.userspace-ppis.half-written"]),
        new(Page, "the first __u64 is for the lower 64 PPIs, the second for the 64 others", Bearing.Contradicts, "there are 64 PPIs; the second is always 0", ["vgic.v5.userspace-ppis.get", "arm64.irq-line.v5-ppi-number"]),
        new(Page, "the mask is read-only", Bearing.Confirms, "no write of it succeeds", ["vgic.v5.userspace-ppis.read-only"]),
        new(Page, "attempts to set it are rejected", Bearing.Sharpens, "with ENXIO; api.rst 4.80 gives EPERM for what is read-only", ["vgic.v5.userspace-ppis.read-only"]),
        new(Page, "ENXIO: not properly configured before the attribute", Bearing.Contradicts, "ENXIO is for attributes that there are not; an uninitialised controller answers USERSPACE_PPIS with 0", ["vgic.v5.userspace-ppis.get", "vgic.control.unknown"]),
        new(Page, "ENODEV: no vCPU is online", Bearing.Contradicts, "CTRL_INIT without any vCPU succeeds", ["vgic.control.init"]),
        new(Page, "ENOMEM: no memory for the device", Bearing.Confirms, "as for any call; it was not provoked", ["vgic.control.init"], Seen: false),
        new(Page, "EFAULT: invalid access to guest RAM", Bearing.Contradicts, "EFAULT is for userspace's own memory behind addr", ["vgic.v5.userspace-ppis.unwritable"]),
        new(Page, "EBUSY: a vCPU is running", Bearing.Contradicts, "neither attribute looks at that; CTRL_INIT after a run succeeds", ["vgic.control.init"]),
        new(Interrupts, "with a controller in userspace irq_id 0 is IRQ and 1 is FIQ", Bearing.Confirms, "others are EINVAL", ["arm64.irq-line.cpu-number"]),
        new(Interrupts, "SPIs of a GICv5 have irq_id 0 to 65535", Bearing.Contradicts, "all are EINVAL", ["arm64.irq-line.v5-spi"]),
        new(Interrupts, "PPIs of a GICv5 have irq_id 0 to 127", Bearing.Contradicts, "they end at 63, and 3 is the only one that is taken", ["arm64.irq-line.v5-ppi-number", "arm64.irq-line.v5-ppi-of-kernel"]),
        new(Interrupts, "the vCPU is vcpu_index + 256 * vcpu2_index", Bearing.Confirms, "vCPU 300 is reached so; another is EINVAL", ["arm64.irq-line.vcpu", "arm64.irq-line.set"]),
        new(Vcpu + " 1.1", "a GICv5 guest's PMU has the architected PPI, written 0x20000017", Bearing.Confirms, "anything else is EINVAL", ["arm64.pmu-interrupt.v5-number"]),
        new(Vcpu + " 1.1", "a GICv5 guest need not be told", Bearing.Confirms, "the PMU is initialised without, and reads as 0x20000017 then", ["arm64.pmu-init.done", "arm64.pmu-interrupt.v5-get"]),
        new(Vcpu + " 1.2", "the PMU is initialised after the controller", Bearing.Sharpens, "before CTRL_INIT it is ENODEV; before the device was made it succeeds, and its vCPU never runs", ["arm64.pmu-init.controller-not-initialized", "arm64.run.pmu-without-interrupt"]),
        new(Vcpu + " 1.2", "EEXIST: the interrupt is in use", Bearing.Sharpens, "until 7.2 by a timer that once had it, in 7.3 no more", ["arm64.pmu-init.interrupt-taken"]),
        new(Vcpu + " 2.1", "timers have PPIs 16 to 31", Bearing.Contradicts, "these are EINVAL; a GICv5's numbers are wanted", ["arm64.timer.v5-ppi"]),
        new(Vcpu + " 2.1", "the attribute overrides the default", Bearing.Contradicts, "it is taken, but a vCPU runs with the default alone", ["arm64.timer.v5-set", "vgic.run.timers-of-v5"]),
        new(Vcpu + " 2.1", "the defaults are 27, 30, 28 and 26", Bearing.Contradicts, "0x2000001b, 0x2000001e, 0x2000001c and 0x2000001a once the device was made", ["arm64.timer.v5-get"]),
        new(Vcpu + " 2.1", "timers that share a PPI keep vCPUs from running", Bearing.Sharpens, "not those of EL2, which no vCPU beside a GICv5 uses", ["vgic.run.timers-of-v5"]),
        new(Vcpu + " 2.1", "setting it configures the vCPUs created so far", Bearing.Contradicts, "it is one of the VM, also for vCPUs that come later", ["arm64.timer.v5-set"]),
        new(Vcpu + " 2.1", "EBUSY: a vCPU has already run", Bearing.Sharpens, "also one whose KVM_RUN was refused after its timers were found right", ["arm64.timer.v5-after-run"]),
        new(Patch, "a host may lack PPIs; a virtual PPI needs the physical one", Bearing.Confirms, "the mask is PPI 3 where the host implements it", ["vgic.v5.userspace-ppis.get"], Seen: false),
        new(Patch, "userspace cannot drive PPIs that are not implemented", Bearing.Confirms, "EINVAL", ["arm64.irq-line.v5-ppi-of-kernel"]),
        new(Patch, "PPIs of devices in the kernel are not driven by userspace", Bearing.Confirms, "EINVAL, also while no such device uses them: 23, 26, 27, 28, 30", ["arm64.irq-line.v5-ppi-of-kernel"]),
        new(Patch, "the attribute is KVM_DEV_ARM_VGIC_USERPSPACE_PPIS", Bearing.Contradicts, "the header has USERSPACE_PPIS; the page was put right in 7.2", ["vgic.v5.userspace-ppis.get"]),
        new(Patch, "it tells which PPIs KVM_IRQ_LINE may drive", Bearing.Confirms, "once initialised", ["vgic.v5.userspace-ppis.get"]),
        new(Patch, "KVM_IRQ_LINE refuses PPIs that are not in the mask", Bearing.Sharpens, "as posted the mask was cut to 32 bits, which refuses PPIs 32 to 63 of each word whatever it says; the merged code has a bitmap", ["arm64.irq-line.v5-ppi-of-kernel"]),
        new(Patch, "the PPI that may be driven is the software PPI, if the host has it", Bearing.Confirms, "PPI 3", ["arm64.irq-line.set", "vgic.v5.userspace-ppis.get"]),
        new(Patch, "the mask is read before and after initialisation alike", Bearing.Sharpens, "the code has no test: before CTRL_INIT it is 0, and KVM_IRQ_LINE was EINVAL until 7.1, EBUSY since", ["vgic.v5.userspace-ppis.get", "arm64.irq-line.not-initialized"]),
    ];
}
