namespace KvmSpec.Model.Riscv.Walks;

/// <summary>Which translation a step belongs to.</summary>
public enum Stage
{
    VsStage,
    GStage,
}

/// <summary>
/// Follows a walk: every decision goes through <see cref="Is"/>, with its clause. What records steps, counts which clauses
/// were decided both ways, or leaves a clause out to see who notices, is such a follower; a walk that nobody follows is as
/// fast as if the questions were not there.
/// </summary>
public interface IWalkSteps
{
    /// <summary>False where nobody follows: then questions that all have the answer no need not be asked one by one.</summary>
    static virtual bool Follows => true;

    /// <summary>Decides by a clause.</summary>
    /// <param name="clause">Which.</param>
    /// <param name="holds">What the tables and registers say.</param>
    /// <returns><paramref name="holds"/>, unless the follower leaves the clause out.</returns>
    bool Is(WalkClause clause, bool holds);

    /// <summary>A translation begins.</summary>
    void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit);

    /// <summary>An entry was read.</summary>
    void Read(Stage stage, int level, ulong entry, Spa at, Pte pte);

    /// <summary>A and D were set in an entry.</summary>
    void Updated(Stage stage, int level, Spa at, Pte pte);

    /// <summary>A translation ended well.</summary>
    void End(Stage stage, ulong address);
}

/// <summary>Nobody follows.</summary>
public struct NoSteps : IWalkSteps
{
    /// <inheritdoc/>
    public static bool Follows => false;

    /// <inheritdoc/>
    public readonly bool Is(WalkClause clause, bool holds) => holds;

    /// <inheritdoc/>
    public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
    {
    }

    /// <inheritdoc/>
    public readonly void Read(Stage stage, int level, ulong entry, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public readonly void Updated(Stage stage, int level, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public readonly void End(Stage stage, ulong address)
    {
    }
}

/// <summary>A walk without some clauses, as an implementation has it that forgot them: what they ask is never so.</summary>
/// <param name="without">The clauses that are left out.</param>
public readonly struct WithoutClauses(WalkClauseSet without) : IWalkSteps
{
    /// <inheritdoc/>
    public bool Is(WalkClause clause, bool holds) => holds && !without.Contains(clause);

    /// <inheritdoc/>
    public void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
    {
    }

    /// <inheritdoc/>
    public void Read(Stage stage, int level, ulong entry, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public void Updated(Stage stage, int level, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public void End(Stage stage, ulong address)
    {
    }
}

/// <summary>Which clauses walks asked, and with which answers.</summary>
public struct ClauseCounts : IWalkSteps
{
    /// <summary>Clauses whose condition was found to hold.</summary>
    public WalkClauseSet Held;

    /// <summary>Clauses whose condition was looked at and did not hold.</summary>
    public WalkClauseSet Passed;

    /// <inheritdoc/>
    public bool Is(WalkClause clause, bool holds)
    {
        if (holds)
        {
            Held = Held.With(clause);
        }
        else
        {
            Passed = Passed.With(clause);
        }

        return holds;
    }

    /// <inheritdoc/>
    public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
    {
    }

    /// <inheritdoc/>
    public readonly void Read(Stage stage, int level, ulong entry, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public readonly void Updated(Stage stage, int level, Spa at, Pte pte)
    {
    }

    /// <inheritdoc/>
    public readonly void End(Stage stage, ulong address)
    {
    }
}
