using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>A model judges what a model answers.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class JudgementLaws
{
    [Law("judge.self", "∀ m, s, c: judge(m, s, c, answer(m, s, c)) = as expected, or open where the rule is, with the same rule and next state, but for answers of a newer host that an older revision forbids")]
    [Property(MaxTest = 15000)]
    public void JudgesItselfAsExpected(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        World next = setting.Model.Answer(step.Before, step.Call, out Observation observed, out Rule decided);
        Judgement judgement = setting.Model.Judge(step.Before, step.Call, observed);
        return (judgement.Detail is { } detail && IsForbidden(setting, decided, detail))
            || (judgement.Finding == (decided.Open ? Finding.Open : Finding.AsExpected) && ReferenceEquals(judgement.Rule, step.Decided)
                && judgement.Next.Equals(next) && next.Equals(step.After) && judgement.Settled.IsEmpty);
    });

    [Law("judge.self-wild", "∀ m, s, c of any words: judge(m, s, c, answer(m, s, c)) = as expected, with the same exception")]
    [Property(MaxTest = 4000)]
    public void JudgesItselfOnWildCalls(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
    {
        setting.Model.Answer(world, call, out Observation observed, out Rule decided);
        Judgement judgement = setting.Model.Judge(world, call, observed);
        return judgement.Finding == (decided.Open ? Finding.Open : Finding.AsExpected) || (judgement.Detail is { } detail && IsForbidden(setting, decided, detail));
    });

    [Law("judge.other-errno", "∀ m, s, c, e ∉ errnos(envelope(m, s, c)), e no environment's, nothing left open: judge(m, s, c, e) diverges and leaves s")]
    [Property(MaxTest = 1000)]
    public void OtherErrnoDiverges(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        var envelope = setting.Model.Envelope(step.Before, step.Call);
        foreach (Errno errno in Errnos)
        {
            Judgement judgement = setting.Model.Judge(step.Before, step.Call, new Observation { Errno = errno, After = step.Call.Words });
            if (!step.Decided.Open && !envelope.Any(r => r.Errno == errno) && (!judgement.Finding.Diverges() || !ReferenceEquals(judgement.Next, step.Before)))
            {
                return false;
            }
        }

        return true;
    });

    /// <summary>True where a host answers what an older revision than its own does not allow.</summary>
    private static bool IsForbidden(Setting setting, Rule decided, string detail) =>
        setting.Revision.Name != setting.Host.Release && decided.Allows is not null && detail.EndsWith("is not a value the API allows", StringComparison.Ordinal);

    private static readonly Errno[] Errnos = [.. Enum.GetValues<Errno>().Where(e => e != Errno.None && !e.IsEnvironment())];
}
