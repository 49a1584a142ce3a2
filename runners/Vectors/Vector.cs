using System.Collections.Immutable;
using KvmSpec.Model;

namespace KvmSpec.Runners.Vectors;

/// <summary>A call of a vector and what must come of it.</summary>
public sealed record VectorCall
{
    public required Call Call { get; init; }

    /// <summary>The line in the file.</summary>
    public required int Line { get; init; }

    /// <summary>The conformant outcomes.</summary>
    public required ImmutableArray<Outcome> Outcomes { get; init; }

    /// <summary>True where the file says <c>may</c>.</summary>
    public bool May { get; init; }

    /// <summary>The clause that decides, where the file names it.</summary>
    public string? By { get; init; }

    /// <summary>True where nothing is said of the answer.</summary>
    public bool IsOpen => Outcomes.Any(o => o.IsOpen);

    /// <summary>Words that must hold these values after the call.</summary>
    public ImmutableArray<KeyValuePair<Field, ulong>> After { get; init; } = [];

    /// <summary>What the file says of the outcome: one, or any of several.</summary>
    public string Expected => Outcomes.Length == 1 ? Outcomes[0].ToString() : string.Join(" or ", Outcomes);

    /// <summary>True where the outcome is one of those named and all words are as they must be.</summary>
    public bool Matches(in Observation observed)
    {
        bool outcome = false;
        foreach (Outcome allowed in Outcomes)
        {
            outcome |= allowed.Matches(observed);
        }

        foreach ((Field field, ulong value) in After)
        {
            outcome &= observed.After[field.Index] == value;
        }

        return outcome;
    }
}

/// <summary>A case: calls with the results they must have, and what they decide.</summary>
public sealed record Vector
{
    private readonly Call[] calls;

    public Vector(ImmutableArray<VectorCall> calls)
    {
        Calls = calls;
        this.calls = [.. calls.Select(c => c.Call)];
    }

    /// <summary>The topic and a path within it.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>What a reader would ask, answered.</summary>
    public string? Note { get; init; }

    /// <summary>The line of the id in the file.</summary>
    public required int Line { get; init; }

    /// <summary>The clauses it decides.</summary>
    public required ImmutableArray<string> Clauses { get; init; }

    public required RevisionRange Revisions { get; init; }

    public required HostNeeds Host { get; init; }

    public ImmutableArray<VectorCall> Calls { get; }

    /// <summary>The calls alone, as targets take them.</summary>
    public ReadOnlySpan<Call> Sequence => calls;

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>The cases of one topic.</summary>
/// <param name="Path">The file, as messages name it.</param>
/// <param name="Topic">The file's name without its ending.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Cases">In the file's order.</param>
public sealed record VectorFile(string Path, string Topic, string Title, ImmutableArray<Vector> Cases);
