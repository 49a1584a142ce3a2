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
        .. Extensions.Everywhere,
        Extension.HostDecides(IRQCHIP),
        Extension.Between(NR_VCPUS, 1, MostVcpus),
        Extension.Always(NR_MEMSLOTS, 32767),
        Extension.Always(COALESCED_MMIO, 1),
        Extension.Always(MAX_VCPUS, MostVcpus),
        new(VM_GPA_BITS, (host, value) => GStageMode.Of(host.Architecture).Any(m => m.GpaBits == value), (in n, in c) => RiscvState.GpaBits(n)),
    ];
}
