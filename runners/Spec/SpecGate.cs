using KvmSpec.Model;

namespace KvmSpec.Runners.Spec;

/// <summary>
/// Holds spec.md against the rules, both ways: ids, errnos, calls, releases, the order in which a chapter lists what one
/// call checks, what a text must mention, and the generated tables.
/// </summary>
public static class SpecGate
{
    /// <summary>What differs, one line each; empty where nothing does.</summary>
    /// <param name="file">The text.</param>
    /// <param name="releases">The releases whose rules it is about, newest first, and the postings.</param>
    public static IReadOnlyList<string> Compare(SpecFile file, IReadOnlyList<Revision> releases)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(releases);
        IReadOnlyList<RuledClause> ruled = RuledClause.Of(releases);
        Dictionary<string, RuledClause> rules = ruled.ToDictionary(r => r.Id);
        List<string> differences = [];
        foreach (Clause clause in file.Clauses.Where(c => !WalkGate.IsWalk(c)))
        {
            string at = $"{file.Name}:{clause.Line}: {clause.Id}: ";
            differences.AddRange((rules.TryGetValue(clause.Id, out RuledClause? rule)
                ? Differences(clause, rule)
                : ["no rule has this id"]).Select(d => at + d));
        }

        differences.AddRange(ruled.Where(r => file.Find(r.Id) is null)
            .Select(r => $"{file.Name}: {r.Id}: not there; the rules have it as {r.Errno} · {r.Where} · {r.Range}"));
        differences.AddRange(Misplaced(file, releases[0]));
        differences.AddRange(StaleTables(file, releases));
        return differences;
    }

    private static IEnumerable<string> Differences(Clause clause, RuledClause rule)
    {
        if (clause.Errno != rule.Errno)
        {
            yield return $"says {clause.Errno}, the rules say {rule.Errno}";
        }

        IReadOnlySet<string> named = Places.Read(rule.AllPlaces, clause.Where, out IReadOnlyList<string> unknown);
        foreach (string term in unknown)
        {
            yield return $"names {term}, which is no call";
        }

        if (!named.SetEquals(rule.Places))
        {
            yield return $"says it stands in {clause.Where}, the rules say {rule.Where}";
        }

        if (clause.Range != rule.Range)
        {
            yield return $"says {clause.Range}, the rules say {rule.Range}";
        }

        foreach (string mention in rule.Mentions.Where(m => !clause.Text.Contains(m, StringComparison.OrdinalIgnoreCase)))
        {
            yield return $"does not say \"{mention}\", which the rules do";
        }
    }

    /// <summary>
    /// Clauses of one chapter that stand in another order than a call checks them. Between clauses with the same errno
    /// there is no order to keep.
    /// </summary>
    private static IEnumerable<string> Misplaced(SpecFile file, Revision newest)
    {
        HashSet<(string, string)> reported = [];
        foreach (Operation operation in RuledClause.BooksOf(newest).SelectMany(b => b.Lists))
        {
            (Rule Rule, Clause Clause)[] placed =
                [.. operation.Rules.Select(r => (r, file.Find(r.Id))).Where(p => p.Item2 is not null).Select(p => (p.r, p.Item2!))];
            for (int first = 0; first < placed.Length; first++)
            {
                for (int second = first + 1; second < placed.Length; second++)
                {
                    ((Rule earlier, Clause one), (Rule later, Clause other)) = (placed[first], placed[second]);
                    if (one.Chapter == other.Chapter && one.Line > other.Line && earlier.Errno != later.Errno && reported.Add((one.Id, other.Id)))
                    {
                        yield return $"{file.Name}:{one.Line}: {one.Id}: stands after {other.Id}, but {operation.Name} checks it before";
                    }
                }
            }
        }
    }

    private static IEnumerable<string> StaleTables(SpecFile file, IReadOnlyList<Revision> releases)
    {
        foreach ((string name, string table) in SpecTables.All(releases, file))
        {
            if (!file.Tables.Contains(name))
            {
                yield return $"{file.Name}: the table {name} has no place";
            }
            else if (file.Table(name) != table)
            {
                yield return $"{file.Name}:{file.TableLine(name)}: the table {name} is not in step with the rules";
            }
        }
    }
}
