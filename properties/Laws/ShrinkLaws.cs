using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>Shrinking ends, stays in the group of the first failure, and reaches what is known to be the least.</summary>
public sealed class ShrinkLaws
{
    private const int FaultsOfAPlant = 400;
    private const int Length = 30;

    /// <summary>For each planted fault the clause that it breaks first of all, and the fewest calls that show it.</summary>
    public static TheoryData<string, string, int> Known => new()
    {
        { "planted:duplicate-vcpu", "create-vcpu.exists", 3 },
        { "planted:overlap-before-size", "memslot.delete.absent", 3 },
        { "planted:slot-limit", "memslot.id-limit", 2 },
        { "planted:vcpu-uncounted", "create-vcpu.exists", 4 },
        { "planted:late-ring", "dirty-ring.before-vcpus", 3 },
    };

    [Law("shrink.least", "∀ planted fault, 400 failing sequences of fixed seeds: the shrunk sequence fails in the same group, no step makes it simpler, and it has the known least length")]
    [Theory]
    [MemberData(nameof(Known))]
    public void ReachesTheKnownMinimum(string plant, string clause, int least)
    {
        Model.Model model = new(Revisions.Linux73, X86Hosts.Amd);
        using ModelTarget target = new(plant, new Model.Model(Plants.Find(plant, Revisions.Linux73)!, X86Hosts.Amd));
        Checker checker = new(target, model);
        Generator generator = new(model);
        Draws draws = new(20261120, Length);
        int shrunk = 0;
        for (ulong index = 0; shrunk < FaultsOfAPlant; index++)
        {
            if (checker.Try(generator.Generate(draws[index]).Calls) is not { } divergence)
            {
                continue;
            }

            shrunk++;
            Divergence smallest = checker.Shrink(divergence, out _);
            Assert.Equal(divergence.Group, smallest.Group);
            if (smallest.Group.Clause == clause)
            {
                Assert.True(smallest.Sequence.Length == least, $"{draws[index]} shrank to\n{smallest.Sequence}");
            }
        }

        Assert.Equal(FaultsOfAPlant, shrunk);
    }
}
