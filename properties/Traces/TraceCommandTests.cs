using KvmSpec.Properties.Commands;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Commands;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Traces;

/// <summary>Records and their checks on the command line: what is printed, what is left in the directory.</summary>
public sealed class TraceCommandTests
{
    [Fact]
    public async Task A_report_of_a_trace()
    {
        using TraceFiles files = new();
        string trace = files.Record("planted:vcpu-uncounted", "--sequences", "400");
        Invocation invocation = Invocation.Of("check", "--trace", trace, "--clause", "create-vcpu.*");
        Assert.Empty(invocation.Errors);
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        await Verifier.Verify(invocation.Output.Replace(trace, "FILE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_trace_of_somebody_elses_recorder()
    {
        Invocation invocation = Invocation.Of("check", "--trace", TraceFiles.Example, "--strictness", "exact");
        Assert.Empty(invocation.Errors);
        Assert.Equal(ExitStatus.Conforms, invocation.Status);
        await Verifier.Verify(invocation.Output.Replace(TraceFiles.Example, "FILE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record()
    {
        using TraceFiles files = new();
        await Verifier.Verify(File.ReadAllText(files.Record("model", "--sequences", "2", "--length", "12")));
    }

    [Fact]
    public void A_model_s_own_trace_conforms()
    {
        using TraceFiles files = new();
        string trace = files.Record("model", "--sequences", "300", "--length", "25");
        Invocation invocation = Invocation.Of("check", "--trace", trace, "--strictness", "exact");
        Assert.Equal(ExitStatus.Conforms, invocation.Status);
        Assert.Contains("  divergence groups                  0", invocation.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("expected by", invocation.Output, StringComparison.Ordinal);
        Assert.Equal(["0.jsonl"], files.Names);
    }

    [Fact]
    public void A_planted_fault_is_found_at_its_line()
    {
        using TraceFiles files = new();
        string trace = files.Record("planted:duplicate-vcpu", "--sequences", "300");
        Invocation invocation = Invocation.Of("check", "--trace", trace);
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        Assert.Contains("  KVM_CREATE_VCPU, expected by create-vcpu.exists, observed a descriptor", invocation.Output, StringComparison.Ordinal);
        string first = $"the first at {trace}:";
        string place = invocation.Output[(invocation.Output.IndexOf(first, StringComparison.Ordinal) + first.Length)..];
        int line = int.Parse(place[..place.IndexOf(',', StringComparison.Ordinal)]);
        Assert.Contains("\"ioctl\":\"KVM_CREATE_VCPU\"", File.ReadLines(trace).ElementAt(line - 1), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sequence_has_the_name_that_replays_it()
    {
        using TraceFiles files = new();
        string trace = files.Record("planted:duplicate-vcpu", "--host", "x86-amd", "--vectors", Golden.Directory, "--sequences", "300");
        string[] names = [.. File.ReadLines(trace).Where(l => l.StartsWith("{\"sequence\":", StringComparison.Ordinal)).Select(l => l.Split('"')[3])];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Equal(300, names.Count(n => n.Contains(':', StringComparison.Ordinal)));
        Assert.Contains("create-vcpu/id/exists", names);
        Assert.Contains(" of sequence create-vcpu/", Invocation.Of("check", "--trace", trace).Output, StringComparison.Ordinal);
        Assert.Equal(ExitStatus.Conforms, Invocation.Of("check", "--target", "model", "--host", "x86-amd", "--replay", names[^1]).Status);
    }

    [Fact]
    public void An_excused_divergence_is_none()
    {
        using TraceFiles files = new();
        string trace = files.Record("planted:duplicate-vcpu", "--sequences", "300");
        File.WriteAllText(files["excuses.yaml"], "- { ioctl: KVM_CREATE_VCPU, clause: create-vcpu.exists, observed: a descriptor, reason: planted }\n");
        Assert.Equal(ExitStatus.Conforms, Invocation.Of("check", "--trace", trace, "--excuses", files["excuses.yaml"]).Status);
    }

    [Fact]
    public void A_report_goes_to_a_file()
    {
        using TraceFiles files = new();
        Assert.Empty(Invocation.Of("check", "--trace", TraceFiles.Example, "--output", files["report"]).Output);
        Assert.StartsWith($"trace {TraceFiles.Example}: Linux 7.3.4 (kvm-amd), x86, checked against revision 7.3{Environment.NewLine}", File.ReadAllText(files["report"]), StringComparison.Ordinal);
        Assert.Equal(["report"], files.Names);
    }

    [Fact]
    public void A_file_is_never_recorded_over()
    {
        using TraceFiles files = new();
        string file = files.Write("precious");
        Invocation invocation = Invocation.Of("check", "--target", "model", "--record", file);
        Assert.Equal((ExitStatus.BadRequest, $"kvmspec: --record {file}: is there already: remove it or give another name{Environment.NewLine}"), (invocation.Status, invocation.Errors));
        Assert.Equal("precious\n", File.ReadAllText(file));
    }

    [Fact]
    public void A_record_that_grows_is_left_alone()
    {
        using TraceFiles files = new();
        File.WriteAllText(files["r.jsonl.partial"], "");
        Invocation invocation = Invocation.Of("check", "--target", "model", "--sequences", "1", "--vectors", "none", "--record", files["r.jsonl"]);
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.Contains("is there: another run is recording, or one was killed; then remove it", invocation.Errors, StringComparison.Ordinal);
        Assert.Equal(["r.jsonl.partial"], files.Names);
    }

    [Fact]
    public void A_record_that_cannot_be_written_is_refused()
    {
        using TraceFiles files = new();
        Invocation invocation = Invocation.Of("check", "--target", "model", "--record", files["nowhere/r.jsonl"]);
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.StartsWith($"kvmspec: --record {files["nowhere/r.jsonl"]}: ", invocation.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_records_nothing()
    {
        using TraceFiles files = new();
        Assert.Equal(ExitStatus.Conforms, Invocation.Of("check", "--target", "model", "--dry-run", "--record", files["r.jsonl"]).Status);
        Assert.Empty(files.Names);
    }
}
