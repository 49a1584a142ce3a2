using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>What refusals leave behind, and what userspace must be ready for.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class RefusalLaws
{
    [Law("refusal.changes-nothing", "∀ m, s, c: rule(m, s, c) refuses ∧ declares no effect ⇒ step(m, s, c) = s")]
    [Property(MaxTest = 10000)]
    public void ChangesNothing(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
        step.Decided.Accepts || step.Decided.Leaves is not null || ReferenceEquals(step.Before, step.After));

    [Law("refusal.effect-is-declared", "∀ rule: rule refuses ⇒ (rule has an effect ⇔ rule says what it leaves behind)")]
    [Fact]
    public void EffectIsDeclared()
    {
        foreach (Placed placed in Setting.All.SelectMany(s => s.Model.Book.Placements).Where(p => !p.Rule.Accepts))
        {
            bool effect = placed.Rule.Then is not null || placed.Rule.Creates || !placed.Rule.Writes.IsEmpty;
            Assert.True(effect == placed.Rule.Leaves is not null, $"{placed.Operation}: {placed.Rule}");
        }
    }

    [Law("envelope.exact-first", "∀ m, s, c: exact(m, s, c) = envelope(m, s, c)[0], where every fact of the host is settled")]
    [Property(MaxTest = 8000)]
    public void ExactIsFirst(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
        ReferenceEquals(setting.Model.Envelope(world, call)[0], setting.Model.Decide(world, call)));

    [Law("envelope.accepts-alone", "∀ m, s, c: r ∈ envelope(m, s, c) accepts ⇒ envelope(m, s, c) = {r}, where every fact of the host is settled")]
    [Property(MaxTest = 4000)]
    public void AcceptanceStandsAlone(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        var envelope = setting.Model.Envelope(step.Before, step.Call);
        return envelope.Length == 1 || !envelope.Any(r => r.Accepts);
    });

    [Law("envelope.total", "∀ m, s, c: envelope(m, s, c) ≠ ∅, step and answer are defined, for any call on any descriptor with any words")]
    [Property(MaxTest = 8000)]
    public void EnvelopeIsTotal(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
    {
        World next = setting.Model.Answer(world, call, out Observation observed, out Rule decided);
        return next is not null && observed.Errno == decided.Errno && !setting.Model.Envelope(world, call).IsEmpty;
    });

    [Law("envelope.total-on-wild-states", "∀ m, q of any calls: fold(step m, initial, q) is defined")]
    [Property(MaxTest = 4000)]
    public bool WildSequencesAreTotal(Setting setting, SequenceName name)
    {
        World world = World.Initial;
        for (int i = 0; i < name.Length; i++)
        {
            Call call = i == 0 ? setting.Generator.Generate(name with { Length = 1 })[0] : Wild.Call(setting, Mixer.SeedOf(name.Seed, (ulong)i));
            world = setting.Model.Answer(world, call, out _, out _);
        }

        return world is not null;
    }
}
