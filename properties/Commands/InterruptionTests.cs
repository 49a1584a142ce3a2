using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary>A run that is told to end: what was found is reported, and files are whole.</summary>
public sealed class InterruptionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec-").FullName;

    private string Report => Path.Combine(directory, "report.json");

    private string Record => Path.Combine(directory, "record.jsonl");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>SIGINT and SIGHUP do the same, but stay ignored in what a shell runs in the background, as these tests may be.</summary>
    [Fact]
    public void A_signal_ends_a_check_with_whole_files()
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            typeof(CommandLine).Assembly.Location, "check", "--target", "model", "--host", "x86-amd", "--vectors", "none", "--sequences", "1000000000",
            "--format", "json", "--output", Report, "--record", Record,
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process check = Process.Start(start)!;
        try
        {
            Assert.True(SpinWait.SpinUntil(() => check.HasExited || (new FileInfo(Record + ".partial") is { Exists: true, Length: > 100_000 }), Patience), "the check did not begin");
            using (Process kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {check.Id}"]))
            {
                kill.WaitForExit();
            }

            Assert.True(check.WaitForExit(Patience), "the signal did not end the check");
        }
        finally
        {
            if (!check.HasExited)
            {
                check.Kill();
            }
        }

        Assert.Equal("", check.StandardError.ReadToEnd());
        Assert.Equal("", check.StandardOutput.ReadToEnd());
        Assert.Equal(ExitStatus.Interrupted, check.ExitCode);
        Assert.Equal([Record, Report], Directory.GetFiles(directory).Order(StringComparer.Ordinal));
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(Report));
        Assert.True(report.RootElement.GetProperty("interrupted").GetBoolean());
        Invocation again = Invocation.Of("check", "--trace", Record, "--format", "json");
        Assert.Equal(ExitStatus.Conforms, again.Status);
        using JsonDocument checkedTrace = JsonDocument.Parse(again.Output);
        Assert.Equal(report.RootElement.GetProperty("sequences").GetInt64(), checkedTrace.RootElement.GetProperty("sequences").GetInt64());
    }

    [Fact]
    public void A_second_signal_ends_the_program_at_once()
    {
        int abandoned = 0;
        using Cancellation stop = new() { Abandon = () => abandoned++ };
        PosixSignalContext first = new(PosixSignal.SIGINT);
        stop.Requested(first);
        Assert.True(first.Cancel);
        Assert.True(stop.Token.IsCancellationRequested);
        Assert.Equal(0, abandoned);
        PosixSignalContext second = new(PosixSignal.SIGTERM);
        stop.Requested(second);
        Assert.False(second.Cancel);
        Assert.Equal(1, abandoned);
    }
}
