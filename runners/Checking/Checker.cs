using System.Runtime.ExceptionServices;
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
public sealed class Checker : Verdicts
{
    private readonly ITarget target;
    private readonly ITarget attempts;
    private readonly Model.Model? standIn;
    private Observation[] observed = new Observation[64];
    private Call[] spelled = new Call[64];
    private int made;

    /// <param name="target">What is checked.</param>
    /// <param name="model">What it is checked against, with nothing settled but what the host says.</param>
    /// <param name="strictness">How strictly errnos are compared.</param>
    /// <param name="attempts">What is asked while shrinking; without it the target itself.</param>
    public Checker(ITarget target, Model.Model model, Strictness strictness = Strictness.Envelope, ITarget? attempts = null)
        : base(model, strictness)
    {
        this.target = target;
        this.attempts = attempts ?? target;
        standIn = attempts is null ? (target as ModelTarget)?.Model : null;
    }

    /// <summary>What the calls of the last sequence answered; the next sequence overwrites it.</summary>
    public ReadOnlySpan<Observation> Observed => observed.AsSpan(0, made);

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

            Course course = Take(world, calls[i], observed[i], out Judgement judgement);
            if (course != Course.GoesOn)
            {
                return course == Course.Ends ? null : Diverged(world, calls, i, judgement);
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
            Course course = CourseOf(judgement);
            if (course != Course.GoesOn)
            {
                return course == Course.Ends ? null : Diverged(world, calls, i, judgement);
            }

            world = judgement.Next;
        }

        return null;
    }

    /// <summary>
    /// Makes a divergence as small as FsCheck gets it with the project's shrinker, within its group. FsCheck takes what a
    /// candidate throws for a failure; here it ends the shrinking and is thrown on.
    /// </summary>
    public Divergence Shrink(Divergence divergence, out int tried)
    {
        ArgumentNullException.ThrowIfNull(divergence);
        Divergence smallest = divergence;
        int count = 0;
        ExceptionDispatchInfo? broken = null;
        Sequence start = new([.. divergence.Sequence.Calls[..(divergence.At + 1)]]);
        Property conforms = Prop.ForAll(Draws.Shrinking(Gen.Constant(start), Model), candidate =>
        {
            count++;
            try
            {
                if (broken is not null || Try(candidate.Calls) is not { } found || found.Group != divergence.Group)
                {
                    return true;
                }

                smallest = found;
                return false;
            }
            catch (Exception e) when ((broken = ExceptionDispatchInfo.Capture(e)) is not null)
            {
                return true;
            }
        });
        FsCheck.Check.One(Config.Quick.WithMaxTest(1).WithRunner(SilentRunner.Instance), conforms);
        broken?.Throw();
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
            ? Group.Of(operation, calls[at], judgement, observed[at])
            : Blame.Of(Model, standIn, world, calls[..(at + 1)], judgement);
        return new Divergence(group, new Sequence([.. calls[..(at + 1)]]), at, judgement, observed[at], operation)
        {
            Printed = observed[at].Ending != Ending.Returned && target is IPrints printing ? printing.Printed : [],
        };
    }
}
