using System.CommandLine;
using System.IO.Enumeration;
using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Spec;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec explain</c>: a clause as spec.md has it, and where its rules stand.</summary>
internal static partial class ExplainCommand
{
    private const int Closest = 3;
    private const int PlacesShown = 12;
    private const int Label = 10;
    private const string Same = " ";

    public static Command Make(TextWriter output)
    {
        Argument<string> id = new("id") { Description = "A clause, such as create-vcpu.exists, or a pattern such as 'memslot.*'." };
        Command command = new("explain", "Say what a clause demands, where that was read, and where the kernel checks it.") { id };
        command.SetAction(parsed =>
        {
            string asked = parsed.GetValue(id)!;
            if (asked.AsSpan().ContainsAny('*', '?'))
            {
                List(output, asked);
            }
            else
            {
                Explain(output, SpecFile.Embedded.Find(asked) ?? throw Unknown(asked, $"no clause has this id; the closest are {string.Join(", ", Near(asked))}"));
            }

            return ExitStatus.Conforms;
        });
        return command;
    }

    /// <summary>The ids that are spelled most alike.</summary>
    internal static IEnumerable<string> Near(string asked) =>
        SpecFile.Embedded.Clauses.Select(c => c.Id).OrderBy(id => Distance(asked, id)).ThenBy(id => id, StringComparer.Ordinal).Take(Closest);

    private static RequestException Unknown(string asked, string problem) => new($"explain {asked}: {problem}");

    private static void List(TextWriter output, string pattern)
    {
        Clause[] found = [.. SpecFile.Embedded.Clauses.Where(c => FileSystemName.MatchesSimpleExpression(pattern, c.Id, ignoreCase: false))];
        if (found.Length == 0)
        {
            throw Unknown(pattern, "matches no clause; 'kvmspec explain \"*\"' lists them");
        }

        int ids = found.Max(c => c.Id.Length);
        int errnos = found.Max(c => c.Errno.Length);
        foreach (Clause clause in found)
        {
            string line = $"{clause.Id.PadRight(ids)}  {clause.Errno.PadRight(errnos)}  ";
            output.WriteLine(line + Prose.Cut(Prose.FirstSentences(clause.Text, 1), Prose.Width - line.Length));
        }
    }

    private static void Explain(TextWriter output, Clause clause)
    {
        output.WriteLine(clause.Id);
        Write(output, $"{clause.Errno} · {clause.Where} · {clause.Range}", "");
        output.WriteLine();
        Write(output, clause.Text, "");
        output.WriteLine();
        Write(output, clause.Source, "source");
        Write(output, clause.Evidence, "evidence");
        if (WalkClauses.Find(clause.Id) is { } asked)
        {
            Write(output, $"question {asked.Index + 1} of {WalkClauses.All.Length} that walks ask, of {asked.Where}", "stands");
            return;
        }

        IReadOnlyList<Standing> standings = Standing.Of(Revisions.All, clause.Id);
        WriteAll(output, standings.Count > PlacesShown ? Summed(standings) : standings.Select(s => $"{s.Call}: {s.History}"), "stands");
        WriteAll(output, Edits(clause.Id), "edits");

        Rule[] rules = [.. Standing.Rules(Revisions.All, clause.Id)];
        WriteAll(output, rules.Select(r => r.Leaves).OfType<string>().Distinct(), "leaves");

        if (rules.All(r => r is { Accepts: false, Then: null }))
        {
            Write(output, "nothing: the call fails and all stays as it was", "leaves");
        }

        WriteAll(output, rules.Select(r => r.Given).OfType<Fact>().Distinct().Select(f => $"{f.Name}: {f.Meaning}"), "facts");
        HashSet<string> names = Names(clause);
        WriteAll(output, SpecTables.LimitsOf(Revisions.Releases).Where(l => names.Contains(l.Name)).Select(l => $"{l.Name}: {l.Meaning}; {l.Values}"), "limits");
    }

    /// <summary>What older releases do otherwise, newest first, and what postings do.</summary>
    private static IEnumerable<string> Edits(string id) =>
        Revisions.All.SelectMany(r => r.Edits.Where(e => RuledClause.Changes(e, id)).Select(e => $"{(r.IsRelease ? "until" : "in")} {r.Name}: {e.Words}"));

    /// <summary>A clause that stands nearly everywhere: how often at which position.</summary>
    private static IEnumerable<string> Summed(IReadOnlyList<Standing> standings) =>
        standings.GroupBy(s => s.History).Select(g => $"in {g.Count()} calls: {g.Key}");

    /// <summary>Lines of one kind: the first has the label.</summary>
    private static void WriteAll(TextWriter output, IEnumerable<string> lines, string label)
    {
        foreach (string line in lines)
        {
            Write(output, line, label);
            label = Same;
        }
    }

    private static void Write(TextWriter output, string text, string label)
    {
        string first = label.Length == 0 ? "" : $"{(label == Same ? "" : label + ":"),-Label}";
        foreach (string line in Prose.Wrap(text, first, first.Length))
        {
            output.WriteLine(line);
        }
    }

    private static HashSet<string> Names(Clause clause) => [.. Quoted().Matches(clause.Text).Select(m => m.Groups[1].Value)];

    /// <summary>Levenshtein's distance: letters to insert, delete or replace.</summary>
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
