using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Capabilities;
using CheckExtension = KvmSpec.Model.Uapi.Ioctls.CheckExtension;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// The capabilities whose answer is not 0 on arm64: one row each, with the answers the API allows. A capability without a
/// row answers 0.
/// </summary>
public static class Arm64Extensions
{
    private const int DebugFlags = 0x0003_0003;
    private const int SmallestIpa = 32;
    private const int LargestIpa = 52;

    public static readonly ImmutableArray<Extension> Rows =
    [
        .. Extensions.Everywhere,
        Extension.Always(COALESCED_MMIO, 1),
        Extension.Always(NR_MEMSLOTS, 32767),
        Extension.Always(DIRTY_LOG_RING_WITH_BITMAP, 1),
        Extension.Always(ARM_PSCI, 1),
        Extension.Always(ARM_PSCI_0_2, 1),
        Extension.Always(VCPU_EVENTS, 1),
        Extension.Always(ARM_IRQ_LINE_LAYOUT_2, 1),
        Extension.Always(ARM_NISV_TO_USER, 1),
        Extension.Always(ARM_INJECT_EXT_DABT, 1),
        Extension.Always(VCPU_ATTRIBUTES, 1),
        Extension.Always(PTP_KVM, 1),
        Extension.Always(ARM_SYSTEM_SUSPEND, 1),
        Extension.Always(IRQFD_RESAMPLE, 1),
        Extension.Always(COUNTER_OFFSET, 1),
        Extension.Always(ARM_WRITABLE_IMP_ID_REGS, 1),
        Extension.Always(ARM_SEA_TO_USER, 1),
        Extension.Always(ARM_SET_DEVICE_ADDR, 1),
        Extension.Always(ARM_USER_IRQ, 1),
        Extension.Always(SET_GUEST_DEBUG2, DebugFlags),
        Extension.Always(ARM_SUPPORTED_REG_MASK_RANGES, 1),
        Extension.HostDecides(IRQCHIP),
        Extension.HostDecides(GUEST_MEMFD),
        new(GUEST_MEMFD_FLAGS, (host, value) => value == (host.System(GUEST_MEMFD) != 0 ? 3 : 0)),
        Extension.HostDecides(ARM_MTE),
        Extension.HostDecides(STEAL_TIME),
        Extension.HostDecides(ARM_EL1_32BIT),
        Extension.HostDecides(ARM_EL2),
        Extension.HostDecides(ARM_EL2_E2H0),
        Extension.HostDecides(ARM_PMU_V3),
        new(ARM_PMU_V3_STRICT, (host, value) => value == host.System(ARM_PMU_V3)),
        Extension.HostDecides(ARM_INJECT_SERROR_ESR),
        Extension.HostDecides(ARM_SVE),
        Extension.HostDecides(ARM_PTRAUTH_ADDRESS),
        new(ARM_PTRAUTH_GENERIC, (host, value) => value == host.System(ARM_PTRAUTH_ADDRESS)),
        Extension.Between(GUEST_DEBUG_HW_BPS, 1, 64),
        Extension.Between(GUEST_DEBUG_HW_WPS, 1, 64),
        Extension.Between(ARM_VM_IPA_SIZE, SmallestIpa, LargestIpa),
        new(ARM_SUPPORTED_BLOCK_SIZES, (_, value) => value > 0 && (value & 0xfff) == 0),
        Extension.Always(ARM_EAGER_SPLIT_CHUNK_SIZE, 0) with { OnVm = (in n, in c) => (uint)Arm64State.Of(n).ChunkSize },
        Extension.Between(NR_VCPUS, 1, 512),
        new(MAX_VCPUS, (_, value) => value is 8 or 512, VcpuLimit),
        new(MAX_VCPU_ID, (host, value) => value == host.System(MAX_VCPUS), VcpuLimit),
    ];

    /// <summary>What only a VM answers: on /dev/kvm these are errors.</summary>
    public static IEnumerable<Operation> OfVmOnly =>
    [
        OnSystem(MSI_DEVID),
        OnVm(MSI_DEVID, Return("arm64.check-extension.msi-devid", (in n, in c) => Arm64State.Of(n).Services is null ? (ulong)n.Host.Vm(MSI_DEVID) : 1, (in n, in c, value) => value <= 1)),
        OnSystem(ARM_CACHEABLE_PFNMAP_SUPPORTED),
        OnVm(ARM_CACHEABLE_PFNMAP_SUPPORTED, Return("arm64.check-extension.cacheable-pfnmap",
            (in n, in c) => (ulong)n.Host.Vm(ARM_CACHEABLE_PFNMAP_SUPPORTED), (in n, in c, value) => value <= 1)),
    ];

    private static ulong VcpuLimit(in Node n, in Call c) => n.Vm.MaxVcpus == 0 ? (ulong)n.Host.System(MAX_VCPUS) : n.Vm.MaxVcpus;

    private static Operation OnSystem(Symbol capability) =>
        Case(capability, DescriptorKind.System, [.. Gates.System, RefuseAll(EINVAL, "arm64.check-extension.of-vm-only")]);

    private static Operation OnVm(Symbol capability, Rule answer) => Case(capability, DescriptorKind.Vm, [.. Gates.Virtual, answer]);

    private static Operation Case(Symbol capability, DescriptorKind on, ImmutableArray<Rule> rules) =>
        new() { Ioctl = CheckExtension.Ioctl, On = on, Case = capability, Weight = 2, Rules = rules };
}
