using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Spec;

/// <summary>On which kernels clauses were seen to hold, out of the reports of checks.</summary>
public static class Evidence
{
    /// <summary>What is said where nothing that was checked keeps a clause; only walks have such clauses.</summary>
    private const string ReadOnly = "read only (manual of August 2026)";

    /// <summary>What stands after <c>Evidence:</c>, for every clause that a check of a kernel decided without diverging.</summary>
    /// <param name="reports">Files that <c>check --format json --output</c> wrote.</param>
    /// <exception cref="RequestException">A file is no such report, or none of a kernel.</exception>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<string> reports)
    {
        Dictionary<string, List<(string Kernel, Deviation? Deviation)>> seen = [];
        foreach (ReportFile report in reports.Select(ReportFile.Read))
        {
            IEnumerable<string> decided = report.Decided.Where(c => c.Value > 0).Select(c => c.Key);
            foreach (string clause in decided.Union(report.Deviations.Keys).Where(c => !report.Diverging.Contains(c)))
            {
                if (!seen.TryGetValue(clause, out List<(string, Deviation?)>? of))
                {
                    seen[clause] = of = [];
                }

                of.Add((report.ShortKernel, report.Deviations.GetValueOrDefault(clause)));
            }
        }

        return seen.ToDictionary(s => s.Key, s => Words(s.Value));
    }

    /// <summary>The kernels that keep a clause, and what the others do; of one kernel's reports those of a deviation count.</summary>
    private static string Words(List<(string Kernel, Deviation? Deviation)> seen)
    {
        HashSet<string> deviating = [.. seen.Where(s => s.Deviation is not null).Select(s => s.Kernel)];
        string[] keeping = [.. seen.Select(s => s.Kernel).Where(k => !deviating.Contains(k)).Distinct()];
        string[] others = [.. seen.Where(s => s.Deviation is { OtherwiseKept: false }).Select(s => $"{s.Kernel} does otherwise: {s.Deviation!.Reason}").Distinct()];
        List<string> parts = keeping.Length > 0 ? [$"seen on {string.Join(", ", keeping)}"] : [];
        parts.AddRange(seen.Where(s => s.Deviation is { OtherwiseKept: true }).Select(s => $"seen on {s.Kernel}, but for this: {s.Deviation!.Reason}").Distinct());
        return string.Join("; ", [.. parts.Count > 0 ? parts : [ReadOnly], .. others]) + ".";
    }
}
