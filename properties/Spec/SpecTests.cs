using System.Collections.Immutable;
using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Common;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Spec;
using Xunit;

namespace KvmSpec.Properties.Spec;

/// <summary>spec.md says what the rules say, and the gate that holds it to that notices when it does not.</summary>
public sealed partial class SpecTests
{
    private static readonly Revision Newer = new("2.0", "newer", architecture => architecture != Architecture.X86 ? null : X86Book.Newest with
    {
        Operations = [Systems.ApiVersions, Systems.VcpuMapSize],
        Unknown = [],
        KnownNumber = X86Book.Newest.KnownNumber with { Rules = [] },
        Limits = ImmutableDictionary<Limit, Bound>.Empty,
    });

    private static readonly Revision Older = new("1.0", "older", Newer,
        [
            new Drop("api-version.argument"),
            new Replace("vcpu-map-size.argument", rule => rule with { Errno = Errno.ENXIO }, "answers ENXIO"),
        ]);

    private static readonly Revision[] Small = [Newer, Older];

    private const string Template =
        """
        # Two ioctls

        ## Both

        ### descriptor.closed
        EBADF · KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE · all releases
        The descriptor must be open.
        Source: none.
        Evidence: none.

        ### api-version.argument
        EINVAL · KVM_GET_API_VERSION · since 2.0
        The argument must be 0.
        Source: none.
        Evidence: none.

        ### api-version.answer
        accepts · KVM_GET_API_VERSION · all releases
        The answer is 12.
        Source: none,
        in two lines.
        Evidence: none.

        ### vcpu-map-size.argument
        EINVAL · KVM_GET_VCPU_MMAP_SIZE · all releases
        The argument must be 0. Until 1.0 the errno is ENXIO.
        Source: none.
        Evidence: none.

        ### vcpu-map-size.answer
        accepts · KVM_GET_VCPU_MMAP_SIZE · all releases
        The answer is a size.
        Source: none.
        Evidence: none.

        ## Tables

        <!-- begin effects -->
        <!-- end effects -->
        <!-- begin limits -->
        <!-- end limits -->
        <!-- begin facts -->
        <!-- end facts -->
        <!-- begin releases -->
        <!-- end releases -->
        <!-- begin postings -->
        <!-- end postings -->

        """;

    private static readonly string SmallText = SpecFile.Parse(Template).Write(SpecTables.All(Small, SpecFile.Parse(Template)));

    private static readonly IReadOnlyDictionary<string, string> Tables = SpecTables.All(Revisions.All, SpecFile.Embedded);

    private static readonly string[] LimitNames =
        [.. Revisions.Releases.SelectMany(RuledClause.BooksOf).SelectMany(b => b.Limits.Keys).Select(l => l.Name)];

    private static readonly string[] FactNames =
        [.. Revisions.Releases.SelectMany(RuledClause.BooksOf).SelectMany(b => b.Placements).Select(p => p.Rule.Given?.Name).OfType<string>()];

    public static TheoryData<string> TableNames => [.. SpecTables.All(Small, SpecFile.Parse(Template)).Keys];

    [Fact]
    public void The_document_and_the_rules_agree() => Assert.Empty(SpecGate.Compare(SpecFile.Embedded, Revisions.All));

    [Theory]
    [MemberData(nameof(TableNames))]
    public void A_generated_table_is_in_step(string table) =>
        Assert.Equal(Tables[table], SpecFile.Embedded.Table(table));

    [Fact]
    public void Names_in_backticks_are_clauses_limits_or_facts()
    {
        HashSet<string> known = [.. SpecFile.Embedded.Clauses.Select(c => c.Id), .. LimitNames, .. FactNames];
        Assert.Empty(SpecFile.Embedded.Clauses.SelectMany(c => Quoted().Matches(c.Text + c.Source)
            .Select(m => m.Groups[1].Value).Where(name => !known.Contains(name)).Select(name => $"{c.Id}: {name}")));
    }

    [Fact]
    public void Every_paragraph_is_made_of_sentences() =>
        Assert.Empty(SpecFile.Embedded.Clauses
            .Where(c => new[] { c.Text, c.Source, c.Evidence }.Any(p => !p.EndsWith('.') || p.Contains("  ", StringComparison.Ordinal)))
            .Select(c => c.Id));

    [Fact]
    public void Calls_read_back_as_they_were_written() =>
        Assert.All(RuledClause.Of(Revisions.All), clause =>
        {
            Assert.Equal(clause.Places, Places.Read(clause.AllPlaces, clause.Where, out IReadOnlyList<string> unknown));
            Assert.Empty(unknown);
        });

    [Fact]
    public void Writing_the_same_tables_changes_nothing() =>
        Assert.Equal(SpecFile.Embedded.Text, SpecFile.Embedded.Write(Tables));

    [Fact]
    public void New_evidence_replaces_one_line()
    {
        SpecFile before = SpecFile.Parse(SmallText);
        SpecFile after = SpecFile.Parse(before.Write(new Dictionary<string, string>(),
            new Dictionary<string, string> { ["api-version.answer"] = "seen on 2.0." }));
        Assert.Equal("seen on 2.0.", after.Find("api-version.answer")!.Evidence);
        Assert.Equal(before.Text.Split('\n').Length, after.Text.Split('\n').Length);
        Assert.Single(before.Text.Split('\n').Zip(after.Text.Split('\n')), lines => lines.First != lines.Second);
    }

    [Fact]
    public void A_clause_is_read_whole()
    {
        Clause clause = SpecFile.Parse(SmallText).Find("api-version.answer")!;
        Assert.Equal(new Clause("api-version.answer", "accepts", "KVM_GET_API_VERSION", "all releases", "The answer is 12.",
            "none, in two lines.", "none.", "Both", 17), clause);
    }

