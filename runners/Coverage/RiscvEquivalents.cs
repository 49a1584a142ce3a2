using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults of RISC-V's rules that no call can tell from the original, and why.</summary>
internal static class RiscvEquivalents
{
    private const string SaysNothing = "the model leaves open what the fault is about, so every answer to it is right";
    private const string NeverBoth = "no call meets both";

    private static readonly (Architecture[] In, string Fault, string Why)[] List =
    [
        ([Architecture.Riscv64, Architecture.Riscv32], "memslot.other-user-memory", SaysNothing),
        ([Architecture.Riscv64, Architecture.Riscv32], "unknown-ioctl.guest-memfd", Equivalents.NoGuestMemory),
        ([Architecture.Riscv64, Architecture.Riscv32], "swap (dirty-ring.smallest and dirty-ring.largest|set-mp-state.unknown and set-mp-state.reset)", NeverBoth),
        ([Architecture.Riscv32], "riscv.gpa-bits.host-maximum", "RV32 has one mode, and KVM does not load on a host without it"),
    ];

    /// <summary>Why nobody can notice the fault; <c>null</c> where somebody could.</summary>
    public static string? Why(Mutant mutant, Architecture architecture) =>
        List.FirstOrDefault(e => e.In.Contains(architecture) && Regex.IsMatch(mutant.Words, e.Fault)).Why;

    /// <summary>The list's patterns of faults.</summary>
    public static IEnumerable<string> Faults => List.Select(e => e.Fault);
}
