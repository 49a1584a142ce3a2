using System.Collections.Immutable;
using KvmSpec.Model;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// The revisions a vector holds for: all, exactly those named, or the releases from one to another but those excepted. In a
/// range a posting counts as the release it was posted against.
/// </summary>
public sealed record RevisionRange
{
    /// <summary>The names, where the vector lists them.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>The oldest release.</summary>
    public string? Since { get; init; }

    /// <summary>The newest release.</summary>
    public string? Until { get; init; }

    /// <summary>Postings that do otherwise, though their release lies in the range.</summary>
    public ImmutableArray<string> Except { get; init; } = [];

    /// <summary>True where no revision is left out.</summary>
    public bool IsAll => Names.IsEmpty && Since is null && Until is null && Except.IsEmpty;

    /// <summary>True where the vector holds for that revision.</summary>
    public bool Includes(Revision revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        if (IsAll || !Names.IsEmpty)
        {
            return IsAll || Names.Contains(revision.Name);
        }

        if (Except.Contains(revision.Name))
        {
            return false;
        }

        Revision release = revision;
        while (!release.IsRelease && release.Parent is { } parent)
        {
            release = parent;
        }

        return Age(release.Name) <= Age(Since) && Age(release.Name) >= Age(Until ?? Revisions.Releases[0].Name);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        IsAll ? "all"
        : !Names.IsEmpty ? List(Names)
        : "{ " + string.Join(", ", new[] { ("since", Quoted(Since)), ("until", Quoted(Until)), ("except", Except.IsEmpty ? null : List(Except)) }
            .Where(e => e.Item2 is not null).Select(e => $"{e.Item1}: {e.Item2}")) + " }";

    private static string List(ImmutableArray<string> names) => $"[{string.Join(", ", names.Select(Quoted))}]";

    private static string? Quoted(string? name) => name is null ? null : $"\"{name}\"";

    /// <summary>How many releases are newer; the oldest of all where none is named.</summary>
    private static int Age(string? release)
    {
        for (int i = 0; i < Revisions.Releases.Count; i++)
        {
            if (Revisions.Releases[i].Name == release)
            {
                return i;
            }
        }

        return int.MaxValue;
    }
}
