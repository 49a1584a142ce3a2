using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Riscv;

/// <summary>One host for each widest G-stage mode, as Debian's kernels answered on an emulated CPU.</summary>
public static class RiscvHosts
{
    /// <summary>What is not 0 on every host.</summary>
    private static readonly (Symbol Capability, int Answer)[] Answers =
    [
        (Capabilities.USER_MEMORY, 1), (Capabilities.USER_MEMORY2, 1), (Capabilities.MP_STATE, 1), (Capabilities.SYNC_MMU, 1),
        (Capabilities.DESTROY_MEMORY_REGION_WORKS, 1), (Capabilities.JOIN_MEMORY_REGIONS_WORKS, 1), (Capabilities.SET_GUEST_DEBUG, 1),
        (Capabilities.IRQFD, 1), (Capabilities.IOEVENTFD, 1), (Capabilities.IOEVENTFD_ANY_LENGTH, 1), (Capabilities.INTERNAL_ERROR_DATA, 1),
        (Capabilities.ONE_REG, 1), (Capabilities.SIGNAL_MSI, 1), (Capabilities.READONLY_MEM, 1), (Capabilities.DEVICE_CTRL, 1),
        (Capabilities.ENABLE_CAP_VM, 1), (Capabilities.CHECK_EXTENSION_VM, 1), (Capabilities.IMMEDIATE_EXIT, 1), (Capabilities.COALESCED_PIO, 1),
        (Capabilities.HALT_POLL, 1), (Capabilities.BINARY_STATS_FD, 1), (Capabilities.SYSTEM_EVENT_DATA, 1), (Capabilities.NR_VCPUS, 1),
        (Capabilities.NR_MEMSLOTS, 32767), (Capabilities.COALESCED_MMIO, 1), (Capabilities.IRQ_ROUTING, 4096), (Capabilities.MAX_VCPUS, 1024),
        (Capabilities.MANUAL_DIRTY_LOG_PROTECT2, 3), (Capabilities.DIRTY_LOG_RING_ACQ_REL, 1 << 20),
    ];

    public static readonly Host Sv57 = Make("riscv64-sv57", Architecture.Riscv64, GStageMode.Sv57x4, 1UL << 56);

    /// <summary>The one with an AIA for guests.</summary>
    public static readonly Host Sv48 = Make("riscv64-sv48", Architecture.Riscv64, GStageMode.Sv48x4, 1UL << 47).Answering(Capabilities.IRQCHIP, 1);

    public static readonly Host Sv39 = Make("riscv64-sv39", Architecture.Riscv64, GStageMode.Sv39x4, 1UL << 38);

    public static readonly Host Sv32 = Make("riscv32-sv32", Architecture.Riscv32, GStageMode.Sv32x4, 0x9dc0_0000);

    /// <summary>The same with an AIA for guests.</summary>
    public static readonly Host Sv32WithAia = Make("riscv32-sv32-aia", Architecture.Riscv32, GStageMode.Sv32x4, 0x9dc0_0000).Answering(Capabilities.IRQCHIP, 1);

    public static readonly IReadOnlyList<Host> All = [Sv57, Sv48, Sv39, Sv32, Sv32WithAia];

    private static Host Make(string name, Architecture architecture, GStageMode widest, ulong userAddressEnd)
    {
        Host host = new()
        {
            Name = name,
            Architecture = architecture,
            Release = Revisions.Linux73.Name,
            OnSystem = [.. new int[Host.Capabilities]],
            OnVm = [.. new int[Host.Capabilities]],
            GpaBits = widest.GpaBits,
            UserAddressEnd = userAddressEnd,
            VcpuMapSize = 8192,
        };
        return Answers.Append((Capabilities.VM_GPA_BITS, widest.GpaBits)).Aggregate(host, (h, a) => h.Answering(a.Item1, a.Item2));
    }
}
