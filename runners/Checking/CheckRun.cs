using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

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

    /// <summary>Sequences are generated as if nothing were settled, so that a name replays the same calls.</summary>
    private readonly Model.Model unsettled = checker.Model;

    public Checker Checker => checker;

    public Strictness Strictness => strictness;

    public IReadOnlyCollection<GroupReport> Groups => groups.Values;

    public bool Interrupted { get; private set; }

    /// <summary>Told the name of every sequence before it is made: what replays it.</summary>
    public Action<string>? Begins { get; init; }

    /// <summary>Sequences other than vectors.</summary>
    public long Sequences => checker.Sequences - (Tally?.Made ?? 0);

    /// <summary>What came of the vectors; <c>null</c> where none were asked for.</summary>
    public VectorTally? Tally { get; private set; }

    /// <summary>
    /// Makes the vectors that apply. Those that need a fact which only a later vector settles come at the end; one whose
    /// divergence is excused is skipped.
    /// </summary>
    public void Vectors(IEnumerable<PlacedVector> vectors, Excuses excuses, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(excuses);
        Tally = new VectorTally();
        List<PlacedVector> waiting = [];
        foreach (PlacedVector placed in vectors)
        {
            if (VectorRunner.Unfit(placed.Vector, checker.Model) is null)
            {
                Make(placed, excuses, stop);
            }
            else
            {
                waiting.Add(placed);
            }
        }

        foreach (PlacedVector placed in waiting)
        {
            if (VectorRunner.Unfit(placed.Vector, checker.Model) is { } reason)
            {
                Tally.Skip(placed.Vector, reason);
            }
            else
            {
                Make(placed, excuses, stop);
            }
        }
    }

    /// <summary>Makes a vector's calls once: what they answer is held against the vector and against the model.</summary>
    private void Make(PlacedVector placed, Excuses excuses, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            Interrupted = true;
            return;
        }

        Tally!.Made++;
        Begins?.Invoke(placed.Vector.Id);
        Divergence? divergence = checker.Check(placed.Vector.Sequence);
        VectorResult result = VectorRunner.Judge(placed.Vector, checker.Observed);
        Join(divergence, placed.Vector.Id);
        if (result.Status == VectorStatus.Failed && divergence is not null && excuses.List.FirstOrDefault(e => e.Covers(divergence.Group)) is { } excuse)
        {
            Tally.Skip(placed.Vector, $"excused: {excuse.Reason}");
        }
        else
        {
            Tally.Add(placed.File, result);
        }
    }

    /// <summary>Makes the plan's sequences.</summary>
    /// <param name="plan">Which.</param>
    /// <param name="progress">Told how many are done, now and then.</param>
    /// <param name="stop">Ends the run after the sequence at hand.</param>
    public void Generated(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Draws draws = new(plan.Seed, plan.Longest);
        Generator generator = new(unsettled);
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
        Begins?.Invoke(origin);
        Divergence? divergence = checker.Check(calls);
        Join(divergence, origin);
        return divergence;
    }

    private void Join(Divergence? divergence, string origin)
    {
        if (divergence is null)
        {
            return;
        }

        if (groups.TryGetValue(divergence.Group, out GroupReport? known))
        {
            known.Count++;
            return;
        }

        GroupReport report = new(divergence, origin, checker.Model) { FoundBy = checker.Sequences, FoundAfter = checker.Calls };
        groups.Add(divergence.Group, report);
        report.Smallest = checker.Shrink(divergence, out int tried);
        report.Tried = tried;
    }

    /// <summary>On a release that is not modelled: names the revision under which each group's sequence, and each vector that failed, conforms.</summary>
    public void LabelBackports(ITarget target, Revision checkedRevision)
    {
        ArgumentNullException.ThrowIfNull(checkedRevision);
        Checker[] others = [.. Backports.Origins(checkedRevision, checker.Model.Host).Select(m => new Checker(target, m, strictness))];
        foreach (GroupReport report in groups.Values)
        {
            report.Label = Label(others, report.Smallest.Sequence.Calls);
        }

        foreach ((_, VectorResult result) in Tally?.Failed ?? [])
        {
            Tally!.Labels[result.Vector.Id] = Label(others, result.Vector.Sequence);
        }
    }

    private static string Label(Checker[] others, ReadOnlySpan<Call> calls)
    {
        foreach (Checker other in others)
        {
            if (other.Try(calls) is null)
            {
                return Backports.Label(other.Model.Revision);
            }
        }

        return Backports.Label(null);
    }
}
