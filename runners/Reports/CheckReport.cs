using System.Globalization;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Reports;

/// <summary>How a report is written.</summary>
public enum ReportFormat
{
    Text,
    Json,
}

/// <summary>
/// What a check found, for people and for programs. Two runs with the same seed on the same kernel write the same report,
/// byte for byte: times are no part of it.
/// </summary>
public sealed class CheckReport
{
    private readonly CheckRequest request;
    private readonly IReadOnlyList<ITarget> targets;
    private readonly Revision revision;
    private readonly bool exact;
    private readonly string? missing;
    private IReadOnlyList<CheckRun> runs = [];
    private IReadOnlyList<GroupReport> groups = [];
    private VectorTally? tally;

    /// <param name="request">What was asked.</param>
    /// <param name="targets">The target, or one model for each host that it stands in for.</param>
    /// <param name="revision">What it is checked against.</param>
    /// <param name="exact">False where the nearest older release, or the oldest, stands in for the target's own.</param>
    /// <param name="missing">Why there is no kernel, where none was found.</param>
    public CheckReport(CheckRequest request, IReadOnlyList<ITarget> targets, Revision revision, bool exact, string? missing)
    {
        this.request = request;
        this.targets = targets;
        this.revision = revision;
        this.exact = exact;
        this.missing = missing;
    }

    /// <summary>What was found of the planted faults, where no kernel was checked.</summary>
    public IReadOnlyList<(Revision Plant, GroupReport? Found)> Plants { get; set; } = [];

    /// <summary>Who is checked against what.</summary>
    public string FirstLine => missing is not null
        ? $"no kernel was checked ({missing}); the rules of {revision.Name} are checked against themselves"
        : $"{Target.Name}: {Kernel}{(targets.Count > 1 ? $" ({Architecture})" : $", {Architecture}")}, checked against revision {revision.Name}"
            + (exact ? "" : $" ({Revisions.StandingIn(revision, Target.Host.Release)})");

    public string DryRun =>
        $"would make {request.Plan.Own} sequences of up to {request.Plan.Longest} calls with seed {request.Plan.Seed}, shard {request.Plan.Shard + 1}/{request.Plan.Shards}";

    /// <summary>True where a group diverges that no excuse covers, or a vector fails.</summary>
    public bool Diverges => Own.Any() || tally is { Failed.Count: > 0 } || (missing is not null && Plants.Any(p => p.Found is null));

    private ITarget Target => targets[0];

    private IEnumerable<(string Clause, string Reason)> CannotShow => (Target as IPretends)?.CannotShow ?? [];

    private bool Interrupted => runs.Any(r => r.Interrupted);

    private IEnumerable<(Fact Fact, bool Holds, string By)> Settled => runs.SelectMany(r => r.Checker.Settled).Distinct();

    private string Architecture => string.Join(", ", targets.Select(t => HostNeeds.NameOf(t.Host.Architecture)).Distinct());

    /// <summary>What answers, for people.</summary>
    public string Kernel => Target is ModelTarget ? $"a model on host{(targets.Count > 1 ? "s" : "")} {string.Join(", ", targets.Select(t => t.Host.Name))}"
        : $"Linux {Target.Host.Release} ({(Target.Host.BackEnd.Length > 0 ? Target.Host.BackEnd : HostNeeds.NameOf(Target.Host.Architecture))})";

    private IEnumerable<GroupReport> Asked => groups.Where(g => request.Concerns(g.First.Group.Clause))
        .OrderBy(g => g.First.Group.Ioctl, StringComparer.Ordinal).ThenBy(g => g.First.Group.Clause, StringComparer.Ordinal)
        .ThenBy(g => g.First.Group.Observed, StringComparer.Ordinal);

    private IEnumerable<GroupReport> Own => Asked.Where(g => !request.Excuses.List.Any(e => e.Covers(g.First.Group)));

    /// <summary>Takes the finished runs, one for each target.</summary>
    public void Finish(IReadOnlyList<CheckRun> finished)
    {
        ArgumentNullException.ThrowIfNull(finished);
        runs = finished;
        tally = VectorTally.Merge(finished.Select(r => r.Tally));
        groups = [.. finished.SelectMany(r => r.Groups).GroupBy(g => g.First.Group).Select(GroupReport.Merge)];
    }

    /// <summary>Writes the report to its file or, but for the first line, to the output.</summary>
    public void Write(TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        string text = request.Format == ReportFormat.Json ? Json() : Text();
        if (request.Output is null)
        {
            output.Write(text);
            return;
        }

        WholeFile.Write(request.Output, request.Format == ReportFormat.Json ? text : FirstLine + Environment.NewLine + text);
    }

