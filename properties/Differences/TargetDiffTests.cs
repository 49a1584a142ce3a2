using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Model.X86;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Differences;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Differences;

/// <summary><c>kvmspec diff</c> of two targets.</summary>
public sealed class TargetDiffTests
{
    private static readonly string[] Short = ["--host", "x86-amd", "--sequences", "500"];

    [Fact]
    public async Task A_report_of_two_targets()
    {
        Invocation diff = Invocation.Of(["diff", "model", "planted:late-ring", .. Short]);
        Assert.Equal(ExitStatus.Diverges, diff.Status);
        Assert.Empty(diff.Errors);
        await Verifier.Verify(diff.Output);
    }

    [Fact]
    public void A_capability_given_as_a_number_is_named()
    {
        using ModelTarget first = new("model", new Model.Model(Revisions.Linux73, X86Hosts.Amd));
        using ModelTarget second = new("planted", new Model.Model(Plants.Find("planted:late-ring", Revisions.Linux73)!, X86Hosts.Amd));
        Book book = first.Model.Book;
        Call vm = new(book.Operations.First(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) };
        Call vcpu = new(book.Operations.First(o => o.Creates == DescriptorKind.Vcpu), vm.As) { As = new Handle(DescriptorKind.Vcpu, 0) };
        Call ring = new(book.Operations.First(o => o.Ioctl == Ioctls.EnableCap.Ioctl && o.On == DescriptorKind.Vm && o.Case is null), vm.As);
        ring.Words[ring.Operation.Ioctl!.Selector!.Index] = book.Number(Capabilities.DIRTY_LOG_RING);
        ring.Words[ring.Operation.Fields.First(f => f.Name == "args0").Index] = 4096;
        TargetComparison comparison = new(first, second, first.Model);
        comparison.One([vm, vcpu, ring], "number");
        string report = new ComparisonReport(ComparedTarget.Of(first), ComparedTarget.Of(second), new SequencePlan(1, 1, 3), comparison).Text();
        Assert.Contains("difference 1 of 1: KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING), ", report, StringComparison.Ordinal);
        Assert.Contains("- { on: vm0, ioctl: KVM_ENABLE_CAP, cap: KVM_CAP_DIRTY_LOG_RING, args0: 4096 }", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_targets_that_answer_alike_conform()
    {
        Invocation diff = Invocation.Of(["diff", "model", "revision:7.3", .. Short]);
        Assert.Equal(ExitStatus.Conforms, diff.Status);
        Assert.Contains("difference groups      0", diff.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_for_programs_holds_every_group_with_what_both_answered()
    {
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Invocation diff = Invocation.Of(["diff", "model", "revision:6.12", .. Short, "--format", "json", "--output", file]);
            Assert.Equal(ExitStatus.Diverges, diff.Status);
            Assert.Empty(diff.Output);
            using JsonDocument report = JsonDocument.Parse(File.ReadAllText(file));
            Assert.Equal("7.3", report.RootElement.GetProperty("first").GetProperty("revision").GetString());
            Assert.Equal("6.12", report.RootElement.GetProperty("second").GetProperty("revision").GetString());
            Assert.Equal(500, report.RootElement.GetProperty("sequences").GetInt64());
            Assert.NotEmpty(report.RootElement.GetProperty("groups").EnumerateArray());
            Assert.All(report.RootElement.GetProperty("groups").EnumerateArray(), group =>
            {
                Assert.True(group.GetProperty("first").GetProperty("covered").GetBoolean());
                Assert.True(group.GetProperty("second").GetProperty("covered").GetBoolean());
                Assert.True(group.GetProperty("detail").GetString() is not null
                    || group.GetProperty("first").GetProperty("answered").GetString() != group.GetProperty("second").GetProperty("answered").GetString());
                Assert.NotEmpty(group.GetProperty("calls").EnumerateArray());
            });
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(ExitStatus.BadRequest, "diff 7.3 model: one is a revision and one a target; give two of a kind", "diff", "7.3", "model")]
    [InlineData(ExitStatus.BadRequest, "diff model planted:late-ring: both are models, give the host that they stand in for with --host: x86-amd, ", "diff", "model", "planted:late-ring")]
    [InlineData(ExitStatus.BadRequest, "--host x86-amd: goes with two models", "diff", "model", "guest:nowhere", "--host", "x86-amd")]
    [InlineData(ExitStatus.BadRequest, "diff 7.3 7.2: --seed goes with two targets", "diff", "7.3", "7.2", "--seed", "2")]
    [InlineData(ExitStatus.BadRequest, "diff qemu-walker:rv64 model: qemu-walker:rv64 walks pages and takes no calls", "diff", "qemu-walker:rv64", "model")]
    [InlineData(ExitStatus.BadRequest, "target revision:riscv-hgatp-mode-v2: riscv-hgatp-mode-v2 has no rules for x86", "diff", "revision:riscv-hgatp-mode-v2", "model", "--host", "x86-amd")]
    [InlineData(ExitStatus.BadRequest, "--kernel: give the guest that boots it as the target, guest:NAME", "diff", "model", "model", "--host", "x86-amd", "--kernel", "Image")]
    [InlineData(ExitStatus.BadRequest, "--base-kernel: give the guest that boots it as A, guest:NAME", "diff", "model", "guest:riscv64", "--base-kernel", "Image")]
    [InlineData(ExitStatus.BadRequest, "--base-modules: give the kernel they belong to with --base-kernel", "diff", "guest:riscv64", "guest:riscv64", "--base-modules", "modules")]
    [InlineData(ExitStatus.BadRequest, "--sequences 0: nothing is left to compare", "diff", "model", "model", "--host", "x86-amd", "--sequences", "0")]
    [InlineData(ExitStatus.BadRequest, "target nothing:x: unknown; give local, guest:NAME", "diff", "nothing:x", "model")]
    [InlineData(ExitStatus.NoTarget, "guest nowhere: unknown; there are x86-64, ", "diff", "guest:nowhere", "model")]
    public void What_cannot_be_compared_is_refused_in_a_line(int status, string problem, params string[] args)
    {
        Invocation refused = Invocation.Of(args);
        Assert.Equal(status, refused.Status);
        Assert.Empty(refused.Output);
        Assert.Single(refused.Errors.Trim().Split('\n'));
        Assert.Contains(problem, refused.Errors, StringComparison.Ordinal);
    }
}
