using KvmSpec.Runners.Spec;
using Xunit;

namespace KvmSpec.Properties.Spec;

/// <summary>The table of vGICv5's documentation: what it cites must be there, and what was seen must be told by the clause.</summary>
public sealed class GicDocumentationTests
{
    public static TheoryData<int> Rows => [.. Enumerable.Range(0, GicDocumentation.Sentences.Count)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_row_cites_clauses_of_the_specification(int row)
    {
        Sentence sentence = GicDocumentation.Sentences[row];
        Assert.NotEmpty(sentence.Clauses);
        Assert.All(sentence.Clauses, c => Assert.NotNull(SpecFile.Embedded.Find(c)));
    }

    [Fact]
    public void No_row_stands_twice() =>
        Assert.Equal(GicDocumentation.Sentences.Count, GicDocumentation.Sentences.Select(s => (s.Page, s.Says)).Distinct().Count());

    [Fact]
    public void What_the_device_page_says_nothing_of_is_marked() => Assert.All(GicDocumentation.Sentences, s =>
        Assert.Equal(s.Says.StartsWith("(no sentence", StringComparison.Ordinal), s.Bearing == Bearing.Adds));

    [Fact]
    public void Every_clause_of_the_chapter_that_a_release_has_is_cited()
    {
        string[] cited = [.. GicDocumentation.Sentences.SelectMany(s => s.Clauses)];
        IEnumerable<Clause> chapter = SpecFile.Embedded.Clauses.Where(c => c.Chapter == "arm64: vGICv5" && !c.Range.Contains("promised", StringComparison.Ordinal));
        Assert.All(chapter, c => Assert.Contains(c.Id, cited));
    }
}
