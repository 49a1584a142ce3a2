using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Spec;

namespace KvmSpec.Runners.Matrix;

/// <summary>What a check showed of a clause on a kernel.</summary>
internal enum Verdict
{
    /// <summary>The revision that the kernel was checked against has no such clause.</summary>
    Absent,

    /// <summary>It decided calls, and every one was answered so.</summary>
    Holds,

    /// <summary>A call was answered otherwise.</summary>
    Fails,

    /// <summary>No call that was made came to it.</summary>
    Undecided,

    /// <summary>It says nothing of the answer: no check can decide it.</summary>
    Open,
}

/// <summary>Clauses by kernels: which holds where.</summary>
internal sealed class ClauseMatrix
{
    /// <summary>The clauses that leave the answer open in every revision.</summary>
    private static readonly Lazy<ImmutableHashSet<string>> OpenClauses = new(() =>
    [
        .. Revisions.All.SelectMany(RuledClause.BooksOf).SelectMany(b => b.Placements).Select(p => p.Rule)
            .GroupBy(r => r.Id).Where(g => g.All(r => r.Open)).Select(g => g.Key),
    ]);

    /// <param name="columns">The reports, in the order of the columns.</param>
    /// <param name="missing">Targets that were not there, each with the reason.</param>
    /// <param name="concerns">Which clauses are asked for.</param>
    public ClauseMatrix(IReadOnlyList<ReportFile> columns, IReadOnlyList<(string Target, string Reason)> missing, Func<string, bool> concerns)
    {
        Columns = columns;
        Missing = missing;
        Clauses = [.. columns.SelectMany(c => c.Decided.Keys).Where(concerns).Distinct().Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<ReportFile> Columns { get; }

    public IReadOnlyList<(string Target, string Reason)> Missing { get; }

    /// <summary>The clauses that any column's revision has, by name.</summary>
    public IReadOnlyList<string> Clauses { get; }

    /// <summary>True where a clause fails on a kernel, or a vector does.</summary>
    public bool Diverges => Columns.Any(c => c.VectorsFailed > 0 || Clauses.Any(id => Of(c, id) == Verdict.Fails));

    /// <summary>What a column says of a clause.</summary>
    public static Verdict Of(ReportFile column, string clause) =>
        column.Diverging.Contains(clause) ? Verdict.Fails
        : !column.Decided.TryGetValue(clause, out long decided) ? Verdict.Absent
        : decided > 0 ? Verdict.Holds
        : OpenClauses.Value.Contains(clause) ? Verdict.Open
        : Verdict.Undecided;

    /// <summary>How many clauses stand so in a column.</summary>
    public int Count(ReportFile column, Verdict verdict) => Clauses.Count(id => Of(column, id) == verdict);

    /// <summary>What a column is called in tables: A, B, ... Z, AA.</summary>
    public static string NameOf(int column) => column < 26 ? ((char)('A' + column)).ToString() : NameOf((column / 26) - 1) + NameOf(column % 26);
}
