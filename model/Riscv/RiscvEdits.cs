using System.Collections.Immutable;
using KvmSpec.Model.Common;

namespace KvmSpec.Model.Riscv;

/// <summary>What older releases do otherwise on RISC-V alone, each beside its next newer one.</summary>
public static class RiscvEdits
{
    internal static ImmutableArray<Architecture> Widths => [Architecture.Riscv64, Architecture.Riscv32];

    public static IReadOnlyList<Edit> Until72 =>
    [
        new SetLimit(RiscvMemory.PagesKept, 1),
    ];

    public static IReadOnlyList<Edit> Until618 =>
    [
        new Withdraw(GpaBits.Select.FullName),
        new SetLimit(CommonLimits.ManualDirtyLogBits, 1) { In = Widths },
        Answers("check-extension.manual-dirty-log-protect2", 1),
    ];

    public static IReadOnlyList<Edit> Until612 =>
    [
        new Withdraw(RiscvVcpus.EnableReset.FullName),
        Answers("check-extension.dirty-log-ring-acq-rel", 0),
    ];

    /// <summary>A capability that /dev/kvm answers otherwise, on every host.</summary>
    private static Replace Answers(string id, int answer) =>
        new(id, rule => rule.Allows is null ? rule : rule with { Allows = (in n, in c, value) => (int)value == answer }, $"answers {answer}") { In = Widths };
}
