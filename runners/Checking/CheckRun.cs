using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Checking;

/// <summary>Which sequences a run makes.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Count">How many sequences there are in all shards.</param>
/// <param name="Longest">The greatest length.</param>
/// <param name="Shard">This shard's number, from 0.</param>
/// <param name="Shards">How many shards there are.</param>
public sealed record SequencePlan(ulong Seed, long Count, int Longest, int Shard = 0, int Shards = 1)
{
    /// <summary>How many sequences this shard makes.</summary>
    public long Own => (Count - Shard + Shards - 1) / Shards;
}

/// <summary>A run: sequences made on a target, divergences collected in groups, each shrunk.</summary>
public sealed class CheckRun(Checker checker, Strictness strictness)
{
    private readonly Dictionary<Group, GroupReport> groups = [];

    public Checker Checker => checker;

    public Strictness Strictness => strictness;

    public IReadOnlyCollection<GroupReport> Groups => groups.Values;

    public bool Interrupted { get; private set; }

    /// <summary>Makes the plan's sequences.</summary>
    /// <param name="plan">Which.</param>
    /// <param name="progress">Told how many are done, now and then.</param>
    /// <param name="stop">Ends the run after the sequence at hand.</param>
    public void Generated(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Draws draws = new(plan.Seed, plan.Longest);
        Generator generator = new(checker.Model);
        Call[] calls = new Call[plan.Longest];
        long done = 0;
        for (long index = plan.Shard; index < plan.Count; index += plan.Shards)
        {
            if (stop.IsCancellationRequested)
            {
                Interrupted = true;
                return;
            }

            SequenceName name = draws[(ulong)index];
            generator.Generate(name, calls.AsSpan(0, name.Length));
            One(calls.AsSpan(0, name.Length), name.ToString());
            if ((++done & 63) == 0)
            {
                progress?.Invoke(done);
            }
        }

        progress?.Invoke(done);
    }

    /// <summary>Makes one sequence; a divergence joins its group, a new group's first one is shrunk.</summary>
    public Divergence? One(ReadOnlySpan<Call> calls, string origin)
    {
        if (checker.Check(calls) is not { } divergence)
        {
            return null;
        }

        if (groups.TryGetValue(divergence.Group, out GroupReport? known))
        {
            known.Count++;
            return divergence;
        }

        GroupReport report = new(divergence, origin);
        groups.Add(divergence.Group, report);
        report.Smallest = checker.Shrink(divergence, out int tried);
        report.Tried = tried;
        return divergence;
    }

    /// <summary>On a release that is not modelled: names the revision under which each group's sequence conforms.</summary>
    public void LabelBackports(ITarget target, Revision checkedRevision)
    {
        ArgumentNullException.ThrowIfNull(checkedRevision);
        foreach (GroupReport report in groups.Values)
        {
            report.Label = Revisions.Releases
                .Where(r => r != checkedRevision && r.Book(checker.Model.Host.Architecture) is not null)
                .FirstOrDefault(r => new Checker(target, new Model.Model(r, checker.Model.Host), strictness).Try(report.Smallest.Sequence.Calls) is null)
                is { } explains
                ? $"as in {explains.Name} (backport?)"
                : "unexplained on an unmodelled release";
        }
    }
}
