namespace KvmSpec.Model.Riscv.Walks;

/// <summary>What comes of a walk where a clause's condition holds.</summary>
public enum ClauseEffect
{
    /// <summary>A page fault where the VS-stage asks, a guest-page fault where the G-stage does.</summary>
    PageFault,

    /// <summary>An access fault.</summary>
    AccessFault,

    /// <summary>No fault: the clause says what is translated, checked or reported.</summary>
    Defines,
}

/// <summary>A question that a walk asks, by the name it has in spec.md.</summary>
public sealed record WalkClause
{
    /// <summary>Its number among all, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Lower-case kebab in two to four parts, never reused.</summary>
    public required string Id { get; init; }

    /// <summary>What comes of it where it holds.</summary>
    public required ClauseEffect Effect { get; init; }

    /// <summary>Which stages ask it, in the words of spec.md.</summary>
    public required string Where { get; init; }

    /// <summary>The manual's section.</summary>
    public required string Section { get; init; }

    /// <summary>The manual's tag for the normative rule; <c>null</c> where it has none.</summary>
    public string? Tag { get; init; }

    /// <summary>The effect in the words of spec.md.</summary>
    public string EffectWords => Effect switch
    {
        ClauseEffect.Defines => "defines",
        ClauseEffect.AccessFault => "access fault",
        _ => Where switch
        {
            WalkClauses.InGStage => "guest-page fault",
            WalkClauses.InVsStage => "page fault",
            _ => "page fault or guest-page fault",
        },
    };

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>A set of clauses.</summary>
/// <param name="Bits">One bit for each index.</param>
public readonly record struct WalkClauseSet(UInt128 Bits)
{
    /// <summary>A set of one clause.</summary>
    public static WalkClauseSet Of(WalkClause clause) => default(WalkClauseSet).With(clause);

    public bool Contains(WalkClause clause) => (Bits >> clause.Index & 1) != 0;

    /// <summary>The set with one clause more.</summary>
    public WalkClauseSet With(WalkClause clause) => new(Bits | (UInt128.One << clause.Index));

    /// <summary>True where some clause is in both sets.</summary>
    public bool Meets(WalkClauseSet other) => (Bits & other.Bits) != 0;

    /// <summary>What is in either set.</summary>
    public WalkClauseSet Or(WalkClauseSet other) => new(Bits | other.Bits);

    public bool IsEmpty => Bits == 0;
}
