using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Spec;

/// <summary>On which kernels clauses were seen to hold, out of the reports of checks.</summary>
public static class Evidence
{
    /// <summary>What stands after <c>Evidence:</c>, for every clause that a check of a kernel decided without diverging.</summary>
    /// <param name="reports">Files that <c>check --format json --output</c> wrote.</param>
    /// <exception cref="RequestException">A file is no such report, or none of a kernel.</exception>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<string> reports)
    {
        SortedDictionary<string, List<string>> seen = new(StringComparer.Ordinal);
        foreach (ReportFile report in reports.Select(ReportFile.Read))
        {
            foreach (string clause in report.Decided.Where(c => c.Value > 0 && !report.Diverging.Contains(c.Key)).Select(c => c.Key))
            {
                if (!seen.TryGetValue(clause, out List<string>? kernels))
                {
                    seen[clause] = kernels = [];
                }

                kernels.Add(report.ShortKernel);
            }
        }

        return seen.ToDictionary(s => s.Key, s => $"seen on {string.Join(", ", s.Value.Distinct())}.");
    }
}
