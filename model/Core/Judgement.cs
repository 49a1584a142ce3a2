using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>How an observation relates to what the rules allow.</summary>
public enum Finding : byte
{
    /// <summary>It is what the first failing rule says.</summary>
    AsExpected,

    /// <summary>The machine ran out of something: it ends the sequence and decides nothing.</summary>
    Environment,

    /// <summary>The model says nothing of it: it ends the sequence and decides nothing.</summary>
    Open,

    /// <summary>Another errno of the envelope: userspace must be ready for it.</summary>
    ErrnoOrder,

    /// <summary>The kernel accepts what must be refused.</summary>
    AcceptsRefused,

    /// <summary>The kernel refuses what must be accepted.</summary>
    RefusesAccepted,

    /// <summary>It returned or wrote something else.</summary>
    OtherValue,

    /// <summary>An errno outside the envelope.</summary>
    OtherErrno,

    /// <summary>Crash, kernel warning or hang.</summary>
    Crash,
}

/// <summary>The words for findings in reports.</summary>
public static class Findings
{
    public static string Words(this Finding finding) => finding switch
    {
        Finding.AsExpected => "as expected",
        Finding.Environment => "out of resources",
        Finding.Open => "left open",
        Finding.ErrnoOrder => "errno order",
        Finding.AcceptsRefused => "accepts what must be refused",
        Finding.RefusesAccepted => "refuses what must be accepted",
        Finding.OtherValue => "other value",
        Finding.OtherErrno => "errno outside the envelope",
        _ => "crash, kernel warning or hang",
    };

    /// <summary>True where the finding is a divergence whatever the strictness.</summary>
    public static bool Diverges(this Finding finding) => finding > Finding.ErrnoOrder;
}

/// <summary>What the model says of one observation.</summary>
public readonly struct Judgement
{
    public Judgement(Finding finding, Rule rule, World next)
    {
        Finding = finding;
        Rule = rule;
        Next = next;
    }

    public Finding Finding { get; }

    /// <summary>The rule that decided, or that should have.</summary>
    public Rule Rule { get; }

    /// <summary>The state after what was observed.</summary>
    public World Next { get; }

    /// <summary>Facts of the host that this observation settled.</summary>
    public ImmutableArray<KeyValuePair<Fact, bool>> Settled { get; init; } = [];

    /// <summary>For another value: which word, what was expected and what came.</summary>
    public string? Detail { get; init; }
}
