using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Coverage;
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
            string? equivalent = Equivalents.Why(mutant, Setting.Newest.Host.Architecture) ?? OutOfReach.FirstOrDefault(e => Regex.IsMatch(mutant.Words, e.Fault)).Why;
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

    /// <summary>Faults that calls could tell from the original, but no generated sequence on a host of the model, and why.</summary>
    private static readonly (string Fault, string Why)[] OutOfReach =
    [
        ("overlap.identity-map and memslot.guest-memfd.closed", "the host with an identity map has no guest_memfd"),
        ("dirty-ring.unsupported", "all hosts have dirty rings"),
        ("count-limit|limit vcpus", "no sequence makes a thousand vCPUs"),
        ("limit tsc-frequency -", "the highest frequency that is accepted is missing from the alphabet"),
    ];

    /// <summary>The newest release's sequences on every host of one architecture.</summary>
    private static readonly Lazy<Corpus[]> Corpora = new(() =>
        [.. Setting.All.Where(s => s.Revision == Setting.Newest.Revision && s.Host.Architecture == Setting.Newest.Host.Architecture).Select(s => new Corpus(s.Model, Sequences, Length))]);

    [Law("mutant.none-in-original", "∀ m, q: a target that is m itself is never told from m")]
    [Fact]
    public void NothingIsFoundInTheOriginal() => Assert.False(Corpora.Value[0].Tells(Setting.Newest.Model));
}
