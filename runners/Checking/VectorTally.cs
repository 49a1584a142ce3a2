using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Checking;

/// <summary>A vector with the file it stands in.</summary>
/// <param name="File">The file, as messages name it.</param>
/// <param name="Vector">The case.</param>
public readonly record struct PlacedVector(string File, Vector Vector);

/// <summary>What came of the vectors of a run, or of several: a vector that fails anywhere fails, one that passes anywhere passes.</summary>
public sealed class VectorTally
{
    private readonly Dictionary<string, string> skips = [];
    private readonly HashSet<string> passed = [];

    /// <summary>How many had their calls made.</summary>
    public int Made { get; set; }

    public int Passed => passed.Count;

    /// <summary>Those that failed, in the order they were made.</summary>
    public List<(string File, VectorResult Result)> Failed { get; } = [];

    /// <summary>The revision that explains a failed vector on a kernel that is not modelled, if any, by the vector's id.</summary>
    public Dictionary<string, string> Labels { get; } = [];

    /// <summary>How many were skipped.</summary>
    public int Skipped => skips.Count;

    /// <summary>Why vectors were skipped and how many for each reason, the most frequent first.</summary>
    public IEnumerable<(string Reason, int Count)> Skips => skips.Values.GroupBy(s => s)
        .Select(g => (g.Key, g.Count())).OrderByDescending(s => s.Item2).ThenBy(s => s.Key, StringComparer.Ordinal);

    /// <summary>Counts a result.</summary>
    public void Add(string file, in VectorResult result)
    {
        switch (result.Status)
        {
            case VectorStatus.Passed:
                passed.Add(result.Vector.Id);
                break;
            case VectorStatus.Failed:
                Failed.Add((file, result));
                break;
            default:
                Skip(result.Vector, result.Reason!);
                break;
        }
    }

    /// <summary>Counts a vector that says nothing here.</summary>
    public void Skip(Vector vector, string reason)
    {
        ArgumentNullException.ThrowIfNull(vector);
        skips.TryAdd(vector.Id, reason);
    }

    /// <summary>Several runs' tallies as one; <c>null</c> where none made vectors.</summary>
    public static VectorTally? Merge(IEnumerable<VectorTally?> tallies)
    {
        VectorTally[] all = [.. tallies.OfType<VectorTally>()];
        if (all.Length == 0)
        {
            return null;
        }

        VectorTally merged = new() { Made = all.Sum(t => t.Made) };
        merged.Failed.AddRange(all.SelectMany(t => t.Failed).DistinctBy(f => f.Result.Vector.Id));
        foreach ((string id, string label) in all.SelectMany(t => t.Labels))
        {
            merged.Labels.TryAdd(id, label);
        }

        HashSet<string> failed = [.. merged.Failed.Select(f => f.Result.Vector.Id)];
        merged.passed.UnionWith(all.SelectMany(t => t.passed).Where(id => !failed.Contains(id)));
        foreach ((string id, string reason) in all.SelectMany(t => t.skips).Where(s => !failed.Contains(s.Key) && !merged.passed.Contains(s.Key)))
        {
            merged.skips.TryAdd(id, reason);
        }

        return merged;
    }
}
