using System.Collections.Immutable;
using System.Text;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>A golden walk, or a golden write to hgatp.</summary>
internal abstract record WalkVector
{
    /// <summary>The topic and a path within it.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>The line of the case in the file.</summary>
    public required int Line { get; init; }

    /// <summary>The clauses that it is about: each is asked.</summary>
    public required ImmutableArray<string> Clauses { get; init; }

    public abstract Xlen Xlen { get; }

    /// <summary>What the model does otherwise, or <c>null</c>.</summary>
    /// <param name="steps">The follower, who may leave clauses out.</param>
    /// <param name="refused">The clause that refuses, or <c>null</c>.</param>
    public abstract string? Difference<TSteps>(ref TSteps steps, out WalkClause? refused)
        where TSteps : struct, IWalkSteps;

    /// <summary>Writes what is asked and what must come of it, as files have it.</summary>
    public abstract void Write(StringBuilder text);

    /// <inheritdoc/>
    public sealed override string ToString() => Id;
}

/// <summary>The golden walks of a topic.</summary>
internal sealed record WalkVectorFile(string Path, string Topic, string Title, ImmutableArray<WalkVector> Cases);
