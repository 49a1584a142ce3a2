using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;

namespace KvmSpec.Model.X86;

/// <summary>KVM_ENABLE_CAP's x86 cases that are settings: what may be asked for, and until when.</summary>
public static class X86EnableCaps
{
    /// <summary>The process may reboot the machine.</summary>
    public static readonly Fact CannotReboot = new("cannot-reboot", "the process lacks CAP_SYS_BOOT in the initial namespace");

    /// <summary>CONFIG_KVM_AMD_SEV, on an AMD CPU.</summary>
    public static readonly Fact EncryptionBuiltIn = new("encryption-built-in", "kvm-amd was built with SEV, so that encryption contexts can be copied");

    private const ulong BusLockOff = 1;
    private const ulong BusLockExit = 2;
    private const ulong NotifyEnabled = 1;
    private const ulong NotifyBits = 3;
    private const ulong MsrExitReasons = 7;
    private const ulong HypercallMapGpaRange = 1 << 12;

    /// <summary>All x86 cases check the flags first.</summary>
    public static readonly ImmutableArray<Rule> Prefix =
        [.. Gates.VirtualStruct, EnableCaps.NoFlags];

    private static readonly Rule EncryptionDescriptor =
        Refuse(EBADF, "encryption-context.descriptor", (in n, in c) => true, given: EncryptionBuiltIn);

    private static readonly Rule EncryptionAbsent = RefuseAll(EINVAL, "encryption-context.absent");

    /// <summary>A descriptor number that no process has.</summary>
    private const ulong NoDescriptor = uint.MaxValue;

    private static readonly ImmutableArray<Sample> Booleans = [0, 1, 2, ulong.MaxValue];

