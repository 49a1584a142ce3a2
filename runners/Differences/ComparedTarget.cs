using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Differences;

/// <summary>What a target's own revision says of its answer to the last call of a sequence.</summary>
/// <param name="Covered">True where the answer is what its rules allow.</param>
/// <param name="Says">The rules' answer and the clause that gives it, or why they say nothing.</param>
public sealed record RuleView(bool Covered, string Says);

/// <summary>One of two targets that are compared, and the model of its own release.</summary>
/// <param name="Target">What answers.</param>
/// <param name="Model">By which its answers are explained; it decides nothing about what differs.</param>
public sealed record ComparedTarget(ITarget Target, Model.Model Model)
{
    /// <summary>The target with the model of the nearest release.</summary>
    /// <exception cref="TargetException">No release holds rules for its architecture.</exception>
    public static ComparedTarget Of(ITarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is ModelTarget standIn)
        {
            return new(target, standIn.Model);
        }

        Revision revision = Revisions.Nearest(target.Host.Release, out _);
        return revision.Book(target.Host.Architecture) is not null ? new(target, new Model.Model(revision, target.Host))
            : throw new TargetException($"target {target.Name}: a kernel for {target.Host.Architecture.ToString().ToLowerInvariant()}, for which revision {revision.Name} holds no rules");
    }

    /// <summary>Whether the target's own rules cover what it answered to the last call, and what they say.</summary>
    public RuleView Explain(Sequence sequence, ImmutableArray<Observation> observed)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        World world = World.Initial;
        Model.Model model = Model;
        for (int i = 0; i < sequence.Length; i++)
        {
            Judgement judgement = model.Judge(world, sequence[i], observed[i]);
            if (judgement.Finding == Finding.Open)
            {
                return new(false, $"left open by {judgement.Rule.Id}");
            }

            if (judgement.Finding.Diverges())
            {
                string expected = judgement.Rule.Accepts ? "success" : judgement.Rule.Errno.ToString();
                return new(false, i == sequence.Length - 1
                    ? $"{model.Revision} says {expected} by {judgement.Rule.Id}{(judgement.Detail is null ? "" : $" ({judgement.Detail})")}"
                    : $"call {i + 1} is not what {model.Revision} says by {judgement.Rule.Id}");
            }

            if (i == sequence.Length - 1)
            {
                return new(true, $"as {model.Revision} says by {judgement.Rule.Id}");
            }

            world = judgement.Next;
            model = judgement.Settled.IsEmpty ? model : model.Settle(judgement.Settled);
        }

        throw new ArgumentException("a difference has a call", nameof(sequence));
    }
}
