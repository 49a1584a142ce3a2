using System.Collections.Immutable;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Spec;
using KvmSpec.Runners.Walks;
using Xunit;

namespace KvmSpec.Properties.Walks;

/// <summary>The golden walks: as the model has them, in form, and enough of them.</summary>
public sealed class WalkVectorTests
{
    private const int Least = 400;

    /// <summary>Without it a walk goes on below the last level, where the architecture has no tables: nothing is said of what it finds.</summary>
    private static readonly WalkClause NoTableThere = WalkClauses.PointerLast;

    private static readonly ImmutableArray<WalkVectorFile> Files = WalkVectorFiles.Load(Golden.Directory);

    [Fact]
    public void The_model_answers_as_they_say() => Golden.Empty(WalkVectorLint.Check(Files));

    [Fact]
    public void Every_clause_is_answered_yes_and_no() => Golden.Empty(WalkVectorLint.Undecided(Files));

    [Fact]
    public void There_are_enough() => Assert.True(Files.Sum(f => f.Cases.Length) >= Least);

    [Fact]
    public void They_are_in_form() => Golden.Empty(WalkVectorFormatter.Run(Golden.Directory, write: false));

    [Fact]
    public void A_walker_that_forgets_a_clause_is_noticed() => Golden.Empty(WalkClauses.All
        .Where(c => c.Effect != ClauseEffect.Defines && c != NoTableThere && !Noticed(c))
        .Select(c => $"{c.Id}: no vector notices a walker without it"));

    [Fact]
    public void The_clauses_are_those_of_spec_md() => Golden.Empty(WalkGate.Compare(SpecFile.Embedded));

    [Theory]
    [InlineData("### gstage.width", "### gstage.wide", "gstage.wide: no walk asks this")]
    [InlineData("### gstage.width", "### gstage.wide", "gstage.width: not there; walks have it as guest-page fault · G-stage · ")]
    [InlineData("guest-page fault · G-stage · hypervisor, guest", "page fault · G-stage · hypervisor, guest", "says page fault, walks say guest-page fault")]
    [InlineData("access fault · both stages", "access fault · G-stage", "says it is asked in G-stage, walks ask it in both stages")]
    [InlineData("norm:hgatp_vmid_lsbs", "norm:hgatp_vmid", "does not name norm:hgatp_vmid_lsbs, which walks do")]
    public void A_difference_from_spec_md_is_reported(string right, string wrong, string report)
    {
        string text = SpecFile.Embedded.Text;
        Assert.Contains(right, text, StringComparison.Ordinal);
        Assert.Contains(WalkGate.Compare(SpecFile.Parse(text.Replace(right, wrong, StringComparison.Ordinal))), d => d.Contains(report, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("    hgatp: 0x8000000000080000", "    hgatp: 0x8000000000080001", "hgatp 0x8000000000080001 is nothing that it can hold")]
    [InlineData("      0x80000000: 0x20004001", "      0x80000004: 0x20004001", "is not aligned")]
    [InlineData("    clauses: [walk.entry.valid]", "    clauses: [walk.entry.invalid]", "clauses has no walk.entry.invalid")]
    [InlineData("    must: { spa: 0x1000, gpa: 0x0 }", "    must: { }", "must has a spa, or a cause")]
    [InlineData("  - id: small/one", "  - id: other/one", "begins with small/")]
    [InlineData("    vsatp: 0x0", "    vsatp: 0x3000000000000000", "vsatp 0x3000000000000000 is nothing that it can hold")]
    public void What_is_wrong_is_told_with_its_line(string right, string wrong, string problem)
    {
        const string Small = """
            topic: small
            title: Small
            cases:
              - id: small/one
                title: One
                clauses: [walk.entry.valid]
                xlen: 64
                hgatp: 0x8000000000080000
                vsatp: 0x0
                memory:
                  0x80000000: 0x20004001
                access: { kind: load, address: 0x0, privilege: vs, bytes: 8 }
                must: { spa: 0x1000, gpa: 0x0 }
            """;
        List<string> problems = [];
        Assert.NotNull(WalkVectorFiles.Read("walks/small.yaml", Small, problems));
        Assert.Empty(problems);
        Assert.Contains(right, Small, StringComparison.Ordinal);
        Assert.Null(WalkVectorFiles.Read("walks/small.yaml", Small.Replace(right, wrong, StringComparison.Ordinal), problems));
        Assert.Contains(problems, p => p.StartsWith("walks/small.yaml:", StringComparison.Ordinal) && p.Contains(problem, StringComparison.Ordinal));
    }

    private static bool Noticed(WalkClause clause)
    {
        WithoutClauses without = new(WalkClauseSet.Of(clause));
        return Files.SelectMany(f => f.Cases).Where(v => v.Clauses.Contains(clause.Id)).Any(v =>
        {
            WalkResult result = v.Walk.Run(ref without, out Dictionary<ulong, ulong> after);
            return v.Must.Difference(v.Walk, result, after) is not null;
        });
    }
}
