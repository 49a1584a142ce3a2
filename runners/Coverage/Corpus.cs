using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Coverage;

/// <summary>
/// Generated sequences on one model, call by call, by the operations that they reach: tells whether they would notice a
/// fault without making all of them.
/// </summary>
public sealed class Corpus
{
    /// <summary>The most sequences that are made on one fault, of those in which it changes what decides.</summary>
    private const int Tries = 20;

    private readonly Model.Model model;
    private readonly Sequence[] sequences;
    private readonly Dictionary<int, List<Met>> reaching = [];

    /// <param name="model">The model whose answers are right.</param>
    /// <param name="count">How many sequences.</param>
    /// <param name="length">Their length.</param>
    public Corpus(Model.Model model, int count, int length)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        sequences = [.. Generated(model, count, length)];
        foreach (Met met in sequences.SelectMany((s, i) => Calls(model, s, i)))
        {
            int operation = model.Resolve(met.World, met.Call).Id;
            if (!reaching.TryGetValue(operation, out List<Met>? calls))
            {
                reaching[operation] = calls = [];
            }

            calls.Add(met);
        }
    }

    /// <summary>How often each clause decides a call of such sequences, none of which is kept.</summary>
    public static Dictionary<string, long> Decided(Model.Model model, int count, int length)
    {
        ArgumentNullException.ThrowIfNull(model);
        Dictionary<string, long> decided = [];
        foreach (Met met in Generated(model, count, length).SelectMany((s, i) => Calls(model, s, i)))
        {
            decided[met.Decided.Id] = decided.GetValueOrDefault(met.Decided.Id) + 1;
        }

        return decided;
    }

    /// <summary>True where some sequence shows the fault, at the strictness that also sees order.</summary>
    public bool Tells(Mutant mutant)
    {
        ArgumentNullException.ThrowIfNull(mutant);
        Model.Model faulty = new(mutant.Plant(model.Revision), model.Host);
        IEnumerable<Operation> lists = mutant.Limit is null ? mutant.Operations : Comparing(mutant.Limit);
        return lists.SelectMany(o => reaching.GetValueOrDefault(o.Id) ?? []).Where(m => (mutant.Decides is not { } clause || m.Decided.Id == clause) && Differs(faulty, m))
            .Select(m => m.Sequence).Distinct().Take(Tries).Any(i => Shows(faulty, sequences[i]));
    }

    /// <summary>True where both rules of a swap would have decided some call.</summary>
    public bool Meets(Mutant mutant)
    {
        ArgumentNullException.ThrowIfNull(mutant);
        return mutant.Operations.SelectMany(o => reaching.GetValueOrDefault(o.Id) ?? []).Any(m => mutant.BothHold(model, m.World, m.Call, m.Decided));
    }

    /// <summary>True where any sequence shows a difference to another model at all.</summary>
    public bool Tells(Model.Model other) => sequences.Any(s => Shows(other, s));

    private static IEnumerable<Sequence> Generated(Model.Model model, int count, int length)
    {
        Generator generator = new(model);
        return Enumerable.Range(0, count).Select(i => generator.Generate(new SequenceName(Mixer.SeedOf(1, (ulong)i), length)));
    }

    private static IEnumerable<Met> Calls(Model.Model model, Sequence sequence, int index)
    {
        World world = World.Initial;
        foreach (Call call in sequence.Calls.ToArray())
        {
            World next = model.Step(world, call, out Rule decided);
            yield return new Met(index, world, call, decided);
            world = next;
        }
    }

    /// <summary>The operations whose alphabet names the limit, or all where none does.</summary>
    private IEnumerable<Operation> Comparing(Limit limit)
    {
        Operation[] naming = [.. model.Book.Lists.Where(o => o.Alphabet.Values.Any(v => v.Any(s => s.Limit == limit)))];
        return naming.Length > 0 ? naming : model.Book.Lists;
    }

    /// <summary>Up to the first call that another rule decides, both models are in the same state.</summary>
    private static bool Differs(Model.Model faulty, in Met met)
    {
        try
        {
            return !ReferenceEquals(faulty.Decide(met.World, met.Call), met.Decided);
        }
        catch (Exception crash) when (Mutant.IsCrash(crash))
        {
            return true;
        }
    }

    private bool Shows(Model.Model faulty, Sequence sequence)
    {
        using ModelTarget target = new("faulty", faulty);
        try
        {
            return new Checker(target, model, Strictness.Exact).Try(sequence.Calls) is not null;
        }
        catch (Exception crash) when (Mutant.IsCrash(crash))
        {
            return true;
        }
    }

    /// <summary>A call of a sequence with the state that it met.</summary>
    private readonly record struct Met(int Sequence, World World, Call Call, Rule Decided);
}
