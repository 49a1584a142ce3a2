using KvmSpec.Model;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Coverage;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Riscv;

/// <summary>Exhaustive search of RISC-V's small worlds.</summary>
public sealed class SearchTests
{
    /// <summary>The fewest calls after which every clause that can be decided was.</summary>
    private const int Enough = 5;

    /// <summary>Every rule is decided in one of the worlds, or the command says why not.</summary>
    [Fact]
    public void EveryRuleIsDecidedOrSaysWhyNot()
    {
        Revision newest = Revisions.Linux73;
        HashSet<string> decided = [];
        foreach (SmallScope scope in RiscvScopes.All)
        {
            Model.Model model = new(scope.By(newest), ModelHosts.For(newest, Hosts.Find(scope.Host)!));
            SearchResult result = new StateSearch(model, new SmallCalls(model, model.Book.Operations, scope)).Run(Enough, int.MaxValue);
            decided.UnionWith(result.Decided.Where(d => d.Value > 0).Select(d => d.Key));
        }

        string[] left = [.. newest.Book(Architecture.Riscv64)!.Clauses.Except(decided)];
        Golden.Empty(left.Except(Undecided.BySearch.Keys).Select(c => c + " is decided in no world"));
        Golden.Empty(Undecided.BySearch.Keys.Except(left).Except(["create-device.aia.absent"]).Select(c => c + " is decided after all"));
        Assert.Contains("create-device.aia.absent", decided);
    }
}
