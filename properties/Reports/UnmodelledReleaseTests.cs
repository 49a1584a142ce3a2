using KvmSpec.Model;
using KvmSpec.Model.X86;
using KvmSpec.Properties.Commands;
using KvmSpec.Properties.Traces;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Reports;

/// <summary>A kernel whose release is not modelled is checked against the nearest older one, and what it does otherwise says where it may come from.</summary>
public sealed class UnmodelledReleaseTests
{
    private const string Between = "6.17.13-stand-in";

    [Fact]
    public void What_a_newer_release_does_is_called_a_backport_of_the_next_that_does_it()
    {
        string report = Report(Between, Revisions.Linux618, out int status);
        Assert.Equal(ExitStatus.Diverges, status);
        Assert.Contains($"checked against revision 6.12 (the nearest older one: {Between} is not modelled)", report, StringComparison.Ordinal);
        Assert.Contains("KVM_SET_TSC_KHZ, decided by the target's tsc-frequency.before-vcpus, observed EINVAL", report, StringComparison.Ordinal);
        Assert.Contains("; as in 6.18 (backport?)", report, StringComparison.Ordinal);
        Assert.Contains("tsc-frequency/after-vcpus-6-12 failed: Until 6.12 vCPUs do not matter; as in 6.18 (backport?)", report, StringComparison.Ordinal);
        Assert.DoesNotContain("unexplained", report, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_release_does_is_called_unexplained()
    {
        string report = Report(Between, Plants.Find("planted:duplicate-vcpu", Revisions.Linux612)!, out int status);
        Assert.Equal(ExitStatus.Diverges, status);
        Assert.Contains("expected by create-vcpu.exists, observed success", report, StringComparison.Ordinal);
        Assert.Contains("; unexplained on an unmodelled release", report, StringComparison.Ordinal);
        Assert.DoesNotContain("backport", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_modelled_release_has_no_labels()
    {
        string report = Report("6.12.4", Revisions.Linux618, out int status);
        Assert.Equal(ExitStatus.Diverges, status);
        Assert.DoesNotContain("not modelled", report, StringComparison.Ordinal);
        Assert.DoesNotContain("backport", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_oldest_release_the_oldest_is_taken()
    {
        string report = Report("6.1.170", Revisions.Linux612, out int status);
        Assert.Equal(ExitStatus.Conforms, status);
        Assert.Contains("checked against revision 6.12 (the oldest one: 6.1.170 is not modelled, nor is anything before it)", report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_of_it_says_so_as_well()
    {
        using TraceFiles files = new();
        Assert.Contains("; as in 6.18 (backport?)", TraceReport(files, Between, Revisions.Linux618), StringComparison.Ordinal);
        Assert.Contains("; unexplained on an unmodelled release", TraceReport(files, Between, Plants.Find("planted:duplicate-vcpu", Revisions.Linux612)!), StringComparison.Ordinal);
        Assert.DoesNotContain("backport", TraceReport(files, "6.12.4", Revisions.Linux618), StringComparison.Ordinal);
    }

    [Fact]
    public void The_likeliest_origin_of_a_backport_is_tried_first()
    {
        Assert.Equal(["7.1", "7.2", "7.3", "6.12"], Revisions.Around(Revisions.Linux618).Select(r => r.Name));
        Assert.Equal(["7.2", "7.1", "6.18", "6.12"], Revisions.Around(Revisions.Linux73).Select(r => r.Name));
        Assert.All(Revisions.Releases, r => Assert.Equal(Revisions.Releases.Except([r]).ToHashSet(), Revisions.Around(r).ToHashSet()));
    }

    /// <summary>The report on a kernel that says it is one release and does as another.</summary>
    /// <param name="release">What it says.</param>
    /// <param name="behaving">What it does.</param>
    /// <param name="status">The check's exit status.</param>
    /// <param name="record">Where a trace is left, if anywhere.</param>
    private static string Report(string release, Revision behaving, out int status, string? record = null)
    {
        Host host = ModelHosts.For(behaving, X86Hosts.Amd) with { Release = release };
        using StringWriter output = new();
        status = CheckCommand.Check(output, new CheckRequest
        {
            Target = "model",
            Plan = CheckRequest.PlanOf("1", 300, 30, "1/1"),
            Excuses = Excuses.Load(null),
            Record = record,
        }, [new ModelTarget("stand-in", new Model.Model(behaving, host))], null);
        return output.ToString();
    }

    /// <summary>The report on a trace of such a kernel.</summary>
    private static string TraceReport(TraceFiles files, string release, Revision behaving)
    {
        string trace = files[$"{release}-{behaving.Name.Replace(':', '-')}.jsonl"];
        Report(release, behaving, out _, trace);
        Invocation invocation = Invocation.Of("check", "--trace", trace);
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        return invocation.Output;
    }
}
