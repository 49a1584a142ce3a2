using KvmSpec.Model;

namespace KvmSpec.Runners.Spec;

/// <summary>On which architectures and in which revisions clauses hold, in words.</summary>
public sealed class Scopes
{
    private readonly Architecture[] all;
    private readonly bool releases;
    private readonly (Architecture Architecture, string[] Names, HashSet<string>[] Clauses)[] columns;

    /// <param name="revisions">The releases, newest first, or postings.</param>
    public Scopes(IReadOnlyList<Revision> revisions)
    {
        ArgumentNullException.ThrowIfNull(revisions);
        releases = revisions.Count > 0 && revisions[0].IsRelease;
        all = releases ? [.. revisions[0].Architectures] : [];
        columns = [.. Enum.GetValues<Architecture>().Select(a => (a, revisions.Where(r => r.Architectures.Contains(a)).ToArray()))
            .Where(c => c.Item2.Length > 0)
            .Select(c => (c.a, c.Item2.Select(r => r.Name).ToArray(), c.Item2.Select(r => r.Book(c.a)!.Clauses.ToHashSet()).ToArray()))];
    }

    /// <summary>The scope of a clause: its releases, with the architectures where it is not on all of them.</summary>
    public string Of(string id)
    {
        (Architecture Architecture, string Range)[] ranges =
            [.. columns.Where(c => c.Clauses.Any(set => set.Contains(id))).Select(c => (c.Architecture, WordsFor(c.Names, [.. c.Clauses.Select(set => set.Contains(id))])))];
        return string.Join("; ", ranges.GroupBy(r => r.Range).Select(g =>
            g.Count() == all.Length ? g.Key : $"{NamesOf([.. g.Select(r => r.Architecture)])} {g.Key}"));
    }

    /// <summary>Postings follow upon one another in no order: they are named.</summary>
    private string WordsFor(string[] names, bool[] present) =>
        releases ? RangeOf(names, present) : $"in {string.Join(", ", names.Where((_, i) => present[i]))}";

    /// <summary>A range of releases in words.</summary>
    /// <param name="names">The releases, newest first.</param>
    /// <param name="present">Which of them are meant.</param>
    public static string RangeOf(IReadOnlyList<string> names, IReadOnlyList<bool> present)
    {
        ArgumentNullException.ThrowIfNull(names);
        int[] those = [.. Enumerable.Range(0, names.Count).Where(i => present[i])];
        bool unbroken = those.Length > 0 && those[^1] - those[0] + 1 == those.Length;
        return (unbroken, those) switch
        {
            (true, [0, ..]) when those.Length == names.Count => "all releases",
            (true, [0, ..]) => $"since {names[those[^1]]}",
            (true, _) when those[^1] == names.Count - 1 => $"until {names[those[0]]}",
            (true, _) when those.Length > 1 => $"from {names[those[^1]]} to {names[those[0]]}",
            _ => $"in {string.Join(", ", those.Select(i => names[i]))}",
        };
    }

    /// <summary>Architectures in words: both widths of RISC-V have one name.</summary>
    public static string NamesOf(IReadOnlyCollection<Architecture> architectures)
    {
        ArgumentNullException.ThrowIfNull(architectures);
        bool riscv = architectures.Contains(Architecture.Riscv64) && architectures.Contains(Architecture.Riscv32);
        return string.Join(" and ", architectures.Where(a => !riscv || a != Architecture.Riscv32)
            .Select(a => riscv && a == Architecture.Riscv64 ? "riscv" : a.ToString().ToLowerInvariant()));
    }
}
