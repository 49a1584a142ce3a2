using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Checking;

/// <summary>A vector with the file it stands in.</summary>
/// <param name="File">The file, as messages name it.</param>
/// <param name="Vector">The case.</param>
public readonly record struct PlacedVector(string File, Vector Vector);

/// <summary>What came of the vectors of a run.</summary>
public sealed class VectorTally
{
    private readonly Dictionary<string, int> skips = [];

    /// <summary>How many had their calls made.</summary>
    public int Made { get; set; }

    public int Passed { get; private set; }

    /// <summary>Those that failed, in the order they were made.</summary>
    public List<(string File, VectorResult Result)> Failed { get; } = [];

    /// <summary>How many were skipped.</summary>
    public int Skipped => skips.Values.Sum();

    /// <summary>Why vectors were skipped and how many for each reason, the most frequent first.</summary>
    public IEnumerable<(string Reason, int Count)> Skips =>
        skips.OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).Select(s => (s.Key, s.Value));

    /// <summary>Counts a result.</summary>
    public void Add(string file, in VectorResult result)
    {
        switch (result.Status)
        {
            case VectorStatus.Passed:
                Passed++;
                break;
            case VectorStatus.Failed:
                Failed.Add((file, result));
                break;
            default:
                Skip(result.Reason!);
                break;
        }
    }

    /// <summary>Counts a vector that says nothing here.</summary>
    public void Skip(string reason) => skips[reason] = skips.GetValueOrDefault(reason) + 1;
}
