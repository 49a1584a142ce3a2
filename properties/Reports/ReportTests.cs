using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Reports;

/// <summary>How a report of a check reads.</summary>
public sealed class ReportTests
{
    private const int LongestGroup = 40;

    public static TheoryData<string> Plants => [.. Runners.Checking.Plants.All.Select(p => p.Name)];

    [Fact]
    public async Task A_report_of_a_planted_fault()
    {
        Invocation invocation = Invocation.Of("check", "--target", "planted:vcpu-uncounted", "--sequences", "2000");
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        Assert.Empty(invocation.Errors);
        await Verifier.Verify(invocation.Output);
    }

    [Fact]
    public void A_replay_finds_the_same()
    {
        string[] options = ["--target", "planted:late-ring", "--host", "x86-intel", "--strictness", "exact", "--what-if", "memslots=8"];
        string report = Invocation.Of(["check", "--sequences", "500", .. options]).Output;
        string replay = report.Split(Environment.NewLine).First(line => line.Contains("replay:", StringComparison.Ordinal));
        string[] words = replay.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(options, words[3..^2]);
        Invocation again = Invocation.Of(words[2..]);
        Assert.Equal(ExitStatus.Diverges, again.Status);
        Assert.Contains(replay, again.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Plants))]
    public void A_group_is_told_in_forty_lines(string plant)
    {
        string output = Invocation.Of("check", "--target", plant, "--sequences", "500").Output;
        string blank = Environment.NewLine + Environment.NewLine;
        string[] groups = [.. output.Split(blank).Where(g => g.StartsWith("divergence ", StringComparison.Ordinal))];
        Assert.NotEmpty(groups);
        Assert.All(groups, group => Assert.InRange(group.Split(Environment.NewLine).Length, 1, LongestGroup - 1));
    }
}
