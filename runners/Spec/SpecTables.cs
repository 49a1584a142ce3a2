using System.Text;
using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.Riscv.Tables;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Search;

namespace KvmSpec.Runners.Spec;

/// <summary>The tables of spec.md that are generated from the rules.</summary>
public static partial class SpecTables
{
    /// <summary>Every table by the name of its place in spec.md.</summary>
    /// <param name="releases">The releases, newest first, and the postings.</param>
    /// <param name="file">The file whose evidence the tables quote.</param>
    public static IReadOnlyDictionary<string, string> All(IReadOnlyList<Revision> releases, SpecFile file)
    {
        ArgumentNullException.ThrowIfNull(releases);
        Dictionary<string, string> tables = Generated(releases);
        if (releases[0].Book(Architecture.Riscv64) is not null)
        {
            tables["riscv-mode-machine"] = $"```mermaid\n{StateGraph.Draw(releases[0], Hosts.Find(RiscvScopes.Mode.Host)!, RiscvScopes.Mode)}\n```";
            tables["gstage-modes"] = ModeDifferences();
        }

        if (releases[0].Book(Architecture.Arm64) is not null)
        {
            tables["vgicv5-documentation"] = Documentation(file);
        }

        return tables;
    }

    /// <summary>For each pair of G-stage modes the smallest table that they translate differently.</summary>
    public static string ModeDifferences() => Table(["mode", "other mode", "table", "address", "by the one", "by the other"],
        ModeDifference.All(Xlen.Rv32).Concat(ModeDifference.All(Xlen.Rv64)).Select(d => new[]
        {
            d.One.Name, d.Other.Name, d.Table, d.Address.ToString(), ModeDifference.Words(d.ByOne), ModeDifference.Words(d.ByOther),
        }));

    private static Dictionary<string, string> Generated(IReadOnlyList<Revision> releases) => new()
    {
        ["effects"] = Effects(releases),
        ["limits"] = Limits(releases),
        ["facts"] = Facts(releases),
        ["releases"] = Releases([.. releases.Where(r => r.IsRelease)]),
        ["postings"] = Postings([.. releases.Where(r => !r.IsRelease)]),
    };

    /// <summary>The failing rules that leave something behind.</summary>
    public static string Effects(IReadOnlyList<Revision> releases)
    {
        Dictionary<string, RuledClause> clauses = RuledClause.Of(releases).ToDictionary(c => c.Id);
        return Table(["clause", "errno", "calls", "what it leaves behind"],
            Rules(releases).Where(r => r.Leaves is not null).DistinctBy(r => (r.Id, r.Leaves))
                .Select(r => new[] { r.Id, r.Errno.ToString(), clauses[r.Id].Where, r.Leaves! }));
    }

    /// <summary>The limits with their values, one column for each architecture.</summary>
    public static string Limits(IReadOnlyList<Revision> releases)
    {
        ArgumentNullException.ThrowIfNull(releases);
        releases = [.. releases.Where(r => r.IsRelease)];
        Architecture[] architectures = [.. RuledClause.BooksOf(releases[0]).Select(b => b.Architecture)];
        return Table(["limit", "meaning", .. architectures.Select(a => "on " + a.ToString().ToLowerInvariant())],
            Named(releases).Select(l => new[] { l.Name, l.Meaning }.Concat(architectures.Select(a => ValueOf(l, a, releases))).ToArray()));
    }

    /// <summary>The limits, each with what it means and its values in words.</summary>
    public static IEnumerable<(string Name, string Meaning, string Values)> LimitsOf(IReadOnlyList<Revision> releases)
    {
        ArgumentNullException.ThrowIfNull(releases);
        releases = [.. releases.Where(r => r.IsRelease)];
        Architecture[] architectures = [.. RuledClause.BooksOf(releases[0]).Select(b => b.Architecture)];
        return Named(releases).Select(l => (l.Name, l.Meaning,
            string.Join(", ", architectures.Select(a => $"on {a.ToString().ToLowerInvariant()} {ValueOf(l, a, releases)}"))));
    }

