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
        new(() => [.. new CoverageRun(Revisions.Linux73, Golden.Files, Sequences, Length).Clauses([.. Revisions.Linux73.Architectures])]);

    [Fact]
    public void EveryRuleIsDecidedByAVector() =>
        Same(Undecided.ByVectors, Clauses.Value.Where(c => c.Vectors == 0));

    [Fact]
    public void EveryRuleIsDecidedBySequences() =>
        Same(Undecided.BySequences, Clauses.Value.Where(c => c.Sequences == 0));

    private static void Same(IReadOnlyDictionary<string, string> known, IEnumerable<ClauseCoverage> found)
    {
        string[] left = [.. found.Select(c => c.Clause)];
        Golden.Empty(left.Except(known.Keys).Select(c => c + " is decided by none").Concat(known.Keys.Except(left).Select(c => c + " is decided after all")));
    }
}
