using KvmSpec.Model;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults of RISC-V's rules that no call can tell from the original, and why.</summary>
internal static class RiscvEquivalents
{
    private const string SaysNothing = "the model leaves open what the fault is about, so every answer to it is right";
    private const string NeverBoth = "no call meets both";

    private static readonly Architecture[] Both = [Architecture.Riscv64, Architecture.Riscv32];

    public static readonly EquivalentFault[] List =
    [
        new("memslot.other-user-memory", SaysNothing) { In = Both },
        new("unknown-ioctl.guest-memfd", Equivalents.NoGuestMemory) { In = Both },
        new("swap (dirty-ring.smallest and dirty-ring.largest|set-mp-state.unknown and set-mp-state.reset)", NeverBoth) { In = Both },
        new("riscv.gpa-bits.host-maximum", "RV32 has one mode, and KVM does not load on a host without it") { In = [Architecture.Riscv32] },
    ];
}
