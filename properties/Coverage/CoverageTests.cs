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

    private static readonly Lazy<ClauseCoverage[]> Clauses =
        new(() => [.. new CoverageRun(Revisions.Linux73, Golden.Files, Sequences, Length).Clauses()]);

    [Fact]
    public void EveryRuleIsDecidedByAVector() =>
        Assert.Equal(Undecided.ByVectors.Keys.Order(StringComparer.Ordinal), Clauses.Value.Where(c => c.Vectors == 0).Select(c => c.Clause));

    [Fact]
    public void EveryRuleIsDecidedBySequences() =>
        Assert.Equal(Undecided.BySequences.Keys.Order(StringComparer.Ordinal), Clauses.Value.Where(c => c.Sequences == 0).Select(c => c.Clause));
}
