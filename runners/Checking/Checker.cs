using FsCheck;
using FsCheck.Fluent;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Checking;

/// <summary>How strictly errnos are compared.</summary>
public enum Strictness
{
    /// <summary>Any errno that userspace must be ready for is fine; another than the first is a notice.</summary>
    Envelope,

    /// <summary>The errno of the first failing check.</summary>
    Exact,
}

/// <summary>
/// Makes sequences on a target and judges every answer. A sequence ends at its first divergence, the run goes on; facts
/// of the host that an answer settles hold for the rest of the run.
/// </summary>
public sealed class Checker
{
    private readonly ITarget target;
    private readonly ITarget attempts;
    private readonly Strictness strictness;
    private readonly long[] decided;
    private readonly Model.Model? standIn;
    private Observation[] observed = new Observation[64];
    private Call[] spelled = new Call[64];
    private int made;

    /// <param name="target">What is checked.</param>
    /// <param name="model">What it is checked against, with nothing settled but what the host says.</param>
    /// <param name="strictness">How strictly errnos are compared.</param>
    /// <param name="attempts">What is asked while shrinking; without it the target itself.</param>
    public Checker(ITarget target, Model.Model model, Strictness strictness = Strictness.Envelope, ITarget? attempts = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.target = target;
        this.attempts = attempts ?? target;
        standIn = attempts is null ? (target as ModelTarget)?.Model : null;
        this.strictness = strictness;
        Model = model;
        decided = new long[model.Book.Placements.Max(p => p.Rule.Serial) + 1];
    }

    /// <summary>The model, with what the run has settled so far.</summary>
    public Model.Model Model { get; private set; }

    /// <summary>Calls that were judged.</summary>
    public long Calls { get; private set; }

    public long Sequences { get; private set; }

    /// <summary>Sequences that ended because the machine ran out of something.</summary>
    public long OutOfResources { get; private set; }

    /// <summary>Sequences that ended with a call of which the model says nothing.</summary>
    public long LeftOpen { get; private set; }

    /// <summary>Answers with another errno of the envelope.</summary>
    public long Notices { get; private set; }

    /// <summary>What the calls of the last sequence answered; the next sequence overwrites it.</summary>
    public ReadOnlySpan<Observation> Observed => observed.AsSpan(0, made);

    /// <summary>Facts that the run settled, in their order.</summary>
    public List<(Fact Fact, bool Holds, string By)> Settled { get; } = [];

    /// <summary>How often a rule decided a call.</summary>
    public long Decided(Rule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return rule.Serial < decided.Length ? decided[rule.Serial] : 0;
    }

    /// <summary>Makes a sequence; the divergence that ended it, if any.</summary>
    public Divergence? Check(ReadOnlySpan<Call> calls)
    {
        Sequences++;
        Execute(target, calls);
        World world = World.Initial;
        for (int i = 0; i < calls.Length; i++)
        {
            if (Misunderstood(world, calls[i]))
            {
                LeftOpen++;
                return null;
            }

            Judgement judgement = Model.Judge(world, calls[i], observed[i]);
            Calls++;
            switch (judgement.Finding)
            {
                case Finding.AsExpected:
                    decided[judgement.Rule.Serial]++;
                    if (judgement.Rule.Crashes)
                    {
                        return null;
                    }

                    break;
                case Finding.Environment:
                    OutOfResources++;
                    return null;
                case Finding.Open:
                    LeftOpen++;
                    return null;
                case Finding.ErrnoOrder when strictness == Strictness.Envelope:
                    Notices++;
                    break;
                default:
                    return Diverged(world, calls, i, judgement);
            }

            if (!judgement.Settled.IsEmpty)
            {
                Settle(judgement, calls[i]);
            }

            world = judgement.Next;
        }

        return null;
    }

    /// <summary>Makes a sequence without counting it: what shrinking does.</summary>
    public Divergence? Try(ReadOnlySpan<Call> calls)
    {
        Execute(attempts, calls);
        World world = World.Initial;
        for (int i = 0; i < calls.Length; i++)
        {
            if (Misunderstood(world, calls[i]))
            {
                return null;
            }

            Judgement judgement = Model.Judge(world, calls[i], observed[i]);
            if (judgement.Finding is Finding.Environment or Finding.Open || judgement.Rule.Crashes)
            {
                return null;
            }

            if (judgement.Finding.Diverges() || (judgement.Finding == Finding.ErrnoOrder && strictness == Strictness.Exact))
            {
                return Diverged(world, calls, i, judgement);
            }

            world = judgement.Next;
        }

        return null;
    }

    /// <summary>Makes a divergence as small as FsCheck gets it with the project's shrinker, within its group.</summary>
    public Divergence Shrink(Divergence divergence, out int tried)
    {
        ArgumentNullException.ThrowIfNull(divergence);
        Divergence smallest = divergence;
        int count = 0;
        Sequence start = new([.. divergence.Sequence.Calls[..(divergence.At + 1)]]);
        Property conforms = Prop.ForAll(Draws.Shrinking(Gen.Constant(start), Model), candidate =>
        {
            count++;
            if (Try(candidate.Calls) is not { } found || found.Group != divergence.Group)
            {
                return true;
            }

            smallest = found;
            return false;
        });
        FsCheck.Check.One(Config.Quick.WithMaxTest(1).WithRunner(SilentRunner.Instance), conforms);
        tried = count;
        return smallest;
    }

    private void Execute(ITarget asked, ReadOnlySpan<Call> calls)
    {
        if (observed.Length < calls.Length)
        {
            observed = new Observation[calls.Length];
            spelled = new Call[calls.Length];
        }

        for (int i = 0; i < calls.Length; i++)
        {
            spelled[i] = target.TakesMeanings ? calls[i] : Model.Spell(calls[i]);
        }

        made = calls.Length;
        asked.Execute(spelled.AsSpan(0, made), observed);
        for (int i = 0; i < made; i++)
        {
            KvmSpec.Model.Model.Restore(calls[i], spelled[i], ref observed[i]);
        }
    }

    /// <summary>
    /// True where a number was given raw that the target's vocabulary uses for another meaning: between two revisions only
    /// meanings are compared.
    /// </summary>
    private bool Misunderstood(World world, in Call call) =>
        standIn is { } other && call.Operation is { Case: null, Ioctl.Selector: not null } && other.Book.Numbers != Model.Book.Numbers
        && Model.Resolve(world, call).Case != other.Resolve(world, call).Case;

    private Divergence Diverged(World world, ReadOnlySpan<Call> calls, int at, Judgement judgement)
    {
        Operation operation = Model.Resolve(world, calls[at]);
        Group group = standIn is null
            ? new(operation.Ioctl is null ? calls[at].Operation.Name : operation.Name, judgement.Rule.Id, observed[at].Summary, judgement.Finding)
            : Blame.Of(Model, standIn, world, calls[..(at + 1)], judgement);
        return new Divergence(group, new Sequence([.. calls[..(at + 1)]]), at, judgement, observed[at], operation)
        {
            Printed = observed[at].Ending != Ending.Returned && target is IPrints printing ? printing.Printed : [],
        };
    }

    private void Settle(in Judgement judgement, in Call call)
    {
        foreach ((Fact fact, bool holds) in judgement.Settled)
        {
            Settled.Add((fact, holds, call.Operation.Name));
        }

        Model = Model.Settle(judgement.Settled);
    }
}
