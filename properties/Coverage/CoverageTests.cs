using KvmSpec.Model;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Coverage;
using Xunit;

namespace KvmSpec.Properties.Coverage;

/// <summary>Every rule is decided by a vector and by generated sequences, or says why it cannot be.</summary>
public sealed class CoverageTests
{
    private const int Sequences = 2000;
    private const int Length = 40;

    /// <summary>States that the search for faults which nothing else notices keeps on each host.</summary>
    private const int States = 150;

    private static readonly Lazy<CoverageRun> Run = new(() => new(Revisions.Linux73, Golden.Files, Sequences, Length));

    private static readonly Lazy<ClauseCoverage[]> Clauses = new(() => [.. Run.Value.Clauses([.. Revisions.Linux73.Architectures])]);

    [Fact]
    public void EveryRuleIsDecidedByAVector() =>
        Same(Undecided.ByVectors, Clauses.Value.Where(c => c.Vectors == 0));

    [Fact]
    public void EveryRuleIsDecidedBySequences() =>
        Same(Undecided.BySequences, Clauses.Value.Where(c => c.Sequences == 0));

    public static TheoryData<Architecture> Architectures => [.. Revisions.Linux73.Architectures];

    [Theory]
    [MemberData(nameof(Architectures))]
    public void NoFaultIsLeftUnexplained(Architecture architecture)
    {
        MutantCoverage[] mutants = [.. Run.Value.Mutants(architecture, States)];
        Golden.Empty(mutants.Where(m => m.Equivalent is null && !m.Noticed).Select(m => m.Mutant.Words + " is noticed by nothing")
            .Concat(mutants.Where(m => m.Equivalent is not null && m.Noticed).Select(m => m.Mutant.Words + " is noticed after all")));
    }

    private static void Same(IReadOnlyDictionary<string, string> known, IEnumerable<ClauseCoverage> found)
    {
        string[] left = [.. found.Select(c => c.Clause)];
        Golden.Empty(left.Except(known.Keys).Select(c => c + " is decided by none").Concat(known.Keys.Except(left).Select(c => c + " is decided after all")));
    }
}
