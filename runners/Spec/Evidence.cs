using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Spec;

/// <summary>On which kernels clauses were seen to hold, out of the reports of checks.</summary>
internal static class Evidence
{
    /// <summary>What is to stand after <c>Evidence:</c>, for every clause that a check of a kernel decided without diverging.</summary>
    /// <param name="reports">Files that <c>check --format json --output</c> wrote.</param>
    /// <exception cref="RequestException">A file is no such report, or none of a kernel.</exception>
    public static IReadOnlyDictionary<string, Sightings> Of(IEnumerable<string> reports)
    {
        Dictionary<string, Sightings> seen = [];
        foreach (ReportFile report in reports.Select(ReportFile.Read))
        {
            IEnumerable<string> decided = report.Decided.Where(c => c.Value > 0).Select(c => c.Key);
            foreach (string clause in decided.Union(report.Deviations.Keys).Where(c => !report.Diverging.Contains(c)))
            {
                Sightings here = Sightings.Of(report.ShortKernel, report.Deviations.GetValueOrDefault(clause));
                seen[clause] = seen.TryGetValue(clause, out Sightings? before) ? before.And(here) : here;
            }
        }

        return seen;
    }
}
