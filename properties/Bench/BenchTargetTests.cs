using System.Globalization;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Bench;

/// <summary><c>kvmspec bench --target</c>.</summary>
public sealed class BenchTargetTests
{
    private const int FigureAt = 46;
    private const int FigureWidth = 13;

    [Theory]
    [InlineData("model")]
    [InlineData("revision:riscv-hgatp-mode-v2")]
    public void Every_figure_of_a_target_is_printed_once(string target)
    {
        Invocation bench = Invocation.Of(["bench", "--target", target, "--seconds", "0.02"]);
        Assert.Equal(ExitStatus.Conforms, bench.Status);
        Assert.Empty(bench.Errors);
        foreach (string figure in (string[])["VMs with a vCPU", "ioctls within a sequence", "sequences of up to 30 calls, checked", "ioctls of these", "processor time"])
        {
            string line = Assert.Single(bench.Output.Split('\n'), l => l.Contains(figure, StringComparison.Ordinal));
            Assert.True(double.TryParse(line.AsSpan(FigureAt, FigureWidth), NumberStyles.Number, CultureInfo.InvariantCulture, out _), line);
        }
    }

    [Theory]
    [InlineData(ExitStatus.BadRequest, "target nothing:x: unknown; give local, guest:NAME", "--target", "nothing:x")]
    [InlineData(ExitStatus.BadRequest, "--kernel: give the guest that boots it as the target, guest:NAME", "--kernel", "Image")]
    [InlineData(ExitStatus.NoTarget, "guest nowhere: unknown; there are x86-64, ", "--target", "guest:nowhere")]
    public void A_target_that_cannot_be_measured_is_refused_in_a_line(int status, string problem, params string[] args)
    {
        Invocation refused = Invocation.Of(["bench", .. args]);
        Assert.Equal(status, refused.Status);
        Assert.Empty(refused.Output);
        Assert.Single(refused.Errors.Trim().Split('\n'));
        Assert.Contains(problem, refused.Errors, StringComparison.Ordinal);
    }
}
