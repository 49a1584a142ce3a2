using KvmSpec.Model;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults of arm64's rules that no call can tell from the original, and why.</summary>
internal static class Arm64Equivalents
{
    private static readonly Architecture[] Only = [Architecture.Arm64];

    public static readonly EquivalentFault[] List =
    [
        new("KVM_ARM_VCPU_INIT: drop arm64.vcpu-init.again", "the first KVM_ARM_VCPU_INIT and a later one with the same features store the same") { In = Only },
        new("KVM_SET_ONE_REG: drop arm64.id-reg.zero", "a register that reads as zero has no field that could be written, and what differs is refused with the same errno") { In = Only },
        new("VGIC_V3/KVM_SET_DEVICE_ATTR: drop vgic.control.save$", "only an initialised controller saves its tables, and initialising that changes nothing") { In = Only },
        new("VGIC_V5/KVM_SET_DEVICE_ATTR: drop vgic.v5.userspace-ppis.read-only", "setting knows one attribute, and refuses the others with the same errno") { In = Only },
        new("VGIC_ITS/KVM_SET_DEVICE_ATTR: drop its.control.nothing-to-do", "only what is left open tells whether a service has tables") { In = Only },
        new("KVM_IRQ_LINE(_STATUS)?: swap arm64.irq-line.vcpu and arm64.irq-line.cpu-number", "a line of a vCPU leaves nothing behind, and both refuse it with the same errno") { In = Only },
        new("KVM_IRQ_LINE(_STATUS)?: drop arm64.irq-line.v5-ppi-number", "a number that no PPI has is none that userspace may drive, with the same errno") { In = Only },
        new(@"limit id-register-table \+", "no field became writable after the newest release") { In = Only },
    ];
}
