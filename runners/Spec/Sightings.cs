using System.Collections.Immutable;
using System.Text.RegularExpressions;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Spec;

/// <summary>What stands after <c>Evidence:</c>: which kernels keep a clause, and which do otherwise. United it loses no kernel.</summary>
internal sealed partial class Sightings
{
    private const string Seen = "seen on ";
    private const string BetweenVersions = ", ";
    private const string BetweenKinds = "; ";
    private const string BetweenParts = "; ";
    private const string ButForThis = ", but for this: ";
    private const string Otherwise = " does otherwise: ";

    /// <summary>What is said where nothing that was checked keeps a clause; only walks have such clauses.</summary>
    private const string ReadOnly = "read only (manual of August 2026)";

    private readonly ImmutableSortedSet<string> keeping;
    private readonly ImmutableSortedSet<(string Kernel, Deviation Deviation)> deviating;
    private readonly string otherwise;

    private Sightings(IEnumerable<string> keeping, IEnumerable<(string Kernel, Deviation Deviation)> deviating, string otherwise)
    {
        this.deviating = deviating.ToImmutableSortedSet(Comparer<(string Kernel, Deviation Deviation)>.Create((a, b) =>
            ByNameAndVersion(a.Kernel, b.Kernel) is var kernels and not 0 ? kernels
            : string.CompareOrdinal(a.Deviation.Reason, b.Deviation.Reason) is var reasons and not 0 ? reasons
            : a.Deviation.OtherwiseKept.CompareTo(b.Deviation.OtherwiseKept)));
        this.keeping = keeping.Except(this.deviating.Select(d => d.Kernel)).ToImmutableSortedSet(Comparer<string>.Create(ByNameAndVersion));
        this.otherwise = otherwise;
    }

    /// <summary>All kernels that the line names.</summary>
    public IEnumerable<string> Kernels => keeping.Union(deviating.Select(d => d.Kernel));

    /// <summary>That a kernel keeps a clause, but for a deviation where there is one.</summary>
    public static Sightings Of(string kernel, Deviation? deviation) =>
        deviation is null ? new([kernel], [], ReadOnly) : new([], [(kernel, deviation)], ReadOnly);

    /// <summary>Reads a line of spec.md, without its mark.</summary>
    public static Sightings Parse(string line)
    {
        List<string> keeping = [];
        List<(string, Deviation)> deviating = [];
        List<string> others = [];
        foreach (string part in PartStart().Split(line.TrimEnd('.')))
        {
            if (part.Split(Otherwise, 2) is [var other, var instead])
            {
                deviating.Add((other, new Deviation(instead, OtherwiseKept: false)));
            }
            else if (!part.StartsWith(Seen, StringComparison.Ordinal))
            {
                others.Add(part);
            }
            else if (part[Seen.Length..].Split(ButForThis, 2) is [var kernel, var reason])
            {
                deviating.Add((kernel, new Deviation(reason, OtherwiseKept: true)));
            }
            else
            {
                keeping.AddRange(part[Seen.Length..].Split(BetweenKinds).SelectMany(OfKind));
            }
        }

        return new Sightings(keeping, deviating, others.Count > 0 ? string.Join(BetweenParts, others) : ReadOnly);
    }

    /// <summary>
    /// Both together. Of one kernel that deviates in either the deviation counts; what is said where no kernel keeps the clause is
    /// said as here.
    /// </summary>
    public Sightings And(Sightings other) => new(keeping.Union(other.keeping), deviating.Union(other.deviating), otherwise);

    /// <summary>The line, without its mark.</summary>
    public override string ToString()
    {
        string[] kinds = [.. keeping.GroupBy(KindOf).Select(g => $"{g.Key} {string.Join(BetweenVersions, g.Select(k => k[(g.Key.Length + 1)..]))}")];
        List<string> parts = kinds.Length > 0 ? [Seen + string.Join(BetweenKinds, kinds)] : [];
        parts.AddRange(deviating.Where(d => d.Deviation.OtherwiseKept).Select(d => Seen + d.Kernel + ButForThis + d.Deviation.Reason));
        return string.Join(BetweenParts, [.. parts.Count > 0 ? parts : [otherwise], .. deviating.Where(d => !d.Deviation.OtherwiseKept).Select(d => d.Kernel + Otherwise + d.Deviation.Reason)]) + ".";
    }

    /// <summary>The kernels of one kind, whose name stands before the first: "arm64 6.12.107, 7.3.4".</summary>
    private static IEnumerable<string> OfKind(string kind)
    {
        string[] versions = kind.Split(BetweenVersions);
        return versions.Select((v, i) => i == 0 ? v : $"{KindOf(versions[0])} {v}");
    }

    private static string KindOf(string kernel) => kernel[..kernel.LastIndexOf(' ')];

    /// <summary>Kernels of a kind stand together, the oldest first: "arm64 6.12.107" before "arm64 7.3.4".</summary>
    private static int ByNameAndVersion(string one, string other) =>
        string.CompareOrdinal(KindOf(one), KindOf(other)) is var order and not 0 ? order : string.CompareOrdinal(Padded(one), Padded(other));

    private static string Padded(string kernel) => string.Concat(Numbers().Matches(kernel[KindOf(kernel).Length..]).Select(n => n.Value.PadLeft(8, '0'))) + kernel;

    [GeneratedRegex(@"; (?=seen on )|; (?=[^;:]+ does otherwise: )")]
    private static partial Regex PartStart();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