    public static IEnumerable<Operation> Operations =>
    [
        EnableCaps.Case(Capabilities.X86_DISABLE_EXITS, 4,
            [
                .. Prefix,
                Refuse(EINVAL, "disable-exits.bits", (in n, in c) => Outside(c, n.Host.System(Capabilities.X86_DISABLE_EXITS))),
                Refuse(EINVAL, "disable-exits.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("disable-exits.set"),
            ],
            [0, 2, 4, 1, 8, 15, 16, 32, 1UL << 63]),
        EnableCaps.Case(Capabilities.PMU_CAPABILITY, 4,
            [
                .. Prefix,
                Refuse(EINVAL, "pmu.bits", (in n, in c) => Outside(c, n.Host.System(Capabilities.PMU_CAPABILITY))),
                Refuse(EINVAL, "pmu.absent", (in n, in c) => n.Host.System(Capabilities.PMU_CAPABILITY) == 0),
                Refuse(EINVAL, "pmu.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("pmu.set"),
            ],
            [0, 1, 2, 3]),
        EnableCaps.Case(Capabilities.X86_NOTIFY_VMEXIT, 4,
            [
                .. Prefix,
                Refuse(EINVAL, "notify-exit.bits", (in n, in c) => ((uint)c[Argument0] & ~NotifyBits) != 0),
                Refuse(EINVAL, "notify-exit.absent", (in n, in c) => n.Host.System(Capabilities.X86_NOTIFY_VMEXIT) == 0),
                Refuse(EINVAL, "notify-exit.not-enabled", (in n, in c) => (c[Argument0] & NotifyEnabled) == 0),
                Refuse(EINVAL, "notify-exit.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("notify-exit.set"),
            ],
            [0, 1, 2, 3, 4, 5, (1UL << 32) + 1]),
        EnableCaps.Case(Capabilities.VM_DISABLE_NX_HUGE_PAGES, 4,
            [
                .. Prefix,
                Refuse(EPERM, "nx-huge-pages.permission", (in n, in c) => true, given: CannotReboot),
                Refuse(EINVAL, "nx-huge-pages.argument", (in n, in c) => c[Argument0] != 0),
                Refuse(EINVAL, "nx-huge-pages.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("nx-huge-pages.set"),
            ],
            [0, 0, 1]),
        EnableCaps.Case(Capabilities.DISABLE_QUIRKS, 2, [.. Prefix, Accept("quirks.set-known")], [0, 1, 1UL << 31, ulong.MaxValue]),
        EnableCaps.Case(Capabilities.DISABLE_QUIRKS2, 3,
            [
                .. Prefix,
                Refuse(EINVAL, "quirks.bits", (in n, in c) => Outside(c, n.Host.System(Capabilities.DISABLE_QUIRKS2))),
                Accept("quirks.set"),
            ],
            [0, 1, 2, 3, 1UL << 30, 1UL << 63]),
        EnableCaps.Case(Capabilities.X86_USER_SPACE_MSR, 3,
            [.. Prefix, Refuse(EINVAL, "user-space-msr.bits", (in n, in c) => (c[Argument0] & ~MsrExitReasons) != 0), Accept("user-space-msr.set")],
            [0, 1, 4, 7, 8, 1UL << 63]),
        EnableCaps.Case(Capabilities.X86_BUS_LOCK_EXIT, 3,
            [
                .. Prefix,
                Refuse(EINVAL, "bus-lock.bits", (in n, in c) => (c[Argument0] & ~(BusLockOff | BusLockExit)) != 0),
                Refuse(EINVAL, "bus-lock.both-ways", (in n, in c) => c[Argument0] == (BusLockOff | BusLockExit)),
                Accept("bus-lock.set"),
            ],
            [0, BusLockOff, BusLockExit, 3, 4, 1UL << 63]),
        EnableCaps.Case(Capabilities.EXCEPTION_PAYLOAD, 1, [.. Prefix, Accept("exception-payload.set")], Booleans),
        EnableCaps.Case(Capabilities.MSR_PLATFORM_INFO, 1, [.. Prefix, Accept("msr-platform-info.set")], Booleans),
        EnableCaps.Case(Capabilities.X86_TRIPLE_FAULT_EVENT, 1, [.. Prefix, Accept("triple-fault-event.set")], Booleans),
        EnableCaps.Case(Capabilities.EXIT_HYPERCALL, 2,
            [.. Prefix, Refuse(EINVAL, "exit-hypercall.bits", (in n, in c) => (c[Argument0] & ~HypercallMapGpaRange) != 0), Accept("exit-hypercall.set")],
            [0, HypercallMapGpaRange, 1, 1UL << 11, 1UL << 13]),
        EnableCaps.Case(Capabilities.EXIT_ON_EMULATION_FAILURE, 2,
            [.. Prefix, Refuse(EINVAL, "emulation-failure.bits", (in n, in c) => c[Argument0] > 1), Accept("emulation-failure.set")],
            Booleans),
        EnableCaps.Case(Capabilities.SGX_ATTRIBUTE, 1,
            [.. Prefix, RefuseAll(EINVAL, "sgx-attribute.descriptor")], [NoDescriptor]),
        EnableCaps.Case(Capabilities.VM_COPY_ENC_CONTEXT_FROM, 1, EncryptionContext, [NoDescriptor]),
        EnableCaps.Case(Capabilities.VM_MOVE_ENC_CONTEXT_FROM, 1, EncryptionContext, [NoDescriptor]),
        .. OnVcpus,
    ];

    private static ImmutableArray<Rule> EncryptionContext =>
    [
        .. Prefix,
        EncryptionDescriptor,
        EncryptionAbsent,
    ];

    private static readonly Rule HypervAbsent =
        Refuse(EINVAL, "hyperv.absent", (in n, in c) => n.Host.System(Capabilities.HYPERV) == 0);

    private static readonly Rule SynicAbsent =
        Refuse(EINVAL, "synic.absent", (in n, in c) => n.Host.System(Capabilities.HYPERV_SYNIC) == 0);

    private static readonly Rule SynicNeedsApic =
        Refuse(EINVAL, "synic.needs-apic", (in n, in c) => X86State.Of(n).Irqchip == Irqchip.None);

    /// <summary>KVM_ENABLE_CAP on a vCPU.</summary>
    private static IEnumerable<Operation> OnVcpus =>
    [
        EnableCaps.Case(Capabilities.ENFORCE_PV_FEATURE_CPUID, 2, [.. Prefix, Accept("enforce-pv-cpuid.set")], Booleans, DescriptorKind.Vcpu),
        EnableCaps.Case(Capabilities.HYPERV_SYNIC2, 3,
            [
                .. Prefix,
                SynicAbsent,
                Refuse(EINVAL, "synic.argument", (in n, in c) => c[Argument0] != 0),
                SynicNeedsApic,
                Accept("synic.set"),
            ],
            [0, 0, 1], DescriptorKind.Vcpu),
        EnableCaps.Case(Capabilities.HYPERV_ENLIGHTENED_VMCS, 1,
            [
                .. Prefix,
                HypervAbsent,
                Refuse(ENOTTY, "enlightened-vmcs.absent", (in n, in c) => n.Host.System(Capabilities.HYPERV_ENLIGHTENED_VMCS) == 0),
                RefuseAll(EFAULT, "enlightened-vmcs.unwritable"),
            ],
            [0], DescriptorKind.Vcpu),
        EnableCaps.Case(Capabilities.HYPERV_DIRECT_TLBFLUSH, 1,
            [
                .. Prefix,
                HypervAbsent,
                Refuse(ENOTTY, "direct-tlbflush.absent", (in n, in c) => n.Host.System(Capabilities.HYPERV_DIRECT_TLBFLUSH) == 0),
                LeaveOpen("direct-tlbflush.set"),
            ],
            [0], DescriptorKind.Vcpu),
        EnableCaps.Case(Capabilities.HYPERV_SYNIC, 2,
            [.. Prefix, SynicAbsent, SynicNeedsApic, Accept("synic.set")], [0, 1], DescriptorKind.Vcpu),
        EnableCaps.Case(Capabilities.HYPERV_ENFORCE_CPUID, 2,
            [
                .. Prefix,
                Refuse(EINVAL, "enforce-hyperv-cpuid.absent", (in n, in c) => n.Host.System(Capabilities.HYPERV_ENFORCE_CPUID) == 0),
                Accept("enforce-hyperv-cpuid.set"),
            ],
            Booleans, DescriptorKind.Vcpu),
        new()
        {
            Ioctl = Ioctls.EnableCap.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 2,
            Rules = [.. Prefix, RefuseAll(EINVAL, "enable-cap.unknown-on-vcpu")],
            Alphabet = Alphabets.Of((Capability, [Capabilities.HALT_POLL, Capabilities.SPLIT_IRQCHIP, 0, 255]), (Flags, Alphabets.NoFlags)),
        },
    ];

    private static bool Outside(in Call c, int bits) => (c[Argument0] & ~(ulong)bits) != 0;
}
