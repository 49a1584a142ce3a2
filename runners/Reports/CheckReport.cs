using System.Globalization;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;

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
    private readonly ITarget target;
    private readonly Revision revision;
    private readonly bool exact;
    private readonly string? missing;
    private CheckRun? run;

    public CheckReport(CheckRequest request, ITarget target, Revision revision, bool exact, string? missing)
    {
        this.request = request;
        this.target = target;
        this.revision = revision;
        this.exact = exact;
        this.missing = missing;
    }

    /// <summary>What was found of the planted faults, where no kernel was checked.</summary>
    public IReadOnlyList<(Revision Plant, GroupReport? Found)> Plants { get; set; } = [];

    /// <summary>Who is checked against what.</summary>
    public string FirstLine => missing is not null
        ? $"no kernel was checked ({missing}); the rules of {revision.Name} are checked against themselves"
        : $"{target.Name}: {Kernel}, {target.Host.Architecture.ToString().ToLowerInvariant()}, checked against revision {revision.Name}"
            + (exact ? "" : $" (the nearest older one: {target.Host.Release} is not modelled)");

    public string DryRun =>
        $"would make {request.Plan.Own} sequences of up to {request.Plan.Longest} calls with seed {request.Plan.Seed}, shard {request.Plan.Shard + 1}/{request.Plan.Shards}";

    /// <summary>True where a group diverges that no excuse covers, or a vector fails.</summary>
    public bool Diverges => Own.Any() || run!.Tally is { Failed.Count: > 0 } || (missing is not null && Plants.Any(p => p.Found is null));

    /// <summary>What answers, for people.</summary>
    public string Kernel => target is ModelTarget ? $"a model on host {target.Host.Name}"
        : $"Linux {target.Host.Release}{(target.Host.BackEnd.Length > 0 ? $" ({target.Host.BackEnd})" : "")}";

    private IEnumerable<GroupReport> Asked => run!.Groups.Where(g => request.Concerns(g.First.Group.Clause))
        .OrderBy(g => g.First.Group.Ioctl, StringComparer.Ordinal).ThenBy(g => g.First.Group.Clause, StringComparer.Ordinal)
        .ThenBy(g => g.First.Group.Observed, StringComparer.Ordinal);

    private IEnumerable<GroupReport> Own => Asked.Where(g => !request.Excuses.List.Any(e => e.Covers(g.First.Group)));

    /// <summary>Takes the finished run.</summary>
    public void Finish(CheckRun finished) => run = finished;

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
            DivergenceText.Write(text, group, ++number, Own.Count(), run!.Checker.Model, request);
        }

        if (run!.Tally is { } tally)
        {
            VectorText.Write(text, tally);
        }

        if (number > 0)
        {
            text.WriteLine();
        }

        RowTable.Write(text, Rows(run!.Checker));
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
            DivergenceText.WriteSequence(text, found.Smallest, run!.Checker.Model);
        }

        return text.ToString();
    }

    private IEnumerable<(string What, string Value)> Rows(Checker checker)
    {
        string[] clauses = [.. checker.Model.Book.Clauses.Where(request.Concerns)];
        int decided = clauses.Count(id => checker.Model.Book.Placements.Any(p => p.Rule.Id == id && checker.Decided(p.Rule) > 0));
        yield return ("rules decided", $"{decided} of {clauses.Length}");
        foreach ((string what, string value) in run!.Tally is { } tally ? VectorText.Rows(tally) : [])
        {
            yield return (what, value);
        }

        yield return ("sequences", RowTable.Number(run.Sequences) + (run!.Interrupted ? " (interrupted)" : ""));
        yield return ("calls", RowTable.Number(checker.Calls));
        yield return ("out of resources", RowTable.Number(checker.OutOfResources));
        yield return ("left open", RowTable.Number(checker.LeftOpen));
        yield return ("errno order notices", RowTable.Number(checker.Notices));
        yield return ("facts settled", checker.Settled.Count == 0 ? "none" : string.Join("; ", checker.Settled.Select(s => $"{s.Fact} is {(s.Holds ? "so" : "not so")} (by {s.By})")));
        yield return ("divergence groups", Own.Count().ToString(CultureInfo.InvariantCulture));
        foreach (Excuse excuse in request.Excuses.List)
        {
            long count = run.Groups.Where(g => excuse.Covers(g.First.Group)).Sum(g => g.Count);
            yield return ("excused", $"{excuse.Ioctl} / {excuse.Clause} / {excuse.Observed}: {(count == 0 ? "no longer occurs, remove the excuse" : $"{count} times")} ({excuse.Reason})");
        }
    }

    private string Json()
    {
        Checker checker = run!.Checker;
        return JsonSerializer.Serialize(
            new
            {
                target = target.Name,
                kernel = missing is null ? Kernel : null,
                missing,
                revision = revision.Name,
                modelled = exact,
                seed = request.Plan.Seed,
                vectors = run.Tally is { } tally ? VectorText.Json(tally) : null,
                sequences = run.Sequences,
                calls = checker.Calls,
                outOfResources = checker.OutOfResources,
                leftOpen = checker.LeftOpen,
                notices = checker.Notices,
                interrupted = run.Interrupted,
                decided = checker.Model.Book.Clauses.ToDictionary(id => id, id => checker.Model.Book.Placements
                    .Where(p => p.Rule.Id == id).Select(p => p.Rule).Distinct().Sum(checker.Decided)),
                settled = checker.Settled.Select(s => new { fact = s.Fact.Name, holds = s.Holds, by = s.By }),
                groups = Asked.Select(g => new
                {
                    ioctl = g.First.Group.Ioctl,
                    clause = g.First.Group.Clause,
                    observed = g.First.Group.Observed,
                    finding = g.First.Group.Finding.Words(),
                    count = g.Count,
                    origin = g.Origin,
                    label = g.Label,
                    excuse = request.Excuses.List.FirstOrDefault(e => e.Covers(g.First.Group))?.Reason,
                    calls = DivergenceText.Lines(g.Smallest, checker.Model),
                }),
                plants = Plants.Select(p => new { plant = p.Plant.Name, found = p.Found is not null, calls = p.Found is null ? [] : DivergenceText.Lines(p.Found.Smallest, checker.Model) }),
            },
            RowTable.Indented) + Environment.NewLine;
    }
}