    /// <summary>The facts that no ioctl reports, with the clauses that depend on them.</summary>
    public static string Facts(IReadOnlyList<Revision> releases) =>
        Table(["fact", "what is so where it is true", "clauses that depend on it"],
            Rules(releases).Where(r => r.Given is not null).GroupBy(r => r.Given!).OrderBy(g => g.Key.Name, StringComparer.Ordinal)
                .Select(g => new[] { g.Key.Name, g.Key.Meaning, string.Join(", ", g.Select(r => r.Id).Distinct()) }));

    /// <summary>The releases with what was read and what they do otherwise.</summary>
    public static string Releases(IReadOnlyList<Revision> releases)
    {
        ArgumentNullException.ThrowIfNull(releases);
        return Table(["release", "evidence", "otherwise than the next newer one"],
            releases.Select(r => new[] { r.Name, r.Evidence, string.Join("; ", r.Edits.Select(e => e.Only is null ? e.Words : $"{e.Words} ({e.Only})")) }));
    }

    /// <summary>The posted patches with what was read, what they are posted against, and what they do otherwise.</summary>
    public static string Postings(IReadOnlyList<Revision> postings)
    {
        ArgumentNullException.ThrowIfNull(postings);
        return Table(["posting", "what it is", "against", "evidence", "otherwise than that"],
            postings.Select(r => new[] { r.Name, r.Title, r.Parent!.Name, r.Evidence, string.Join("; ", r.Edits.Select(e => e.Only is null ? e.Words : $"{e.Words} ({e.Only})")) }));
    }

    /// <summary>The documentation of vGICv5, sentence by sentence, beside what kernels do.</summary>
    /// <param name="file">The file whose evidence tells on which kernels a clause was seen.</param>
    public static string Documentation(SpecFile file) =>
        Table(["page", "what it says, in our words", "the kernel", "what it does", "clauses", "seen on"],
            GicDocumentation.Sentences.Select(s => new[]
            {
                s.Page, s.Says, s.Bearing.ToString().ToLowerInvariant(), s.Kernel, string.Join(", ", s.Clauses), SeenOn(s, file),
            }));

    /// <summary>The releases of the first clause that a pretended GICv5 host showed.</summary>
    private static string SeenOn(Sentence sentence, SpecFile file)
    {
        string[] evidence = [.. sentence.Clauses.Select(c => file.Find(c)?.Evidence ?? "")];
        string[] releases = [.. evidence.SelectMany(e => Gicv5Host().Matches(e)).SelectMany(m => m.Groups[1].Value.Split(", ")).Distinct().Order(StringComparer.Ordinal)];
        return sentence.Seen && releases.Length > 0 ? string.Join(", ", releases) : "read in 7.3.4";
    }

    [GeneratedRegex(@"kvmspec-gicv5 ([0-9., ]*[0-9])")]
    private static partial Regex Gicv5Host();

    private static IEnumerable<Limit> Named(IReadOnlyList<Revision> releases) =>
        releases.SelectMany(RuledClause.BooksOf).SelectMany(b => b.Limits.Keys).Distinct().OrderBy(l => l.Name, StringComparer.Ordinal);

    private static IEnumerable<Rule> Rules(IReadOnlyList<Revision> releases) =>
        releases.SelectMany(RuledClause.BooksOf).SelectMany(b => b.Placements).Select(p => p.Rule);

    private static string ValueOf(Limit limit, Architecture architecture, IReadOnlyList<Revision> releases)
    {
        List<string> values = [];
        string? newer = null;
        foreach (Revision release in releases)
        {
            string value = release.Book(architecture)?.Limits.GetValueOrDefault(limit) is { } bound
                ? bound.Constant ? bound.Text : $"asked: {bound.Text}"
                : "none";
            if (value != newer)
            {
                values.Add(newer is null ? value : $"until {release.Name}: {value}");
                newer = value;
            }
        }

        return string.Join("; ", values);
    }

    private static string Table(IReadOnlyList<string> heads, IEnumerable<IReadOnlyList<string>> rows)
    {
        StringBuilder table = new();
        table.Append("| ").AppendJoin(" | ", heads).Append(" |\n|").Insert(table.Length, "---|", heads.Count);
        foreach (IReadOnlyList<string> row in rows)
        {
            table.Append("\n| ").AppendJoin(" | ", row.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |");
        }

        return table.ToString();
    }
}
