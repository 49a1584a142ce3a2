using System.Globalization;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Traces;

/// <summary>
/// What a trace showed, for people and for programs: the first call that the rules do not explain, what else they do not
/// explain, how often each clause decided, and what no rule covers.
/// </summary>
internal sealed class TraceReport(CheckRequest request, TraceHead head, TraceCheck check, Revision revision, bool exact)
{
    /// <summary>Lines of one kind in the text; JSON tells all.</summary>
    private const int MostLines = 30;

    private readonly TraceGroup[] asked = [.. check.Groups.Where(g => request.Concerns(g.Group.Clause))];

    /// <summary>Who is checked against what.</summary>
    public string FirstLine => $"trace {request.Trace}: {head.Kernel}, {Vectors.HostNeeds.NameOf(head.Host.Architecture)}, checked against revision {revision.Name}"
        + (exact ? "" : $" ({Revisions.StandingIn(revision, head.Host.Release)})");

    /// <summary>True where a group diverges that no excuse covers.</summary>
    public bool Diverges => Own.Any() || check.Ungrouped > 0;

    private IEnumerable<TraceGroup> Own => asked.Where(g => ExcuseOf(g) is null);

    private IEnumerable<(string Clause, long Count)> Decided => check.Model.Book.Placements.Where(p => request.Concerns(p.Rule.Id))
        .Select(p => p.Rule).Distinct().GroupBy(r => r.Id).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Sum(check.Decided)));

    /// <summary>Writes the report to its file or, but for the first line, to the output.</summary>
    public void Write(TextWriter output)
    {
        string text = request.Format == ReportFormat.Json ? Json() : Text();
        if (request.Output is null)
        {
            output.Write(text);
        }
        else
        {
            WholeFile.Write(request.Output, request.Format == ReportFormat.Json ? text : FirstLine + Environment.NewLine + text);
        }
    }

    private string Text()
    {
        StringWriter text = new();
        TraceGroup[] own = [.. Own];
        if (own.Length > 0)
        {
            First(text, own[0], own.Length);
        }

        List(text, "other divergences:", own.Skip(1),
            g => $"{g.Group.Ioctl}, expected by {g.Group.Clause}, observed {g.Group.Observed}: {g.Group.Finding.Words()}, in {RowTable.Number(g.Count)} sequences, first {request.Trace}:{g.Line}{Origin(g)}");
        List(text, "covered by no rule, neither passed nor failed:", check.Uncovered,
            u => $"{RowTable.Number(u.Count),12}  {u.Ioctl}{(u.Clause is null ? "" : $" (left open by {u.Clause})")}, first {request.Trace}:{u.Line}");
        List(text, "calls by clause:", Decided.Where(d => d.Count > 0), d => $"{RowTable.Number(d.Count),12}  {d.Clause}", int.MaxValue);
        text.WriteLine();
        RowTable.Write(text, Rows());
        return text.ToString();
    }

    /// <summary>The first call that the rules do not explain, with what led to it.</summary>
    private void First(TextWriter text, TraceGroup group, int of)
    {
        text.WriteLine();
        text.WriteLine($"divergence 1 of {of}: {group.Group.Finding.Words()}");
        text.WriteLine($"  {group.Group.Ioctl}, expected by {group.Group.Clause}, observed {group.Group.Observed}");
        text.WriteLine($"  in {RowTable.Number(group.Count)} sequences; the first at {request.Trace}:{group.Line}, call {RowTable.Number(group.Position)} of sequence {group.Sequence}{Origin(group)}");
        if (group.AfterUncovered is not null)
        {
            text.WriteLine($"  no rule covers {group.AfterUncovered} before it, which may be the cause");
        }

        if (group.Before.Count < group.Position)
        {
            text.WriteLine($"    ... {RowTable.Number(group.Position - group.Before.Count)} before these");
        }

        foreach (string line in Lines(group))
        {
            text.WriteLine("    - " + line);
        }

        foreach (string line in DivergenceText.Allowed(group.World, group.Before[^1].Call, check.Model))
        {
            text.WriteLine("  " + line);
        }

        foreach (string line in DivergenceText.Quoted(group.Group.Clause))
        {
            text.WriteLine(line);
        }

        text.WriteLine($"  came:    {group.Group.Observed}{(group.Judgement.Detail is { } detail ? $" ({detail})" : "")}");
    }

    private static string Origin(TraceGroup group) => group.Label is null ? "" : $"; {group.Label}";

    /// <summary>The last calls with what they answered.</summary>
    private static string[] Lines(TraceGroup group) =>
        [.. group.Before.Select(b => CallText.Write(b.Call, "came: " + OutcomeText.Of(b.Observed, b.Call)))];

    private static void List<T>(TextWriter text, string title, IEnumerable<T> entries, Func<T, string> line, int most = MostLines)
    {
        T[] all = [.. entries];
        if (all.Length == 0)
        {
            return;
        }

        text.WriteLine();
        text.WriteLine(title);
        foreach (T entry in all.Take(most))
        {
            text.WriteLine("  " + line(entry));
        }

        if (all.Length > most)
        {
            text.WriteLine($"  ... {all.Length - most} more; --format json tells them");
        }
    }

    private IEnumerable<(string What, string Value)> Rows()
    {
        (string Clause, long Count)[] clauses = [.. Decided];
        yield return ("rules decided", $"{clauses.Count(c => c.Count > 0)} of {clauses.Length}");
        yield return ("sequences", RowTable.Number(check.Sequences) + (check.Interrupted ? " (the recorder was interrupted)" : ""));
        yield return ("calls", RowTable.Number(check.Read));
        yield return ("  judged", RowTable.Number(check.Calls));
        yield return ("  covered by no rule", RowTable.Number(check.Uncovered.Sum(u => u.Count)));
        yield return ("  not judged", $"{RowTable.Number(check.NotJudged)}{(check.NotJudged > 0 ? " after their sequence's end" : "")}");
        yield return ("sequences ended out of resources", RowTable.Number(check.OutOfResources));
        yield return ("sequences ended left open", RowTable.Number(check.LeftOpen));
        yield return ("errno order notices", RowTable.Number(check.Notices));
        yield return ("facts settled", check.Settled.Count == 0 ? "none" : string.Join("; ", check.Settled.Select(s => $"{s.Fact} is {(s.Holds ? "so" : "not so")} (by {s.By})")));
        yield return ("divergence groups", Own.Count().ToString(CultureInfo.InvariantCulture));
        if (check.Ungrouped > 0)
        {
            yield return ("divergences in no group", $"{RowTable.Number(check.Ungrouped)}: too many different ones");
        }

        foreach (Excuse excuse in request.Excuses.List)
        {
            long count = check.Groups.Where(g => excuse.Covers(g.Group)).Sum(g => g.Count);
            yield return ("excused", $"{excuse.Ioctl} / {excuse.Clause} / {excuse.Observed}: {(count == 0 ? "no longer occurs, remove the excuse" : $"{count} times")} ({excuse.Reason})");
        }
    }

    private Excuse? ExcuseOf(TraceGroup group) => request.Excuses.List.FirstOrDefault(e => e.Covers(group.Group));

    private string Json() => JsonSerializer.Serialize(
        new
        {
            trace = request.Trace,
            target = head.Target,
            kernel = head.Kernel,
            revision = revision.Name,
            modelled = exact,
            sequences = check.Sequences,
            calls = check.Read,
            judged = check.Calls,
            notJudged = check.NotJudged,
            outOfResources = check.OutOfResources,
            leftOpen = check.LeftOpen,
            notices = check.Notices,
            interrupted = check.Interrupted,
            decided = check.Model.Book.Placements.Select(p => p.Rule).Distinct().GroupBy(r => r.Id).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(check.Decided)),
            uncovered = check.Uncovered.Select(u => new { ioctl = u.Ioctl, clause = u.Clause, count = u.Count, line = u.Line }),
            settled = check.Settled.Select(s => new { fact = s.Fact.Name, holds = s.Holds, by = s.By }),
            groups = asked.Select(g => new
            {
                ioctl = g.Group.Ioctl,
                clause = g.Group.Clause,
                observed = g.Group.Observed,
                finding = g.Group.Finding.Words(),
                count = g.Count,
                line = g.Line,
                sequence = g.Sequence,
                position = g.Position,
                label = g.Label,
                excuse = ExcuseOf(g)?.Reason,
                afterUncovered = g.AfterUncovered,
                calls = Lines(g),
            }),
            ungrouped = check.Ungrouped,
        },
        RowTable.Indented) + Environment.NewLine;
}
