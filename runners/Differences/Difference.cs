using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Differences;

/// <summary>What differences have in common: the call, and what each target answered.</summary>
public sealed record DifferenceGroup(string Ioctl, string First, string Second)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Ioctl} / {First} / {Second}";
}

/// <summary>The first call of a sequence that two targets answer differently.</summary>
/// <param name="Group">What it has in common with others.</param>
/// <param name="Sequence">The calls up to that one.</param>
/// <param name="Detail">Where both returned the same: the word that differs.</param>
/// <param name="ByFirst">What the first target answered, call by call.</param>
/// <param name="BySecond">What the second answered.</param>
public sealed record Difference(DifferenceGroup Group, Sequence Sequence, string? Detail, ImmutableArray<Observation> ByFirst, ImmutableArray<Observation> BySecond)
{
    /// <summary>The index of the call.</summary>
    public int At => Sequence.Length - 1;

    /// <summary>What a kernel that crashed, hung or warned printed.</summary>
    public IReadOnlyList<string> Printed { get; init; } = [];
}

/// <summary>A group with its count, its first sequence's name and its smallest sequence.</summary>
public sealed class DifferenceReport(Difference first, string origin)
{
    /// <summary>What names the first sequence.</summary>
    public string Origin { get; } = origin;

    /// <summary>The smallest sequence that differs in the same group.</summary>
    public Difference Smallest { get; set; } = first;

    /// <summary>The targets that answered the smallest sequence otherwise when they were asked again: a clock, say, and no change of the kernel.</summary>
    public IReadOnlyList<string> Varying { get; set; } = [];

    /// <summary>How many sequences differ in this group first.</summary>
    public long Count { get; set; } = 1;
}
