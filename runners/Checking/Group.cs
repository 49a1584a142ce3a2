using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Checking;

/// <summary>What divergences have in common: the call, the clause that was expected, and what was observed instead.</summary>
public sealed record Group(string Ioctl, string Clause, string Observed, Finding Finding)
{
    /// <summary>The group of an answer that only a kernel knows the reason of.</summary>
    public static Group Of(Operation operation, in Call call, in Judgement judgement, in Observation observed)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return new(operation.Ioctl is null ? call.Operation.Name : operation.Name, judgement.Rule.Id, observed.Summary, judgement.Finding);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Ioctl} / {Clause} / {Observed}";
}

/// <summary>One divergence: where in which sequence, what the model says and what came.</summary>
public sealed record Divergence(Group Group, Sequence Sequence, int At, Judgement Judgement, Observation Observed, Operation Operation)
{
    /// <summary>What the kernel itself printed, where it crashed, hung or warned.</summary>
    public IReadOnlyList<string> Printed { get; init; } = [];
}

/// <summary>A group with its count, its first sequence and the shrunk one.</summary>
/// <param name="first">The divergence that made the group.</param>
/// <param name="origin">What names its sequence: a replay name or a vector's id.</param>
/// <param name="model">Against what it was judged.</param>
public sealed class GroupReport(Divergence first, string origin, Model.Model model)
{
    public Divergence First { get; } = first;

    public string Origin { get; } = origin;

    /// <summary>The revision on the host where the group was found first.</summary>
    public Model.Model Model { get; } = model;

    /// <summary>The smallest sequence that diverges in the same group.</summary>
    public Divergence Smallest { get; set; } = first;

    /// <summary>How many sequences diverged in this group.</summary>
    public long Count { get; set; } = 1;

    /// <summary>How many sequences were tried to make it smaller.</summary>
    public int Tried { get; set; }

    /// <summary>The number of the sequence or vector that found it, from 1, among those made on its host.</summary>
    public long FoundBy { get; init; }

    /// <summary>The calls made on its host up to the divergence.</summary>
    public long FoundAfter { get; init; }

    /// <summary>The revision that explains it on a kernel that is not modelled, if any.</summary>
    public string? Label { get; set; }

    /// <summary>The hosts on which it was found.</summary>
    public IReadOnlyList<string> Hosts { get; private init; } = [model.Host.Name];

    /// <summary>The same group of several runs as one: the smallest sequence stands for it.</summary>
    public static GroupReport Merge(IEnumerable<GroupReport> reports)
    {
        GroupReport[] all = [.. reports];
        GroupReport shortest = all.MinBy(r => r.Smallest.Sequence.Length)!;
        return new(shortest.First, shortest.Origin, shortest.Model)
        {
            Smallest = shortest.Smallest,
            Count = all.Sum(r => r.Count),
            Tried = shortest.Tried,
            FoundBy = shortest.FoundBy,
            FoundAfter = shortest.FoundAfter,
            Label = shortest.Label,
            Hosts = [.. all.SelectMany(r => r.Hosts).Distinct()],
        };
    }
}
