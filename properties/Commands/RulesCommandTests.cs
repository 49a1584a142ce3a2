using System.Globalization;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary><c>kvmspec rules</c> beside the listing that is kept.</summary>
public sealed class RulesCommandTests
{
    [Theory]
    [InlineData("x86", "vm/KVM_CREATE_VCPU")]
    [InlineData("riscv64", "vm/KVM_ENABLE_CAP(KVM_CAP_VM_GPA_BITS)")]
    public void The_weights_name_every_operation_that_is_drawn_and_add_up(string architecture, string operation)
    {
        Invocation rules = Invocation.Of("rules", "--weights", "--architecture", architecture);
        Assert.Equal(ExitStatus.Conforms, rules.Status);
        string[] lines = rules.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, l => l.StartsWith($"{architecture} {operation} weight ", StringComparison.Ordinal));
        double sum = lines.Sum(l => double.Parse(l.Split(", ")[1].Split(' ')[0], CultureInfo.InvariantCulture));
        Assert.InRange(sum, 99.0, 101.0);
    }
}
