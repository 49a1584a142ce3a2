using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Uapi.Capabilities;

namespace KvmSpec.Model.X86;

/// <summary>
/// The capabilities whose answer is not 0 on x86: one row each, with the answers the API allows. A capability without a
/// row answers 0.
/// </summary>
public static class X86Extensions
{
    private const int AllXenFeatures = 0x1ff;
    private const int AllDisabledExits = 31;
    private const int AllClockFlags = 14;
    /// <summary>Bytes of a nested guest's state on AMD and on Intel.</summary>
    private const int SvmState = 4224;

    private const int VmxState = 8320;

    private const int AllDebugFlags = 0x001f_0003;

    public static readonly ImmutableArray<Extension> Rows =
    [
        .. Extensions.Everywhere,
        Extension.Always(IRQCHIP, 1),
        Extension.Always(HLT, 1),
        Extension.Always(MMU_SHADOW_CACHE_CONTROL, 1),
        Extension.Always(SET_TSS_ADDR, 1),
        Extension.Always(EXT_CPUID, 1),
        Extension.Always(EXT_EMUL_CPUID, 1),
        Extension.Always(CLOCKSOURCE, 1),
        Extension.Always(NOP_IO_DELAY, 1),
        Extension.Always(USER_NMI, 1),
        Extension.Always(IRQ_INJECT_STATUS, 1),
        Extension.Always(IOEVENTFD_NO_LENGTH, 1),
        Extension.Always(SET_IDENTITY_MAP_ADDR, 1),
        Extension.Always(VCPU_EVENTS, 1),
        Extension.Always(PCI_SEGMENT, 1),
        Extension.Always(DEBUGREGS, 1),
        Extension.Always(X86_ROBUST_SINGLESTEP, 1),
        Extension.Always(XSAVE, 1),
        Extension.Always(ASYNC_PF, 1),
        Extension.Always(ASYNC_PF_INT, 1),
        Extension.Always(GET_TSC_KHZ, 1),
        Extension.Always(KVMCLOCK_CTRL, 1),
        Extension.Always(IOAPIC_POLARITY_IGNORED, 1),
        Extension.Always(TSC_DEADLINE_TIMER, 1),
        Extension.Always(DISABLE_QUIRKS, 1),
        Extension.Always(SET_BOOT_CPU_ID, 1),
        Extension.Always(SPLIT_IRQCHIP, 1),
        Extension.Always(PMU_EVENT_FILTER, 1),
        Extension.Always(PMU_EVENT_MASKED_EVENTS, 1),
        Extension.Always(GET_MSR_FEATURES, 1),
        Extension.Always(MSR_PLATFORM_INFO, 1),
        Extension.Always(EXCEPTION_PAYLOAD, 1),
        Extension.Always(X86_TRIPLE_FAULT_EVENT, 1),
        Extension.Always(X86_USER_SPACE_MSR, 1),
        Extension.Always(X86_MSR_FILTER, 1),
        Extension.Always(ENFORCE_PV_FEATURE_CPUID, 1),
        Extension.Always(VM_COPY_ENC_CONTEXT_FROM, 1),
        Extension.Always(VM_MOVE_ENC_CONTEXT_FROM, 1),
        Extension.Always(SREGS2, 1),
        Extension.Always(EXIT_ON_EMULATION_FAILURE, 1),
        Extension.Always(VCPU_ATTRIBUTES, 1),
        Extension.Always(SYS_ATTRIBUTES, 1),
        Extension.Always(VAPIC, 1),
        Extension.Always(ENABLE_CAP, 1),
        Extension.Always(VM_DISABLE_NX_HUGE_PAGES, 1),
        Extension.Always(IRQFD_RESAMPLE, 1),
        Extension.Always(MEMORY_FAULT_INFO, 1),
        Extension.Always(X86_GUEST_MODE, 1),
        Extension.Always(LAST_CPU, 1),
        Extension.HostDecides(PIT),
        Extension.HostDecides(PIT2),
        Extension.HostDecides(PIT_STATE2),
        Extension.HostDecides(REINJECT_CONTROL),
        Extension.HostDecides(HYPERV),
        Extension.HostDecides(HYPERV_VAPIC),
        Extension.HostDecides(HYPERV_SPIN),
        Extension.HostDecides(HYPERV_TIME),
        Extension.HostDecides(HYPERV_SYNIC),
        Extension.HostDecides(HYPERV_SYNIC2),
        Extension.HostDecides(HYPERV_VP_INDEX),
        Extension.HostDecides(HYPERV_EVENTFD),
        Extension.HostDecides(HYPERV_TLBFLUSH),
        Extension.HostDecides(HYPERV_SEND_IPI),
        Extension.HostDecides(HYPERV_CPUID),
        Extension.HostDecides(HYPERV_ENFORCE_CPUID),
        Extension.HostDecides(SYS_HYPERV_CPUID),
        Extension.HostDecides(SGX_ATTRIBUTE),
        Extension.HostDecides(PRE_FAULT_MEMORY),
        Extension.HostDecides(X86_SMM),
        Extension.HostDecides(XCRS),
        Extension.HostDecides(TSC_CONTROL),
        Extension.HostDecides(VM_TSC_CONTROL),
        Extension.HostDecides(HYPERV_DIRECT_TLBFLUSH),
        Extension.HostDecides(HYPERV_ENLIGHTENED_VMCS),
        Extension.HostDecides(SMALLER_MAXPHYADDR),
        Extension.HostDecides(STEAL_TIME),
        Extension.HostDecides(X86_NOTIFY_VMEXIT),
        Extension.HostDecides(PMU_CAPABILITY),
        Extension.Always(COALESCED_MMIO, 2),
        Extension.Always(NR_MEMSLOTS, 32764),
        Extension.Always(DIRTY_LOG_RING, 1 << 20),
        Extension.Always(MCE, 32),
        Extension.Always(ADJUST_CLOCK, AllClockFlags),
        Extension.Always(EXIT_HYPERCALL, 1 << 12),
        Extension.Between(NR_VCPUS, 1, 4096),
        new(MAX_VCPUS, (host, value) => value is >= 1024 and <= 4096 && value >= host.System(NR_VCPUS)),
        new(MAX_VCPU_ID, (host, value) => value == 4 * host.System(MAX_VCPUS)),
        Extension.HostDecides(MULTI_ADDRESS_SPACE, 2),
        Extension.HostDecides(GUEST_MEMFD),
        new(GUEST_MEMFD_FLAGS, (host, value) => value == (host.System(GUEST_MEMFD) != 0 ? 3 : 0)),
        Extension.Bits(MEMORY_ATTRIBUTES, 1 << 3, (in n, in c) => 0),
        Extension.Bits(XEN_HVM, AllXenFeatures),
        Extension.Always(SET_GUEST_DEBUG2, AllDebugFlags),
        Extension.Bits(SYNC_REGS, 7),
        Extension.Bits(X86_DISABLE_EXITS, AllDisabledExits),
        Extension.Bits(X86_BUS_LOCK_EXIT, 3),
        Extension.Bits(DISABLE_QUIRKS2, 0xfff),
        Extension.Bits(VM_TYPES, 0x3f),
        new(X2APIC_API, (_, value) => value == 15,
            (in n, in c) => (ulong)n.Host.System(X2APIC_API) & (X86State.Of(n).Irqchip == Irqchip.Split ? ulong.MaxValue : ~4UL)),
        new(NESTED_STATE, (_, value) => value is 0 or SvmState or VmxState),
        Extension.Between(XSAVE2, 4096, 1 << 16),
        Extension.Always(X86_APIC_BUS_CYCLES_NS, 1) with { OnVm = (in n, in c) => (uint)X86State.Of(n).BusCycle },
    ];
}
