using KvmSpec.Properties.Coverage;
using KvmSpec.Properties.Riscv;
using KvmSpec.Properties.Spec;
using KvmSpec.Properties.Traces;
using KvmSpec.Properties.Vectors;
using KvmSpec.Properties.Walks;
using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("KvmSpec.Properties.LongestFirst", "KvmSpec.Properties")]

namespace KvmSpec.Properties;

/// <summary>
/// Begins with the classes that take longest. The tests of a class run one after the other, so one that came last would have
/// a processor to itself while the others idle.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
        [.. new[] { typeof(CoverageTests), typeof(VectorTests), typeof(TraceLaws), typeof(PostingTests), typeof(SightingsLaws), typeof(EquivalentTests), typeof(WalkCheckTests) }.Select(t => t.FullName!)];

    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections
        .OrderBy(c => Array.FindIndex(Longest, name => c.DisplayName.EndsWith(name, StringComparison.Ordinal)) is >= 0 and var place ? place : Longest.Length)
        .ThenBy(c => c.DisplayName, StringComparer.Ordinal);
}
