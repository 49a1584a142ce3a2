using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Differences;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Reports;

/// <summary>
/// What two targets answered differently, for people and for programs: every group, and whether the rules of each target's
/// own release cover its answer.
/// </summary>
public sealed class ComparisonReport(ComparedTarget first, ComparedTarget second, SequencePlan plan, TargetComparison comparison)
{
    private const int LongestShown = 20;

    /// <summary>What is compared.</summary>
    public string FirstLine =>
        $"{first.Target.Name}: {Kernel(first)}; {second.Target.Name}: {Kernel(second)}; the same sequences on both, in the words of {first.Model.Revision}";

    private IEnumerable<Shown> Groups => comparison.Groups
        .OrderBy(g => g.Smallest.Group.Ioctl, StringComparer.Ordinal).ThenBy(g => g.Smallest.Group.First, StringComparer.Ordinal).ThenBy(g => g.Smallest.Group.Second, StringComparer.Ordinal)
        .Select(g => new Shown(g, first.Explain(g.Smallest.Sequence, g.Smallest.ByFirst), second.Explain(g.Smallest.Sequence, g.Smallest.BySecond)));

    /// <summary>The report without its first line.</summary>
    public string Text()
    {
        StringWriter text = new();
        Shown[] groups = [.. Groups];
        for (int i = 0; i < groups.Length; i++)
        {
            Write(text, groups[i], $"difference {i + 1} of {groups.Length}");
        }

        text.WriteLine();
        RowTable.Write(text,
        [
            ("sequences", RowTable.Number(comparison.Sequences) + (comparison.Interrupted ? " (interrupted)" : "")),
            ("calls answered alike", RowTable.Number(comparison.Calls)),
            ("difference groups", RowTable.Number(groups.Length)),
            ("as the rules say", RowTable.Number(groups.Count(g => g.Covered))),
            ("varying by itself", RowTable.Number(groups.Count(g => g.Group.Varying.Count > 0))),
        ]);
        return text.ToString();
    }

    /// <summary>The report for programs.</summary>
    public string Json() => JsonSerializer.Serialize(
        new
        {
            first = Side(first),
            second = Side(second),
            seed = plan.Seed,
            sequences = comparison.Sequences,
            alike = comparison.Calls,
            interrupted = comparison.Interrupted,
            groups = Groups.Select(g => new
            {
                ioctl = g.Group.Smallest.Group.Ioctl,
                first = new { answered = g.Group.Smallest.Group.First, covered = g.First.Covered, rule = g.First.Says },
                second = new { answered = g.Group.Smallest.Group.Second, covered = g.Second.Covered, rule = g.Second.Says },
                detail = g.Group.Smallest.Detail,
                varying = g.Group.Varying,
                printed = g.Group.Smallest.Printed,
                count = g.Group.Count,
                origin = g.Group.Origin,
                calls = Lines(g.Group.Smallest),
            }),
        },
        RowTable.Indented) + Environment.NewLine;

    private void Write(TextWriter text, Shown shown, string title)
    {
        DifferenceReport group = shown.Group;
        text.WriteLine();
        text.WriteLine($"{title}: {group.Smallest.Group.Ioctl}, {(shown.Covered ? "as the rules say" : "not covered by the rules")}");
        text.WriteLine($"  in {RowTable.Number(group.Count)} sequence{(group.Count == 1 ? "" : "s")}; the first, {group.Origin}, shrank to {group.Smallest.Sequence.Length} call{(group.Smallest.Sequence.Length == 1 ? "" : "s")}");
        string[] lines = Lines(group.Smallest);
        foreach (string line in lines.Length <= LongestShown ? lines : [$"... {lines.Length - LongestShown} calls", .. lines[^LongestShown..]])
        {
            text.WriteLine("    - " + line);
        }

        text.WriteLine($"  {first.Target.Name}: {group.Smallest.Group.First}, {shown.First.Says}");
        text.WriteLine($"  {second.Target.Name}: {group.Smallest.Group.Second}, {shown.Second.Says}");
        if (group.Smallest.Detail is { } detail)
        {
            text.WriteLine($"  left behind: {detail}");
        }

        foreach (string line in DivergenceText.Printed(group.Smallest.Printed))
        {
            text.WriteLine("  " + line);
        }

        if (group.Varying.Count > 0)
        {
            text.WriteLine($"  varies: {string.Join(" and ", group.Varying)} answered otherwise when asked again, so that this tells nothing of the kernels");
        }
    }

    /// <summary>The calls as a vector's, in the first target's names, all but the last with what both answered.</summary>
    private string[] Lines(Difference difference)
    {
        Call[] calls = first.Model.Named(difference.Sequence.Calls);
        return [.. calls.Select((call, i) => i == difference.At ? CallText.Write(call) : CallText.Write(call, "must: " + OutcomeText.Of(difference.ByFirst[i], call)))];
    }

    private static object Side(ComparedTarget side) => new { target = side.Target.Name, kernel = Kernel(side), revision = side.Model.Revision.Name };

    private static string Kernel(ComparedTarget side) => side.Target is ModelTarget ? $"a model on host {side.Target.Host.Name}"
        : $"Linux {side.Target.Host.Release} ({(side.Target.Host.BackEnd.Length > 0 ? side.Target.Host.BackEnd : HostNeeds.NameOf(side.Target.Host.Architecture))})";

    private sealed record Shown(DifferenceReport Group, RuleView First, RuleView Second)
    {
        public bool Covered => First.Covered && Second.Covered;
    }
}
