using System.Text.RegularExpressions;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Matrix;

/// <summary>A page that <see cref="MatrixText.Page"/> made, read back: columns whose reports nobody has any more.</summary>
internal static partial class MatrixPage
{
    /// <summary>The columns of a page, each as a report that says once or never that a clause decided.</summary>
    /// <exception cref="RequestException">The file is no such page.</exception>
    public static IReadOnlyList<ReportFile> Read(string path)
    {
        string[][] rows = [.. File.ReadAllLines(path).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Select(CellsOf)];
        string[][] columns = [.. rows.Skip(1).TakeWhile(r => r.Length == 5 && r[1].StartsWith('`'))];
        string[][] clauses = [.. rows.SkipWhile(r => r[0] != "clause").Skip(1)];
        if (columns.Length == 0 || clauses.Length == 0 || clauses.Any(r => r.Length != columns.Length + 1))
        {
            throw new RequestException($"{path}: not a page of 'kvmspec matrix --write'");
        }

        return [.. columns.Select((c, i) => Column(c, [.. clauses.Select(r => (r[0], r[i + 1]))]))];
    }

    /// <summary>Columns with later ones of the same targets in their places, and others after them.</summary>
    public static IReadOnlyList<ReportFile> Renewed(IReadOnlyList<ReportFile> former, IReadOnlyList<ReportFile> later) =>
        [.. former.Select(f => later.FirstOrDefault(l => l.Target == f.Target) ?? f), .. later.Where(l => former.All(f => f.Target != l.Target))];

    private static ReportFile Column(string[] head, (string Clause, string Word)[] verdicts) => new(
        head[1].Trim('`'), head[2], head[3],
        verdicts.Where(v => v.Word != MatrixText.WordOf(Verdict.Absent)).ToDictionary(v => v.Clause, v => v.Word == MatrixText.WordOf(Verdict.Holds) ? 1L : 0),
        verdicts.Where(v => v.Word == MatrixText.WordOf(Verdict.Fails)).Select(v => v.Clause).ToHashSet(),
        head[4], FailedVectors().Match(head[4]) is { Success: true } failed ? int.Parse(failed.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) : 0, new Dictionary<string, Deviation>());

    private static string[] CellsOf(string line) => [.. Separator().Split(line.Trim()[1..^1]).Select(c => c.Trim().Replace("\\|", "|", StringComparison.Ordinal))];

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Separator();

    [GeneratedRegex("([0-9]+) failed")]
    private static partial Regex FailedVectors();
}
