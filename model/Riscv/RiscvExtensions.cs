using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Uapi.Capabilities;

namespace KvmSpec.Model.Riscv;

/// <summary>The capabilities whose answer is not 0 on RISC-V: one row each, with the answers the API allows.</summary>
public static class RiscvExtensions
{
    private const int MostVcpus = 1024;

    public static readonly ImmutableArray<Extension> Rows =
    [
        Extension.HostDecides(IRQCHIP),
        Extension.Always(USER_MEMORY, 1),
        Extension.Always(USER_MEMORY2, 1),
        Extension.Always(MP_STATE, 1),
        Extension.Always(SYNC_MMU, 1),
        Extension.Always(DESTROY_MEMORY_REGION_WORKS, 1),
        Extension.Always(JOIN_MEMORY_REGIONS_WORKS, 1),
        Extension.Always(SET_GUEST_DEBUG, 1),
        Extension.Always(IRQFD, 1),
        Extension.Always(IOEVENTFD, 1),
        Extension.Always(IOEVENTFD_ANY_LENGTH, 1),
        Extension.Always(INTERNAL_ERROR_DATA, 1),
        Extension.Always(ONE_REG, 1),
        Extension.Always(SIGNAL_MSI, 1),
        Extension.Always(READONLY_MEM, 1),
        Extension.Always(DEVICE_CTRL, 1),
        Extension.Always(ENABLE_CAP_VM, 1),
        Extension.Always(CHECK_EXTENSION_VM, 1),
        Extension.Always(IMMEDIATE_EXIT, 1),
        Extension.Always(COALESCED_PIO, 1),
        Extension.Always(HALT_POLL, 1),
        Extension.Always(BINARY_STATS_FD, 1),
        Extension.Always(SYSTEM_EVENT_DATA, 1),
        Extension.Between(NR_VCPUS, 1, MostVcpus),
        Extension.Always(NR_MEMSLOTS, 32767),
        Extension.Always(COALESCED_MMIO, 1),
        Extension.Always(IRQ_ROUTING, 4096),
        Extension.Always(MAX_VCPUS, MostVcpus),
        Extension.Always(MANUAL_DIRTY_LOG_PROTECT2, 3),
        Extension.Always(DIRTY_LOG_RING_ACQ_REL, 1 << 20),
        new(VM_GPA_BITS, (host, value) => GStageMode.Of(host.Architecture).Any(m => m.GpaBits == value), (in n, in c) => RiscvState.GpaBits(n)),
    ];
}
