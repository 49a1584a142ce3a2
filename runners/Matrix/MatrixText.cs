using System.Text;
using System.Text.Json;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Matrix;

/// <summary>A matrix for people, for a page and for programs.</summary>
internal static class MatrixText
{
    private const int Width = 11;

    /// <summary>The standings that are counted, with their words.</summary>
    private static readonly (Verdict Verdict, string Word)[] Words =
        [(Verdict.Holds, "holds"), (Verdict.Fails, "FAILS"), (Verdict.Undecided, "undecided"), (Verdict.Open, "open"), (Verdict.Absent, "-")];

    private static readonly (string Word, string Means)[] Legend =
    [
        ("holds", "it decided calls, and every one was answered so"),
        ("FAILS", "a call was answered otherwise"),
        ("undecided", "no call that was made came to it"),
        ("open", "the clause says nothing of the answer"),
        ("-", "the revision that the kernel was checked against has no such clause"),
    ];

    public static string Plain(ClauseMatrix matrix)
    {
        StringBuilder text = new();
        for (int i = 0; i < matrix.Columns.Count; i++)
        {
            text.Append($"{ClauseMatrix.NameOf(i),-3} {Title(matrix.Columns[i])}\n");
        }

        foreach ((string target, string reason) in matrix.Missing)
        {
            text.Append($"not checked: {target}: {reason}\n");
        }

        int longest = matrix.Clauses.Select(c => c.Length).Append("clause".Length).Max() + 2;
        text.Append('\n').Append("clause".PadRight(longest));
        Row(text, matrix, (_, i) => ClauseMatrix.NameOf(i));
        foreach (string clause in matrix.Clauses)
        {
            text.Append(clause.PadRight(longest));
            Row(text, matrix, (c, _) => WordOf(ClauseMatrix.Of(c, clause)));
        }

        text.Append('\n');
        foreach ((Verdict verdict, string word) in Words)
        {
            text.Append(word.PadRight(longest));
            Row(text, matrix, (c, _) => RowTable.Number(matrix.Count(c, verdict)));
        }

        return text.ToString().ReplaceLineEndings();
    }

    /// <summary>The page that is committed: with what it was measured on.</summary>
    public static string Page(ClauseMatrix matrix)
    {
        StringBuilder text = new("""
            # Which clause holds on which kernel

            Written by `kvmspec matrix --write`, not by hand; `kvmspec explain ID` tells a clause.

            |  | target | kernel | revision | made |
            |---|---|---|---|---|

            """);
        for (int i = 0; i < matrix.Columns.Count; i++)
        {
            ReportFile column = matrix.Columns[i];
            text.Append($"| {ClauseMatrix.NameOf(i)} | `{column.Target}` | {Cell(column.Kernel)} | {column.Revision} | {column.Made} |\n");
        }

        foreach ((string target, string reason) in matrix.Missing)
        {
            text.Append($"\nNot checked: `{target}` ({Cell(reason)}).\n");
        }

        text.Append('\n').AppendJoin('\n', Legend.Select(l => $"* {l.Word}: {l.Means}")).Append("\n\n");
        string head = string.Concat(matrix.Columns.Select((_, i) => $" {ClauseMatrix.NameOf(i)} |"));
        string rule = string.Concat(matrix.Columns.Select(_ => "---|"));
        text.Append($"| clauses |{head}\n|---|{rule}\n");
        foreach ((Verdict verdict, string word) in Words)
        {
            text.Append($"| {word} |").AppendJoin("", matrix.Columns.Select(c => $" {RowTable.Number(matrix.Count(c, verdict))} |")).Append('\n');
        }

        text.Append($"\n| clause |{head}\n|---|{rule}\n");
        foreach (string clause in matrix.Clauses)
        {
            text.Append($"| {clause} |").AppendJoin("", matrix.Columns.Select(c => $" {WordOf(ClauseMatrix.Of(c, clause))} |")).Append('\n');
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    public static string Json(ClauseMatrix matrix) => JsonSerializer.Serialize(
        new
        {
            columns = matrix.Columns.Select((c, i) => new
            {
                name = ClauseMatrix.NameOf(i),
                target = c.Target,
                kernel = c.Kernel,
                revision = c.Revision,
                made = c.Made,
                vectorsFailed = c.VectorsFailed,
                counts = Words.Where(w => w.Verdict != Verdict.Absent).ToDictionary(w => Key(w.Verdict), w => matrix.Count(c, w.Verdict)),
            }),
            missing = matrix.Missing.Select(m => new { target = m.Target, reason = m.Reason }),
            clauses = matrix.Clauses.ToDictionary(id => id, id => matrix.Columns
                .Select((c, i) => (Name: ClauseMatrix.NameOf(i), Verdict: ClauseMatrix.Of(c, id)))
                .Where(s => s.Verdict != Verdict.Absent).ToDictionary(s => s.Name, s => Key(s.Verdict))),
        },
        RowTable.Indented) + Environment.NewLine;

    private static void Row(StringBuilder text, ClauseMatrix matrix, Func<ReportFile, int, string> cell)
    {
        text.Append(string.Concat(matrix.Columns.Select((c, i) => cell(c, i).PadRight(Width))).TrimEnd()).Append('\n');
    }

    private static string Title(ReportFile column) => $"{column.Target}: {column.Kernel}, revision {column.Revision}: {column.Made}";

    /// <summary>What a page says for a verdict.</summary>
    public static string WordOf(Verdict verdict) => Words.First(w => w.Verdict == verdict).Word;

    private static string Key(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    /// <summary>A text that breaks no table.</summary>
    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
