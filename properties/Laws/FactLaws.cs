using System.Collections.Concurrent;
using System.Collections.Immutable;
using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>What no ioctl reports is learnt from the answers, once, and then held against the kernel.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class FactLaws
{
    [Law("fact.settled-on-hosts", "∀ host, rule given f: host knows f, so that a model host has one answer to each call")]
    [Fact]
    public void HostsKnowEverything() => Assert.All(Setting.All, setting => Assert.All(Given(setting), f => Assert.True(setting.Host.Settled.ContainsKey(f))));

    [Law("fact.both-outcomes", "∀ m, f, b, q: m without f judges every answer of m with f = b as expected, also after settling what told the truths apart")]
    [Property(MaxTest = 6000)]
    public void UnknownAllowsBoth(Setting setting, SequenceName name) => Each(setting, name, (kernel, checker, step) =>
    {
        Judgement judgement = checker.Judge(step.World, step.Call, step.Answer);
        return judgement.Finding is Finding.AsExpected or Finding.Open && judgement.Next.Equals(step.Next);
    });

    [Law("fact.settles-truly", "∀ m, f, b, s, c: answer(m with f = b, s, c) ≠ answer(m with f = ¬b, s, c) ⇒ from it, m without f settles f = b and nothing else")]
    [Property(MaxTest = 6000)]
    public void SettlesTruly(Setting setting, SequenceName name) => Each(setting, name, (kernel, _, step) =>
        !step.Tells || kernel.Unaware.Judge(step.World, step.Call, step.Answer).Settled.Distinct().ToArray() is [var only]
            && only.Key == kernel.Fact && only.Value == kernel.Truth);

    [Law("fact.same-answer-settles-nothing", "∀ m, f, s, c: answer(m with f, s, c) = answer(m with ¬f, s, c) ⇒ from it, m without f settles nothing")]
    [Property(MaxTest = 4000)]
    public void SameAnswerSettlesNothing(Setting setting, SequenceName name) => Each(setting, name, (kernel, _, step) =>
        step.Tells || kernel.Unaware.Judge(step.World, step.Call, step.Answer).Settled.IsEmpty);

    [Law("fact.contradiction-diverges", "∀ m, f, s, c: m without f settles f from one of two different answers ⇒ the settled model does not expect the other")]
    [Property(MaxTest = 4000)]
    public void ContradictionDiverges(Setting setting, SequenceName name) => Each(setting, name, (kernel, _, step) =>
        !step.Tells
        || kernel.Unaware.Settle([new(kernel.Fact, kernel.Truth)]).Judge(step.World, step.Call, step.Contrary).Finding != Finding.AsExpected);

    [Law("fact.envelope-is-union", "∀ m, f, s, c: errnos(envelope(m without f, s, c)) = errnos(envelope(m with f, s, c)) ∪ errnos(envelope(m with ¬f, s, c))")]
    [Property(MaxTest = 4000)]
    public void EnvelopeIsUnion(Setting setting, SequenceName name) => Each(setting, name, (kernel, _, step) =>
        Errnos(kernel.Unaware, step).SetEquals(Errnos(kernel.Model, step).Union(Errnos(kernel.Other, step))));

    private static HashSet<Errno> Errnos(Model.Model model, in Answered step) => [.. model.Envelope(step.World, step.Call).Select(r => r.Errno)];

    /// <summary>A call that a host answered on which a fact is so, and what it would have answered otherwise.</summary>
    private readonly record struct Answered(World World, Call Call, Observation Answer, World Next, Observation Contrary)
    {
        internal bool Tells => Answer.Errno != Contrary.Errno || Answer.Result != Contrary.Result || Answer.Descriptor != Contrary.Descriptor;
    }

    /// <summary>Follows one fact and truth for each sequence, chosen by its seed; the checker knows what was told apart so far.</summary>
    private static void Each(Setting setting, SequenceName name, Func<Kernel, Model.Model, Answered, bool> holds)
    {
        ImmutableArray<Fact> facts = Given(setting);
        if (facts.IsEmpty)
        {
            return;
        }

        Kernel kernel = Kernels(setting, facts[(int)(name.Seed % (ulong)facts.Length)], (name.Seed >> 32) % 2 == 0);
        Model.Model checker = kernel.Unaware;
        World world = World.Initial;
        int index = 0;
        foreach (Call call in kernel.Generator.Generate(name).Calls)
        {
            World next = kernel.Model.Answer(world, call, out Observation answer, out Rule decided);
            kernel.Other.Answer(world, call, out Observation contrary, out _);
            Answered step = new(world, call, answer, next, contrary);
            if (decided.Allows is null && !holds(kernel, checker, step))
            {
                throw new LawBrokenException($"call {index} with {kernel.Fact} {kernel.Truth}: {call}, decided by: {decided}");
            }

            if (step.Tells)
            {
                checker = checker.Settle([new(kernel.Fact, kernel.Truth)]);
            }

            world = next;
            index++;
        }
    }

    private static ImmutableArray<Fact> Given(Setting setting) => Facts.GetOrAdd(setting, s =>
        [.. s.Model.Book.Placements.Select(p => p.Rule.Given).OfType<Fact>().Distinct().OrderBy(f => f.Name, StringComparer.Ordinal)]);

    private static Kernel Kernels(Setting setting, Fact fact, bool truth) => Made.GetOrAdd((setting, fact, truth), key => new Kernel(key.Setting, key.Fact, key.Truth));

    private static readonly ConcurrentDictionary<Setting, ImmutableArray<Fact>> Facts = new();

    private static readonly ConcurrentDictionary<(Setting Setting, Fact Fact, bool Truth), Kernel> Made = new();

    /// <summary>A host on which a fact is so, and a model that does not know.</summary>
    private sealed class Kernel
    {
        internal Kernel(Setting setting, Fact fact, bool truth)
        {
            Fact = fact;
            Truth = truth;
            Host host = setting.Host;
            Model = new(setting.Revision, host with { Settled = host.Settled.SetItem(fact, truth) });
            Other = new(setting.Revision, host with { Settled = host.Settled.SetItem(fact, !truth) });
            Unaware = new(setting.Revision, host with { Settled = host.Settled.Remove(fact) });
            Generator = new Generator(Model);
        }

        internal Fact Fact { get; }

        internal bool Truth { get; }

        internal Model.Model Model { get; }

        internal Model.Model Other { get; }

        internal Model.Model Unaware { get; }

        internal Generator Generator { get; }
    }
}
