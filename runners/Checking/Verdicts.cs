using KvmSpec.Model;

namespace KvmSpec.Runners.Checking;

/// <summary>What an answer that was judged means for its sequence.</summary>
public enum Course
{
    /// <summary>The next call can be judged.</summary>
    GoesOn,

    /// <summary>Nothing more can be said of it: resources ran out, the model says nothing, or the kernel crashed as expected.</summary>
    Ends,

    /// <summary>It diverges here.</summary>
    Diverges,
}

/// <summary>
/// Judges answers one by one and counts what came of them, whether they come from a target or out of a trace. Facts of the
/// host that an answer settles hold from then on.
/// </summary>
public abstract class Verdicts
{
    private readonly long[] decided;

    private protected Verdicts(Model.Model model, Strictness strictness)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Strictness = strictness;
        decided = new long[model.Book.LastSerial + 1];
    }

    /// <summary>The model, with what has been settled so far.</summary>
    public Model.Model Model { get; private set; }

    /// <summary>Calls that were judged.</summary>
    public long Calls { get; private set; }

    public long Sequences { get; private protected set; }

    /// <summary>Sequences that ended because the machine ran out of something.</summary>
    public long OutOfResources { get; private set; }

    /// <summary>Sequences that ended with a call of which the model says nothing.</summary>
    public long LeftOpen { get; private protected set; }

    /// <summary>Answers with another errno of the envelope.</summary>
    public long Notices { get; private set; }

    /// <summary>Facts that were settled, in their order.</summary>
    public List<(Fact Fact, bool Holds, string By)> Settled { get; } = [];

    /// <summary>How strictly errnos are compared.</summary>
    private protected Strictness Strictness { get; }

    /// <summary>How often a rule decided a call.</summary>
    public long Decided(Rule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return rule.Serial < decided.Length ? decided[rule.Serial] : 0;
    }

    /// <summary>What a judgement means, counted or not: the same for a first check and for its shrinking.</summary>
    private protected Course CourseOf(in Judgement judgement) => judgement.Finding switch
    {
        Finding.AsExpected => judgement.Rule.Crashes ? Course.Ends : Course.GoesOn,
        Finding.Environment or Finding.Open => Course.Ends,
        Finding.ErrnoOrder when Strictness == Strictness.Envelope => Course.GoesOn,
        _ => Course.Diverges,
    };

    /// <summary>Judges an answer, counts it and settles what it settles.</summary>
    private protected Course Take(World world, in Call call, in Observation observed, out Judgement judgement)
    {
        judgement = Model.Judge(world, call, observed);
        Calls++;
        switch (judgement.Finding)
        {
            case Finding.AsExpected:
                decided[judgement.Rule.Serial]++;
                break;
            case Finding.Environment:
                OutOfResources++;
                break;
            case Finding.Open:
                LeftOpen++;
                break;
            case Finding.ErrnoOrder when Strictness == Strictness.Envelope:
                Notices++;
                break;
        }

        Course course = CourseOf(judgement);
        if (course == Course.GoesOn && !judgement.Settled.IsEmpty)
        {
            foreach ((Fact fact, bool holds) in judgement.Settled)
            {
                Settled.Add((fact, holds, call.Operation.Name));
            }

            Model = Model.Settle(judgement.Settled);
        }

        return course;
    }
}