    private string Text()
    {
        StringWriter text = new();
        int number = 0;
        foreach (GroupReport group in Own)
        {
            DivergenceText.Write(text, group, ++number, Own.Count(), request, manyHosts: targets.Count > 1);
        }

        if (tally is not null)
        {
            VectorText.Write(text, tally);
        }

        if (number > 0)
        {
            text.WriteLine();
        }

        RowTable.Write(text, Rows());
        foreach ((Revision plant, GroupReport? found) in Plants)
        {
            text.WriteLine();
            text.WriteLine($"{plant.Name}: {plant.Title}");
            if (found is null)
            {
                text.WriteLine("  NOT FOUND");
                continue;
            }

            text.WriteLine($"  found in {found.Count} sequences, the shortest:");
            DivergenceText.WriteSequence(text, found.Smallest, found.Model);
        }

        return text.ToString();
    }

    private IEnumerable<(string What, string Value)> Rows()
    {
        KeyValuePair<string, long>[] decided = [.. Decided().Where(d => request.Concerns(d.Key))];
        yield return ("rules decided", $"{decided.Count(d => d.Value > 0)} of {decided.Length}");
        foreach ((string what, string value) in tally is not null ? VectorText.Rows(tally) : [])
        {
            yield return (what, value);
        }

        yield return ("sequences", RowTable.Number(runs.Sum(r => r.Sequences)) + (Interrupted ? " (interrupted)" : ""));
        yield return ("calls", RowTable.Number(runs.Sum(r => r.Checker.Calls)));
        yield return ("out of resources", RowTable.Number(runs.Sum(r => r.Checker.OutOfResources)));
        yield return ("left open", RowTable.Number(runs.Sum(r => r.Checker.LeftOpen)));
        yield return ("errno order notices", RowTable.Number(runs.Sum(r => r.Checker.Notices)));
        yield return ("facts settled", !Settled.Any() ? "none" : string.Join("; ", Settled.Select(s => $"{s.Fact} is {(s.Holds ? "so" : "not so")} (by {s.By})")));
        foreach ((string clause, string reason) in CannotShow)
        {
            yield return ("cannot be shown", $"{clause}: {reason}");
        }

        yield return ("divergence groups", Own.Count().ToString(CultureInfo.InvariantCulture));
        foreach (Excuse excuse in request.Excuses.List)
        {
            long count = groups.Where(g => excuse.Covers(g.First.Group)).Sum(g => g.Count);
            yield return ("excused", $"{excuse.Ioctl} / {excuse.Clause} / {excuse.Observed}: {(count == 0 ? "no longer occurs, remove the excuse" : $"{count} times")} ({excuse.Reason})");
        }
    }

    /// <summary>How often each clause of the revision decided, on all hosts.</summary>
    private SortedDictionary<string, long> Decided()
    {
        SortedDictionary<string, long> decided = new(StringComparer.Ordinal);
        foreach (Checker checker in runs.Select(r => r.Checker))
        {
            foreach (IGrouping<string, Model.Rule> clause in checker.Model.Book.Placements.Select(p => p.Rule).GroupBy(r => r.Id))
            {
                decided[clause.Key] = decided.GetValueOrDefault(clause.Key) + clause.Distinct().Sum(checker.Decided);
            }
        }

        return decided;
    }

    private string Json()
    {
        return JsonSerializer.Serialize(
            new
            {
                target = Target.Name,
                hosts = targets.Select(t => t.Host.Name),
                kernel = missing is null ? Kernel : null,
                missing,
                revision = revision.Name,
                modelled = exact,
                seed = request.Plan.Seed,
                vectors = tally is not null ? VectorText.Json(tally) : null,
                sequences = runs.Sum(r => r.Sequences),
                calls = runs.Sum(r => r.Checker.Calls),
                outOfResources = runs.Sum(r => r.Checker.OutOfResources),
                leftOpen = runs.Sum(r => r.Checker.LeftOpen),
                notices = runs.Sum(r => r.Checker.Notices),
                interrupted = Interrupted,
                decided = Decided(),
                settled = Settled.Select(s => new { fact = s.Fact.Name, holds = s.Holds, by = s.By }),
                cannotShow = CannotShow.Select(c => new { clause = c.Clause, reason = c.Reason }),
                groups = Asked.Select(g => new
                {
                    ioctl = g.First.Group.Ioctl,
                    clause = g.First.Group.Clause,
                    observed = g.First.Group.Observed,
                    finding = g.First.Group.Finding.Words(),
                    count = g.Count,
                    origin = g.Origin,
                    foundBy = g.FoundBy,
                    foundAfter = g.FoundAfter,
                    label = g.Label,
                    excuse = request.Excuses.List.FirstOrDefault(e => e.Covers(g.First.Group))?.Reason,
                    printed = g.Smallest.Printed,
                    calls = DivergenceText.Lines(g.Smallest, g.Model),
                }),
                plants = Plants.Select(p => new { plant = p.Plant.Name, found = p.Found is not null, calls = p.Found is null ? [] : DivergenceText.Lines(p.Found.Smallest, p.Found.Model) }),
            },
            RowTable.Indented) + Environment.NewLine;
    }
}
