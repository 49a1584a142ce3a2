using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Checking;

/// <summary>What divergences have in common: the call, the clause that was expected, and what was observed instead.</summary>
public sealed record Group(string Ioctl, string Clause, string Observed, Finding Finding)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Ioctl} / {Clause} / {Observed}";
}

/// <summary>One divergence: where in which sequence, what the model says and what came.</summary>
public sealed record Divergence(Group Group, Sequence Sequence, int At, Judgement Judgement, Observation Observed, Operation Operation);

/// <summary>A group with its count, its first sequence and the shrunk one.</summary>
public sealed class GroupReport(Divergence first, string origin)
{
    public Divergence First { get; } = first;

    /// <summary>What names the first sequence: a replay name or a vector's id.</summary>
    public string Origin { get; } = origin;

    /// <summary>The smallest sequence that diverges in the same group.</summary>
    public Divergence Smallest { get; set; } = first;

    /// <summary>How many sequences diverged in this group.</summary>
    public long Count { get; set; } = 1;

    /// <summary>How many sequences were tried to make it smaller.</summary>
    public int Tried { get; set; }

    /// <summary>The revision that explains it on a kernel that is not modelled, if any.</summary>
    public string? Label { get; set; }
}
