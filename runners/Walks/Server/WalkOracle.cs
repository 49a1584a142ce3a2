using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>A drawn access with what is expected of it.</summary>
/// <param name="Seed">What it was drawn from.</param>
/// <param name="Walk">The access.</param>
/// <param name="Result">What the model makes of it.</param>
/// <param name="Expected">What is seen of that from outside.</param>
/// <param name="Asked">The questions that the model asked.</param>
/// <param name="Watched">Where the machine is known to store, so that it can be undone; <c>null</c> where it does not.</param>
internal sealed record WalkTrial(ulong Seed, WalkCase Walk, WalkResult Result, WalkAnswer Expected, ClauseCounts Asked, Spa? Watched);

/// <summary>What the model expects of accesses, and what excuses make of that.</summary>
/// <param name="excuses">Where the machine is known to differ.</param>
/// <param name="planted">Clauses that the model is without, to see that this is noticed.</param>
internal sealed class WalkOracle(IReadOnlyList<Excuse> excuses, WalkClauseSet planted = default)
{
    public IReadOnlyList<Excuse> Excuses => excuses;

    /// <summary>
    /// Prepares an access. There is none where it is known to leave the arena in the machine, but not in the model: what it
    /// would find there is unknown, and what it would store might be the program's end.
    /// </summary>
    public WalkTrial? Prepare(ulong seed, WalkCase walk)
    {
        WalkTrial trial = Expect(seed, walk);
        (WalkCase taken, WalkClauseSet without) = Excuse.Understand(walk, excuses);
        if (ReferenceEquals(taken, walk) && !trial.Asked.Held.Meets(without))
        {
            return trial;
        }

        WithoutClauses steps = new(without);
        return WalkArena.Confines(taken, ref steps, out WalkResult arriving) ? trial with { Watched = Stores(walk, arriving) } : null;
    }

    /// <summary>Prepares an access as it is.</summary>
    public WalkTrial Expect(ulong seed, WalkCase walk)
    {
        ClauseCounts asked = default;
        WalkResult result = walk.Run(ref asked, out Dictionary<ulong, ulong> after);
        Spa? watched = Stores(walk, result);
        if (!planted.IsEmpty)
        {
            WithoutClauses steps = new(planted);
            result = walk.Run(ref steps, out after);
        }

        return new WalkTrial(seed, walk, result, WalkAnswer.Of(walk, result, after), asked, watched);
    }

    private static Spa? Stores(WalkCase walk, WalkResult result) => walk.Access.Kind == AccessKind.Store && !result.IsTrap ? result.Spa : null;

    /// <summary>The excuses without which an answer is not explained; none where even all of them do not explain it.</summary>
    public IReadOnlyList<Excuse> Explain(WalkCase walk, WalkAnswer observed)
    {
        if (!Excuse.Answer(walk, excuses, planted, out List<Excuse> acting).Equals(observed))
        {
            return [];
        }

        Excuse[] needed = [.. excuses.Where(e => acting.Contains(e) && !Excuse.Answer(walk, excuses.Where(o => o != e), planted).Equals(observed))];
        return needed.Length > 0 ? needed : [excuses.First(e => Excuse.Answer(walk, [e], planted).Equals(observed))];
    }
}