    [Fact]
    public void A_text_in_step_has_no_differences() => Assert.Empty(SpecGate.Compare(SpecFile.Parse(SmallText), Small));

    [Theory]
    [InlineData("EBADF ·", "EIO ·", "spec.md:5: descriptor.closed: says EIO, the rules say EBADF")]
    [InlineData("accepts · KVM_GET_API_VERSION", "EINVAL · KVM_GET_API_VERSION", "spec.md:17: api-version.answer: says EINVAL, the rules say accepts")]
    [InlineData("EINVAL · KVM_GET_API_VERSION ·", "EINVAL · KVM_GET_VCPU_MMAP_SIZE ·",
        "spec.md:11: api-version.argument: says it stands in KVM_GET_VCPU_MMAP_SIZE, the rules say KVM_GET_API_VERSION")]
    [InlineData("KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE", "KVM_GET_API_VERSION",
        "spec.md:5: descriptor.closed: says it stands in KVM_GET_API_VERSION, the rules say KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE")]
    [InlineData("KVM_GET_API_VERSION, KVM_GET_VCPU_MMAP_SIZE", "all calls, KVM_NOTHING", "spec.md:5: descriptor.closed: names KVM_NOTHING, which is no call")]
    [InlineData("since 2.0", "all releases", "spec.md:11: api-version.argument: says all releases, the rules say since 2.0")]
    [InlineData("since 2.0", "until 1.0", "spec.md:11: api-version.argument: says until 1.0, the rules say since 2.0")]
    [InlineData("### vcpu-map-size.answer", "### vcpu-map-size.nothing", "spec.md:30: vcpu-map-size.nothing: no rule has this id")]
    [InlineData("### vcpu-map-size.answer", "### vcpu-map-size.nothing",
        "spec.md: vcpu-map-size.answer: not there; the rules have it as accepts · KVM_GET_VCPU_MMAP_SIZE · all releases")]
    [InlineData("Until 1.0 the errno", "The errno", "spec.md:24: vcpu-map-size.argument: does not say \"until 1.0\", which the rules do")]
    [InlineData("is ENXIO", "is another", "spec.md:24: vcpu-map-size.argument: does not say \"ENXIO\", which the rules do")]
    [InlineData("answers ENXIO", "answers nothing", "spec.md:50: the table releases is not in step with the rules")]
    [InlineData("facts -->", "factoids -->", "spec.md: the table facts has no place")]
    public void A_difference_is_reported(string right, string wrong, string report)
    {
        Assert.Contains(right, SmallText, StringComparison.Ordinal);
        Assert.Contains(report, SpecGate.Compare(SpecFile.Parse(SmallText.Replace(right, wrong, StringComparison.Ordinal)), Small));
    }

    [Fact]
    public void Clauses_out_of_order_are_reported()
    {
        string[] parts = SmallText.Split("\n\n");
        (parts[2], parts[3], parts[4]) = (parts[4], parts[3], parts[2]);
        Assert.Equal(
            [
                "spec.md:18: descriptor.closed: stands after api-version.argument, but KVM_GET_API_VERSION checks it before",
                "spec.md:18: descriptor.closed: stands after api-version.answer, but KVM_GET_API_VERSION checks it before",
                "spec.md:12: api-version.argument: stands after api-version.answer, but KVM_GET_API_VERSION checks it before",
            ],
            SpecGate.Compare(SpecFile.Parse(string.Join("\n\n", parts)), Small));
    }

    [Theory]
    [InlineData("### descriptor.closed", "### Descriptor.closed", "spec.md:5: Descriptor.closed is no clause id: lower-case kebab in two to four parts")]
    [InlineData("EBADF · ", "EBADF - ", "spec.md:6: descriptor.closed: expected errno · calls · releases")]
    [InlineData("The descriptor must be open.\n", "", "spec.md:7: descriptor.closed: expected text and then a line that begins with \"Source:\"")]
    [InlineData("Source: none.\n", "", "spec.md:8: descriptor.closed: expected text and then a line that begins with \"Source:\"")]
    [InlineData("Evidence: none.\n", "", "spec.md:9: descriptor.closed: expected text and then a line that begins with \"Evidence:\"")]
    [InlineData("Evidence: none.\n", "Evidence: none.\nMore.\n", "spec.md:10: descriptor.closed: the evidence is one line, and an empty line follows it")]
    [InlineData("### api-version.argument", "### descriptor.closed", "spec.md:11: descriptor.closed is there already, on line 5")]
    [InlineData("<!-- end limits -->", "", "spec.md:40: the table limits has no end")]
    [InlineData("## Tables", "```", "spec.md:48: the last quoted block is not closed")]
    public void A_malformed_text_is_refused(string right, string wrong, string problem)
    {
        Assert.Contains(right, Template, StringComparison.Ordinal);
        string text = Template.ReplaceLineEndings("\n");
        int at = text.IndexOf(right, StringComparison.Ordinal);
        SpecFormatException refusal = Assert.Throws<SpecFormatException>(
            () => SpecFile.Parse(string.Concat(text.AsSpan(0, at), wrong, text.AsSpan(at + right.Length))));
        Assert.Equal(problem, refusal.Message);
    }

    [Theory]
    [InlineData("1111", "all releases")]
    [InlineData("1100", "since 3")]
    [InlineData("0011", "until 2")]
    [InlineData("0110", "from 2 to 3")]
    [InlineData("0100", "in 3")]
    [InlineData("1011", "in 4, 2, 1")]
    public void A_range_is_put_into_words(string present, string range) =>
        Assert.Equal(range, Scopes.RangeOf(["4", "3", "2", "1"], [.. present.Select(c => c == '1')]));

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
