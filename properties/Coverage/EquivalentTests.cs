using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Coverage;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Coverage;

/// <summary>Faults that are listed as equivalent are held against an exhaustive search, which finds those that are not.</summary>
public sealed class EquivalentTests
{
    private const int States = 150;
    private const double LeastTold = 0.5;

    public static TheoryData<Architecture> Architectures => [.. Revisions.Linux73.Architectures];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void No_search_tells_what_is_listed_as_equivalent(Architecture architecture)
    {
        Mutant[] mutants = [.. Mutants.Of(Revisions.Linux73.Book(architecture)!)];
        Mutant[] listed = [.. mutants.Where(m => Equivalents.Why(m, architecture) is not null)];
        Model.Model[] models = [.. ModelHosts.All(Revisions.Linux73, architecture).Select(h => new Model.Model(Revisions.Linux73, h))];
        Golden.Empty(CoverageRun.Searched(models, listed, States).Select(t => $"{t.Key} is listed as equivalent, but told by {t.Value}"));
    }

    [Fact]
    public void The_search_tells_what_is_not_equivalent()
    {
        Model.Model model = new(Revisions.Linux73, ModelHosts.All(Revisions.Linux73, Architecture.X86)[0]);
        Mutant[] live = [.. Mutants.Of(model.Book).Where(m => Equivalents.Why(m, Architecture.X86) is null)];
        IReadOnlyDictionary<Mutant, Sequence> told = CoverageRun.Searched([model], live, States);
        Assert.InRange(told.Count, LeastTold * live.Length, live.Length);
        foreach ((Mutant mutant, Sequence by) in told.Where(t => t.Key.Kind == MutantKind.Errno))
        {
            World world = World.Initial;
            World its = World.Initial;
            Model.Model faulty = new(mutant.Plant(model.Revision), model.Host);
            Errno one = default;
            Errno other = default;
            foreach (Call call in by.Calls)
            {
                world = model.Answer(world, call, out Observation mine, out _);
                its = faulty.Answer(its, call, out Observation theirs, out _);
                (one, other) = (mine.Errno, theirs.Errno);
            }

            Assert.True(one != other, $"{mutant}: {by}");
        }
    }

    [Fact]
    public void Every_entry_of_the_list_is_about_a_mutant()
    {
        (Mutant Mutant, Architecture Architecture)[] mutants = [.. Revisions.Linux73.Architectures.SelectMany(a => Mutants.Of(Revisions.Linux73.Book(a)!).Select(m => (m, a)))];
        Golden.Empty(Equivalents.Faults.Where(fault => !mutants.Any(m => Regex.IsMatch(m.Mutant.Words, fault) && Equivalents.Why(m.Mutant, m.Architecture) is not null)));
    }
}
