using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;
using Xunit;
using Xunit.Abstractions;

namespace KvmSpec.Properties.Laws;

/// <summary>Faults planted into a model that stands in for a kernel are found by generated sequences.</summary>
public sealed class MutantLaws(ITestOutputHelper output)
{
    private const int Sequences = 1500;
    private const int Length = 40;
    private const int LeastPlanted = 2000;
    private const double LeastShare = 0.93;

    /// <summary>The most sequences that are run on one fault, of those in which it changes what decides.</summary>
    private const int Tries = 20;

    [Law("mutant.applies", "∀ book, mutant of it: it applies, changes only its own lists or limit, its lists still end, its words are its own")]
    [Fact]
    public void MutantsApply()
    {
        Book book = Setting.Newest.Model.Book;
        List<string> words = [];
        foreach (Mutant mutant in Mutants.Of(book))
        {
            Book mutated = mutant.Apply(book);
            words.Add(mutant.Words);
            int changed = book.Lists.Zip(mutated.Lists).Count(p => p.First.Rules != p.Second.Rules);
            Assert.True(changed == mutant.Operations.Length && ReferenceEquals(book.Limits, mutated.Limits) == (mutant.Limit is null), mutant.Words);
            Assert.True(changed > 0 || mutant.Limit is not null, mutant.Words);
            Assert.True(mutated.Lists.All(o => o.Rules.IsEmpty || o.Rules[^1] is { When: null, Given: null }), mutant.Words);
        }

        Assert.Distinct(words);
        Assert.Equal(words, Mutants.Of(book).Select(m => m.Words));
    }

    [Law("mutant.found", "∀ mutant of the newest book: some host's 1500 sequences of fixed seeds tell it from the original, for 93 of 100 mutants that any sequence could tell")]
    [Fact]
    public void PlantedFaultsAreFound()
    {
        SortedDictionary<MutantKind, (int All, int Found)> counts = [];
        List<string> missed = [];
        int planted = 0;
        foreach (Mutant mutant in Mutants.Of(Setting.Newest.Model.Book))
        {
            string? equivalent = Equivalents.FirstOrDefault(e => Regex.IsMatch(mutant.Words, e.Fault)).Why;
            bool found = false;
            foreach (Corpus corpus in Corpora.Value)
            {
                found |= corpus.Tells(mutant);
                planted++;
            }

            Assert.False(found && equivalent is not null, $"{mutant} is found, though {equivalent}");
            if (equivalent is null)
            {
                (int all, int before) = counts.GetValueOrDefault(mutant.Kind);
                counts[mutant.Kind] = (all + 1, before + (found ? 1 : 0));
                if (!found)
                {
                    missed.Add(mutant.Words);
                }
            }
        }

        output.WriteLine($"{planted} faults planted");
        output.WriteLine(string.Join('\n', counts.Select(c => $"{c.Key}: {c.Value.Found} of {c.Value.All} found")));
        output.WriteLine("missed:\n" + string.Join('\n', missed));
        Assert.True(planted >= LeastPlanted);
        Assert.True(counts.Values.Sum(c => c.Found) >= LeastShare * counts.Values.Sum(c => c.All), $"missed: {string.Join("; ", missed)}");
    }

    /// <summary>Faults that no generated sequence can tell from the original on any host of the model, and why.</summary>
    private static readonly (string Fault, string Why)[] Equivalents =
    [
        ("descriptor.vm-dead", "no call kills a VM of this architecture"),
        ("^KVM_DEV_TYPE.*descriptor.closed", "a closed device has no type, so the answer is the unknown ioctl's"),
        ("_REGION: .*(guest-memfd|memory-offset)", "the first version refuses KVM_MEM_GUEST_MEMFD before anything looks at it"),
        ("_REGION: (drop memslot.flags.(first-version|unknown)|memslot.flags.unknown answers)", "two checks refuse the same flags with the same errno"),
        ("memslot.unchanged( |$)", "what is left unchanged is stored as it was"),
        ("overlap.identity-map and memslot.guest-memfd.closed", "the host with an identity map has no guest_memfd"),
        ("drop memslot.move|swap (memslot.create|create-pit.exists|memslot.guest-memfd.closed|create-vcpu.exists|dirty-ring.smallest-with-pml) and", NeverBoth),
        ("swap .*no-bitmap and", NeverBoth),
        ("dirty-ring.unsupported", "all hosts have dirty rings"),
        ("ring-bitmap.(no-ring|flags|before)", "no host has dirty rings with bitmaps"),
        ("count-limit|limit vcpus", "no sequence makes a thousand vCPUs"),
        (@"limit (gpa-end|user-address-end|dirty-ring-largest) \+|limit dirty-ring-smallest -", "what is compared is whole pages or a power of two"),
        ("drop notify-exit.bits", "no value of the alphabet has the enable bit and an unknown one"),
        ("limit tsc-frequency -", "the highest frequency that is accepted is missing from the alphabet"),
    ];

