using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Spec;

/// <summary>
/// Holds spec.md against the questions that walks ask, both ways: ids, what comes of them, which stage asks, the manual's
/// section and tag, and the order.
/// </summary>
public static class WalkGate
{
    /// <summary>True for a clause of a walk; all others are of ioctls.</summary>
    public static bool IsWalk(Clause clause)
    {
        ArgumentNullException.ThrowIfNull(clause);
        return clause.Id.StartsWith("walk.", StringComparison.Ordinal) || clause.Id.StartsWith("gstage.", StringComparison.Ordinal);
    }

    /// <summary>What differs, one line each; empty where nothing does.</summary>
    /// <param name="file">The text.</param>
    public static IReadOnlyList<string> Compare(SpecFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        List<string> differences = [];
        int before = -1;
        foreach (Clause clause in file.Clauses.Where(IsWalk))
        {
            string at = $"{file.Name}:{clause.Line}: {clause.Id}: ";
            if (WalkClauses.Find(clause.Id) is not { } asked)
            {
                differences.Add(at + "no walk asks this");
                continue;
            }

            differences.AddRange(Differences(clause, asked).Select(d => at + d));
            if (asked.Index < before)
            {
                differences.Add(at + $"stands after {WalkClauses.All[before].Id}, but walks ask it before");
            }

            before = Math.Max(before, asked.Index);
        }

        differences.AddRange(WalkClauses.All.Where(c => file.Find(c.Id) is null)
            .Select(c => $"{file.Name}: {c.Id}: not there; walks have it as {c.EffectWords} · {c.Where} · {c.Section}"));
        return differences;
    }

    private static IEnumerable<string> Differences(Clause clause, WalkClause asked)
    {
        if (clause.Errno != asked.EffectWords)
        {
            yield return $"says {clause.Errno}, walks say {asked.EffectWords}";
        }

        if (clause.Where != asked.Where)
        {
            yield return $"says it is asked in {clause.Where}, walks ask it in {asked.Where}";
        }

        if (clause.Range != asked.Section)
        {
            yield return $"names the section {clause.Range}, walks have it from {asked.Section}";
        }

        if (asked.Tag is { } tag && !clause.Source.Contains("norm:" + tag, StringComparison.Ordinal))
        {
            yield return $"does not name norm:{tag}, which walks do";
        }
    }
}
