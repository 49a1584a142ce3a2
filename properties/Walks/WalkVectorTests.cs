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

    [Theory]
    [MemberData(nameof(AskedOfNobodyElse))]
    public void What_no_other_machine_is_asked_is_answered_no_as_often_as_yes(string clause, int xlen)
    {
        int[] answers = [0, 0];
        foreach (WalkVector vector in Files.SelectMany(f => f.Cases).Where(v => v.Clauses.Contains(clause) && (int)v.Xlen == xlen))
        {
            ClauseCounts asked = default;
            vector.Difference(ref asked, out _);
            answers[asked.Held.Contains(WalkClauses.Find(clause)!) ? 1 : 0]++;
        }

        Assert.InRange(answers[1], 1, answers[0]);
    }

    public static TheoryData<string, int> AskedOfNobodyElse
    {
        get
        {
            TheoryData<string, int> data = [];
            foreach (WalkClause clause in WalkClauses.All.Where(Alone))
            {
                data.Add(clause.Id, (int)Xlen.Rv32);
                data.Add(clause.Id, (int)Xlen.Rv64);
            }

            return data;
        }
    }

    [Fact]
    public void There_are_enough() => Assert.True(Files.Sum(f => f.Cases.Length) >= Least);

    [Fact]
    public void They_are_in_form() => Golden.Empty(WalkVectorFormatter.Run(Golden.Directory, write: false));

    [Fact]
    public void A_walker_that_forgets_a_clause_is_noticed() => Golden.Empty(WalkClauses.All
        .Where(c => (c.Effect != ClauseEffect.Defines || Alone(c)) && c != NoTableThere && !Noticed(c))
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
        const string Small = SmallFile + """
                clauses: [walk.entry.valid]
                xlen: 64
                hgatp: 0x8000000000080000
                vsatp: 0x0
                memory:
                  0x80000000: 0x20004001
                access: { kind: load, address: 0x0, privilege: vs, bytes: 8 }
                must: { spa: 0x1000, gpa: 0x0 }
            """;
        Wrong(Small, right, wrong, problem);
    }

    [Theory]
    [InlineData("    write: 0xa000500000090000", "    write: 0x0000500000090000", "what a write of Bare leaves is unspecified unless all of it is 0")]
    [InlineData("modes: [bare, sv39x4]", "modes: [sv39x4]", "modes lacks bare")]
    [InlineData("modes: [bare, sv39x4]", "modes: [bare, sv32x4]", "modes has no sv32x4: write bare, sv39x4, sv48x4, sv57x4")]
    [InlineData("vmidlen: 14", "vmidlen: 15", "vmidlen 15: write at most 14")]
    [InlineData("vmidlen: 14", "vmidlen: 1", "VMID has 1 bits")]
    [InlineData("unsupported: old", "unsupported: none", "unsupported none: write old or bare")]
    [InlineData("unsupported: old", "kept: old", "machine has no key kept")]
    [InlineData("    hgatp: 0x8000300000080000", "    hgatp: 0x9000300000080000", "hgatp 0x9000300000080000 is nothing that it can hold: MODE is 0 (Bare) or 8 (Sv39x4)")]
    [InlineData("must: { hgatp: 0x8000500000090000 }", "must: { spa: 0x0 }", "must has no key spa: write hgatp")]
    [InlineData("must: { hgatp: 0x8000500000090000 }", "must: {}", "must has no hgatp")]
    [InlineData("    must: { hgatp: 0x8000500000090000 }", "    after: {}", "a case has no key after")]
    [InlineData("    xlen: 64", "    xlen: 64\n    vsatp: 0x0", "a case has no key vsatp: write id, title, clauses, xlen, machine, hgatp, write, must")]
    public void What_is_wrong_in_a_write_is_told(string right, string wrong, string problem)
    {
        const string Small = SmallFile + """
                clauses: [gstage.hgatp.mode]
                xlen: 64
                machine: { modes: [bare, sv39x4], vmidlen: 14, unsupported: old }
                hgatp: 0x8000300000080000
                write: 0xa000500000090000
                must: { hgatp: 0x8000500000090000 }
            """;
        Wrong(Small, right, wrong, problem);
    }

    [Theory]
    [InlineData("meanwhile: { 1: { 0x80000000: 0x0 } }", "meanwhile: 1", "meanwhile is a scalar: write { 1: { 0x80000000: 0x1 } }")]
    [InlineData("1: {", "0: {", "meanwhile 0: write each compare-and-swap of the walk once, from 1")]
    [InlineData("1: {", "1: { 0x80000000: 0x1 }, 1: {", "meanwhile 1: write each compare-and-swap of the walk once")]
    [InlineData("{ 0x80000000: 0x0 }", "{ 0x80000001: 0x0 }", "the word at 0x80000001 is not aligned")]
    [InlineData("{ 0x80000000: 0x0 }", "0x80000000", "meanwhile is a scalar: write { 0x80000000: 0x1, ... }")]
    public void What_is_wrong_in_what_another_hart_stores_is_told(string right, string wrong, string problem) => Wrong(Raced, right, wrong, problem);

    [Fact]
    public void A_store_before_an_update_that_the_walk_does_not_make_is_told()
    {
        List<string> problems = [];
        WalkVectorFile late = WalkVectorFiles.Read("walks/small.yaml", Raced.Replace("meanwhile: { 1:", "meanwhile: { 2: { 0x80000000: 0x0 }, 1:", StringComparison.Ordinal), problems)!;
        Assert.Contains(WalkVectorLint.Check([late]), p => p.EndsWith("has a store before compare-and-swap 2, and makes 1: leave it out", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hgatp: 0x8000500000090000", "must leave 0x8000500000090000, leaves 0x0", 0)]
    [InlineData("0x2010041f", "must leave 0x2010041f at 0x80000000, leaves 0x0", 1)]
    public void What_the_model_does_otherwise_is_told(string claimed, string problem, int which)
    {
        string[] texts =
        [
            SmallFile + """
                clauses: [gstage.hgatp.mode]
                xlen: 64
                write: 0x0
                must: { hgatp: 0x8000500000090000 }
            """,
            Raced + "\n    after: { 0x80000000: 0x2010041f }",
        ];
        Assert.Contains(claimed, texts[which], StringComparison.Ordinal);
        List<string> problems = [];
        WalkVectorFile small = WalkVectorFiles.Read("walks/small.yaml", texts[which], problems)!;
        Assert.Empty(problems);
        Assert.Contains(WalkVectorLint.Check([small]), p => p.EndsWith(problem, StringComparison.Ordinal));
    }

    /// <summary>How a file of one case begins.</summary>
    private const string SmallFile = "topic: small\ntitle: Small\ncases:\n  - id: small/one\n    title: One\n";

    private const string Raced = SmallFile + """
            clauses: [walk.entry.changed, walk.entry.valid]
            xlen: 64
            hgatp: 0x8000000000080000
            vsatp: 0x0
            memory: { 0x80000000: 0x1f }
            meanwhile: { 1: { 0x80000000: 0x0 } }
            access: { kind: load, address: 0x0, privilege: vs, bytes: 8 }
            must: { cause: 21, tval: 0x0, htval: 0x0, htinst: 0x0 }
        """;

    private static void Wrong(string small, string right, string wrong, string problem)
    {
        List<string> problems = [];
        Assert.NotNull(WalkVectorFiles.Read("walks/small.yaml", small, problems));
        Assert.Empty(problems);
        Assert.Contains(right, small, StringComparison.Ordinal);
        Assert.Null(WalkVectorFiles.Read("walks/small.yaml", small.Replace(right, wrong, StringComparison.Ordinal), problems));
        Assert.Contains(problems, p => p.StartsWith("walks/small.yaml:", StringComparison.Ordinal) && p.Contains(problem, StringComparison.Ordinal));
    }

    /// <summary>Clauses of which no other machine was asked: the vectors are all there is.</summary>
    private static bool Alone(WalkClause clause) => clause.Where == WalkClauses.OfHgatp || clause == WalkClauses.EntryChanged;

    private static bool Noticed(WalkClause clause)
    {
        WithoutClauses without = new(WalkClauseSet.Of(clause));
        return Files.SelectMany(f => f.Cases).Where(v => v.Clauses.Contains(clause.Id)).Any(v => v.Difference(ref without, out _) is not null);
    }
}
