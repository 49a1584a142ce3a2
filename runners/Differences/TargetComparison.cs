using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Differences;

/// <summary>
/// Makes the same sequences on two targets and groups what they answer differently, whether a rule covers it or not. A
/// sequence ends at its first difference, or where either machine ran out of something.
/// </summary>
public sealed class TargetComparison
{
    private readonly ITarget first;
    private readonly ITarget second;
    private readonly Model.Model model;
    private readonly Dictionary<DifferenceGroup, DifferenceReport> groups = [];
    private Call[] spelled = new Call[64];
    private Observation[] byFirst = new Observation[64];
    private Observation[] bySecond = new Observation[64];

    /// <param name="first">One target.</param>
    /// <param name="second">The other.</param>
    /// <param name="model">In whose vocabulary sequences are generated.</param>
    /// <exception cref="TargetException">They are of different architectures.</exception>
    public TargetComparison(ITarget first, ITarget second, Model.Model model)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (first.Host.Architecture != second.Host.Architecture)
        {
            throw new TargetException($"{first.Name} and {second.Name} have different architectures: {first.Host.Architecture} and {second.Host.Architecture}");
        }

        this.first = first;
        this.second = second;
        this.model = model;
    }

    /// <summary>What differed, by group.</summary>
    public IReadOnlyCollection<DifferenceReport> Groups => groups.Values;

    /// <summary>True where the targets differ in more than what varies on one of them by itself.</summary>
    public bool Differ => groups.Values.Any(g => g.Varying.Count == 0);

    public long Sequences { get; private set; }

    /// <summary>Calls that both answered alike.</summary>
    public long Calls { get; private set; }

    /// <summary>True where the run was ended before its plan was done.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>Makes a plan's sequences.</summary>
    /// <param name="plan">Which.</param>
    /// <param name="progress">Told how many are done.</param>
    /// <param name="stop">Ends the run after the sequence at hand.</param>
    public void Generated(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Draws draws = new(plan.Seed, plan.Longest);
        Generator generator = new(model);
        for (long index = plan.Shard; index < plan.Count; index += plan.Shards)
        {
            if (stop.IsCancellationRequested)
            {
                Interrupted = true;
                return;
            }

            SequenceName name = draws[(ulong)index];
            One(generator.Generate(name).Calls, name.ToString());
            progress?.Invoke(Sequences);
        }
    }

    /// <summary>Makes one sequence; a difference joins its group, a new group's first one is shrunk.</summary>
    public Difference? One(ReadOnlySpan<Call> calls, string origin)
    {
        Sequences++;
        Difference? found = Compare(calls, out int alike);
        Calls += alike;
        if (found is null)
        {
            return null;
        }

        if (groups.TryGetValue(found.Group, out DifferenceReport? known))
        {
            known.Count++;
            return found;
        }

        Difference smallest = Shrink(found);
        groups.Add(found.Group, new DifferenceReport(found, origin)
        {
            Smallest = smallest,
            Varying = [.. Varying(smallest)],
        });
        return found;
    }

    private Difference? Compare(ReadOnlySpan<Call> calls, out int alike)
    {
        if (spelled.Length < calls.Length)
        {
            spelled = new Call[calls.Length];
            byFirst = new Observation[calls.Length];
            bySecond = new Observation[calls.Length];
        }

        Spell(calls);
        Ask(first, calls, byFirst);
        Ask(second, calls, bySecond);
        for (alike = 0; alike < calls.Length; alike++)
        {
            ref readonly Observation one = ref byFirst[alike];
            ref readonly Observation other = ref bySecond[alike];
            if (one.Ending == Ending.Unsaid || other.Ending == Ending.Unsaid || one.IsEnvironment(calls[alike]) || other.IsEnvironment(calls[alike]))
            {
                return null;
            }

            bool same = one.SaysAs(other);
            string? detail = same ? Word(calls[alike], one, other) : null;
            if (!same || detail is not null)
            {
                DifferenceGroup group = new(model.Named(calls[..(alike + 1)])[^1].Operation.Name, one.Summary, other.Summary);
                return new Difference(group, new Sequence([.. calls[..(alike + 1)]]), detail, [.. byFirst[..(alike + 1)]], [.. bySecond[..(alike + 1)]])
                {
                    Printed = [.. PrintedBy(first, one), .. PrintedBy(second, other)],
                };
            }
        }

        return null;
    }

    private static IReadOnlyList<string> PrintedBy(ITarget target, in Observation observed) =>
        observed.Ending != Ending.Returned && target is IPrints printing ? printing.Printed : [];

    private void Spell(ReadOnlySpan<Call> calls)
    {
        for (int i = 0; i < calls.Length; i++)
        {
            spelled[i] = model.Spell(calls[i]);
        }
    }

    private void Ask(ITarget target, ReadOnlySpan<Call> calls, Observation[] observed)
    {
        if (target.TakesMeanings)
        {
            target.Execute(calls, observed);
            return;
        }

        target.Execute(spelled.AsSpan(0, calls.Length), observed);
        for (int i = 0; i < calls.Length; i++)
        {
            KvmSpec.Model.Model.Restore(calls[i], spelled[i], ref observed[i]);
        }
    }

    /// <summary>The targets that answer a sequence otherwise when they make it again; a kernel that died tells even if it does so once.</summary>
    private IEnumerable<string> Varying(Difference difference)
    {
        if (difference.ByFirst[difference.At].Ending != Ending.Returned || difference.BySecond[difference.At].Ending != Ending.Returned)
        {
            yield break;
        }

        if (AnswersOtherwise(first, difference, difference.ByFirst))
        {
            yield return first.Name;
        }

        if (AnswersOtherwise(second, difference, difference.BySecond))
        {
            yield return second.Name;
        }
    }

    /// <summary>True where a target that makes a sequence again answers its last call otherwise.</summary>
    private bool AnswersOtherwise(ITarget target, Difference difference, ImmutableArray<Observation> answered)
    {
        ReadOnlySpan<Call> calls = difference.Sequence.Calls;
        Spell(calls);
        Ask(target, calls, byFirst);
        ref readonly Observation again = ref byFirst[difference.At];
        return again.Summary != answered[difference.At].Summary || Word(calls[difference.At], again, answered[difference.At]) is not null;
    }

    /// <summary>The first word that the targets left different.</summary>
    private static string? Word(in Call call, in Observation one, in Observation other)
    {
        foreach (Field field in call.Operation.Fields)
        {
            if (one.After[field.Index] != other.After[field.Index])
            {
                return $"{field.Name} {CallText.Number(one.After[field.Index])} and {CallText.Number(other.After[field.Index])}";
            }
        }

        return null;
    }

    private Difference Shrink(Difference difference)
    {
        Difference smallest = difference;
        Property same = Prop.ForAll(Draws.Shrinking(Gen.Constant(difference.Sequence), model), candidate =>
        {
            if (Compare(candidate.Calls, out _) is not { } found || found.Group != difference.Group)
            {
                return true;
            }

            smallest = found;
            return false;
        });
        FsCheck.Check.One(Config.Quick.WithMaxTest(1).WithRunner(SilentRunner.Instance), same);
        return smallest;
    }
}
