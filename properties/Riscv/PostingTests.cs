using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Riscv;

/// <summary>What the postings' code fails to keep of their own promises, and what changed in meaning.</summary>
public sealed class PostingTests
{
    /// <summary>Each defect of v2 that a call can show, one group each, shrunk.</summary>
    [Fact]
    public async Task What_v2_fails_to_keep()
    {
        Invocation report = Invocation.Of("check", "--target", "revision:riscv-hgatp-mode-v2", "--revision", "riscv-hgatp-mode-v2.promised",
            "--vectors", "none", "--sequences", "2000");
        Assert.Equal(ExitStatus.Diverges, report.Status);
        Assert.Empty(report.Errors);
        await Verifier.Verify(report.Output);
    }

    /// <summary>Where a crash is expected and does not come, that is shrunk too.</summary>
    [Fact]
    public void A_crash_that_does_not_come_is_shrunk()
    {
        Invocation report = Invocation.Of("check", "--target", "revision:riscv-hgatp-mode-v7.promised", "--revision", "riscv-hgatp-mode-v7",
            "--host", "riscv64-sv57", "--vectors", "none", "--sequences", "2000", "--clause", "riscv.hgatp-mode.check-without-vm");
        Assert.Equal(ExitStatus.Diverges, report.Status);
        Assert.Contains("shrank to 1 ", report.Output, StringComparison.Ordinal);
    }

    /// <summary>Beside the time, which no test holds: in how many calls each defect shows.</summary>
    [Fact]
    public void How_soon_defects_are_found_is_measured()
    {
        Invocation bench = Invocation.Of("bench", "--defects", "riscv-hgatp-mode-v8");
        Assert.Equal(ExitStatus.Conforms, bench.Status);
        Assert.Collection(bench.Output.Split('\n').Where(l => l.StartsWith("  ", StringComparison.Ordinal)),
            defect => Assert.StartsWith("  riscv.gpa-bits.downsize, success ", defect, StringComparison.Ordinal),
            defect => Assert.StartsWith("  memslot.gpa-size, EFAULT ", defect, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("riscv-hgatp-mode-v2", "mainline")]
    [InlineData("riscv-hgatp-mode-v2", "riscv-hgatp-mode-v2.promised")]
    [InlineData("riscv-hgatp-mode-v8", "riscv-hgatp-mode-v8.promised")]
    public async Task What_stands_between(string one, string other)
    {
        Invocation diff = Invocation.Of("diff", one, other);
        Assert.Equal(ExitStatus.Diverges, diff.Status);
        await Verifier.Verify(diff.Output).UseFileName($"diff.{one}.{other}");
    }

    /// <summary>v7 went back to another way to probe modes, which userspace cannot see.</summary>
    [Fact]
    public void Postings_that_no_call_tells_apart_are_said_to_be_so()
    {
        Invocation diff = Invocation.Of("diff", "riscv-hgatp-mode-v6", "riscv-hgatp-mode-v7");
        Assert.Equal(ExitStatus.Conforms, diff.Status);
        Assert.Contains("no call tells them apart", diff.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("revision v9: unknown; there are ", "diff", "v9", "mainline")]
    [InlineData("diff arm64-gicv5-posted-v5 riscv-hgatp-mode-v2: no architecture in common: ", "diff", "arm64-gicv5-posted-v5", "riscv-hgatp-mode-v2")]
    [InlineData("host riscv64-sv64: unknown; there are ", "check", "--target", "revision:riscv-hgatp-mode-v2", "--host", "riscv64-sv64")]
    [InlineData("--defects v9: no posting begins so; there are riscv-hgatp-mode-v2, riscv-hgatp-mode-v3, ", "bench", "--defects", "v9")]
    [InlineData("search arm: unknown; there are riscv64, riscv64-mode", "search", "arm")]
    [InlineData("search riscv64-mode: 7.3 on x86-amd is about another architecture", "search", "riscv64-mode", "--host", "x86-amd")]
    [InlineData("--host x86-amd: riscv-hgatp-mode-v2 and riscv-hgatp-mode-v2.promised are about riscv64, riscv32", "check", "--target", "revision:riscv-hgatp-mode-v2",
        "--revision", "riscv-hgatp-mode-v2.promised", "--host", "x86-amd")]
    public void A_pair_or_host_that_does_not_fit_is_refused_in_a_line(string problem, params string[] args)
    {
        Invocation refused = Invocation.Of(args);
        Assert.Equal(ExitStatus.BadRequest, refused.Status);
        Assert.Single(refused.Errors.Trim().Split('\n'));
        Assert.Contains(problem, refused.Errors, StringComparison.Ordinal);
    }
}