    /// <summary>The newest release's sequences on every host.</summary>
    private static readonly Lazy<Corpus[]> Corpora = new(() =>
        [.. Setting.All.Where(s => s.Revision == Setting.Newest.Revision).Select(s => new Corpus(s))]);

    private const string NeverBoth = "the two never hold together, or do the same";

    [Law("mutant.none-in-original", "∀ m, q: a target that is m itself is never told from m")]
    [Fact]
    public void NothingIsFoundInTheOriginal() => Assert.False(Corpora.Value[0].ShowsAnything(Setting.Newest.Model));

    /// <summary>The sequences of one setting, call by call, by the operations that they reach.</summary>
    private sealed class Corpus
    {
        private readonly Setting setting;
        private readonly Sequence[] sequences = new Sequence[Sequences];
        private readonly Dictionary<int, List<Met>> reaching = [];

        internal Corpus(Setting setting)
        {
            this.setting = setting;
            for (int i = 0; i < Sequences; i++)
            {
                sequences[i] = setting.Generator.Generate(new SequenceName(Mixer.SeedOf(1, (ulong)i), Length));
                World world = World.Initial;
                foreach (Call call in sequences[i].Calls)
                {
                    world.Open.TryFind(Descriptor.KeyOf(call.On), out Descriptor target);
                    int operation = setting.Model.Resolve(call, target).Id;
                    if (!reaching.TryGetValue(operation, out List<Met>? calls))
                    {
                        reaching[operation] = calls = [];
                    }

                    World next = setting.Model.Step(world, call, out Rule decided);
                    calls.Add(new Met(i, world, call, decided));
                    world = next;
                }
            }
        }

        /// <summary>True where some sequence shows the fault, at the strictness that also sees order.</summary>
        internal bool Tells(Mutant mutant)
        {
            Model.Model faulty = new(mutant.Plant(setting.Revision), setting.Host);
            IEnumerable<Operation> lists = mutant.Limit is null ? mutant.Operations : Comparing(mutant.Limit);
            IEnumerable<Met> met = lists.SelectMany(o => reaching.GetValueOrDefault(o.Id) ?? []);
            return met.Where(m => Differs(faulty, m)).Select(m => m.Sequence).Distinct().Take(Tries).Any(i => Shows(faulty, sequences[i]));
        }

        /// <summary>The operations whose alphabet names the limit, or all where none does.</summary>
        private IEnumerable<Operation> Comparing(Limit limit)
        {
            IEnumerable<Operation> all = setting.Model.Book.Lists;
            Operation[] naming = [.. all.Where(o => o.Alphabet.Values.Any(v => v.Any(s => s.Limit == limit)))];
            return naming.Length > 0 ? naming : all;
        }

        /// <summary>True where any sequence shows a difference at all.</summary>
        internal bool ShowsAnything(Model.Model model) => sequences.Any(s => Shows(model, s));

        /// <summary>Up to the first call that another rule decides, both models are in the same state.</summary>
        private static bool Differs(Model.Model faulty, in Met met)
        {
            try
            {
                return !ReferenceEquals(faulty.Decide(met.World, met.Call), met.Decided);
            }
            catch (NullReferenceException)
            {
                return true;
            }
        }

        private bool Shows(Model.Model model, Sequence sequence)
        {
            using ModelTarget target = new("planted", model);
            Observation[] observed = new Observation[Length];
            try
            {
                target.Execute(sequence.Calls, observed);
            }
            catch (Exception crash) when (crash is NullReferenceException or InvalidCastException)
            {
                return true;
            }

            World world = World.Initial;
            for (int i = 0; i < Length; i++)
            {
                Judgement judgement = setting.Model.Judge(world, sequence[i], observed[i]);
                if (judgement.Finding == Finding.Open)
                {
                    return false;
                }

                if (judgement.Finding != Finding.AsExpected)
                {
                    return true;
                }

                world = judgement.Next;
            }

            return false;
        }
    }

    /// <summary>A call of a sequence with the state that it met.</summary>
    private readonly record struct Met(int Sequence, World World, Call Call, Rule Decided);
}
