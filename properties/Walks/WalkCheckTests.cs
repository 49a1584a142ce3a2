using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Spec;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Walks.Server;
using Xunit;
using Excuse = KvmSpec.Runners.Walks.Server.Excuse;

namespace KvmSpec.Properties.Walks;

/// <summary>The check of walks against a machine that is not QEMU: one that is right, and some that are not.</summary>
public sealed class WalkCheckTests
{
    private const int Accesses = 3_000;

    private static readonly Excuse Known = new()
    {
        Clause = WalkClauses.GUser.Id,
        By = Emulator.Qemu,
        Reason = "the machine does not ask for U",
        Without = WalkClauseSet.Of(WalkClauses.GUser),
    };

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void A_machine_that_is_right_conforms(int xlen)
    {
        Report report = Check((Xlen)xlen, default, [], default);
        Assert.Equal(ExitStatus.Conforms, report.Status);
        Assert.Contains("no unexplained difference in 3,000 accesses; 0 of them needed an excuse", report.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gstage.width", 64)]
    [InlineData("walk.leaf.misaligned", 64)]
    [InlineData("walk.vs.update.store", 64)]
    [InlineData("walk.entry.read", 32)]
    public void A_machine_that_forgets_a_clause_is_noticed(string id, int xlen)
    {
        WalkClauseSet forgotten = WalkClauseSet.Of(WalkClauses.Find(id)!);
        Report report = Check((Xlen)xlen, forgotten, [], default);
        Assert.Equal(ExitStatus.Diverges, report.Status);
        Assert.Contains("divergence 1 of ", report.Text, StringComparison.Ordinal);
        Assert.Contains("  replay:  kvmspec check --target qemu-walker:", report.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gstage.width", 64)]
    [InlineData("walk.leaf.store", 32)]
    public void A_clause_that_the_model_lacks_is_noticed(string id, int xlen)
    {
        Report report = Check((Xlen)xlen, default, [], WalkClauseSet.Of(WalkClauses.Find(id)!));
        Assert.Equal(ExitStatus.Diverges, report.Status);
        Assert.Contains("expected by no fault, cause, ", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_difference_is_made_smaller_and_printed_as_a_walk()
    {
        WalkClauseSet forgotten = WalkClauseSet.Of(WalkClauses.GUser);
        using WalkServer server = new(new FakeWalkMachine(Xlen.Rv64, forgotten));
        WalkOracle oracle = new([]);
        WalkCheckRun run = new(server, Xlen.Rv64, oracle);
        run.Run(new SequencePlan(1, Accesses, 1), null, default);
        WalkDivergence most = run.Findings.Groups.Values.MaxBy(d => d.Count)!;
        WalkCase smallest = most.Smallest.Trial.Walk;
        Assert.All(run.Findings.Groups.Values, g => Assert.True(g.Smallest.Trial.Walk.Words.Count <= g.First.Trial.Walk.Words.Count));
        Assert.Contains(run.Findings.Groups.Values, g => g.Smallest.Trial.Walk.Words.Count < g.First.Trial.Walk.Words.Count);
        Assert.InRange(smallest.Words.Count, 1, smallest.Registers.Hgatp.Mode.Levels);
        Assert.True(smallest.Registers is { VsMode.IsBare: true, SstatusMxr: false, VsstatusMxr: false, VsstatusSum: false, MenvcfgAdue: false, MenvcfgPbmte: false });
        Assert.Equal(WalkClauses.GUser, most.Smallest.Trial.Result.Clause);
    }

    [Fact]
    public void A_known_difference_is_excused_and_counted()
    {
        Report report = Check(Xlen.Rv64, Known.Without, [Known], default);
        Assert.Equal(ExitStatus.Conforms, report.Status);
        Assert.DoesNotContain("no longer occurs", report.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(" 0 of them needed an excuse", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_excuse_that_no_longer_occurs_is_reported()
    {
        Report report = Check(Xlen.Rv64, default, [Known], default);
        Assert.Equal(ExitStatus.Conforms, report.Status);
        Assert.Contains("excuse for gstage.user no longer occurs: the machine does not ask for U", report.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_excuse_does_not_cover_another_difference()
    {
        Report report = Check(Xlen.Rv64, Known.Without.With(WalkClauses.GWidth), [Known], default);
        Assert.Equal(ExitStatus.Diverges, report.Status);
        Assert.Contains("expected by gstage.width, cause, ", report.Text, StringComparison.Ordinal);
    }

    /// <summary>QEMU 10 lets the first go to an address of which nothing is known, and the second load from a table.</summary>
    [Theory]
    [InlineData(0x3de2f85174244b44)]
    [InlineData(0xfd85db64bcf8c9d9)]
    public void An_access_that_leaves_the_arena_in_the_machine_alone_is_not_made(ulong seed)
    {
        WalkCase walk = new WalkGenerator(Xlen.Rv64, WalkCheckRun.Extensions(Xlen.Rv64)).Generate(seed);
        Assert.Null(new WalkOracle(WalkExcuses.Of(SecondOpinion.OfQemu(new Version(10, 0, 2)), Xlen.Rv64)).Prepare(seed, walk));
        Assert.NotNull(new WalkOracle([]).Prepare(seed, walk));
    }

    [Fact]
    public void A_machine_that_ends_is_told_of()
    {
        TargetException ended = Assert.Throws<TargetException>(() => new WalkServer(new FakeWalkMachine(Xlen.Rv64) { Ended = "it fell over" }));
        Assert.Equal("the walk server does not start: it fell over", ended.Message);
    }

    [Theory]
    [InlineData("--revision without:gstage.wide: walks have one revision; give without:CLAUSE", "--revision", "without:gstage.wide")]
    [InlineData("--revision 7.3: walks have one revision; give without:CLAUSE", "--revision", "7.3")]
    [InlineData("--clause gstage.*: walks have no such thing", "--clause", "gstage.*")]
    [InlineData("--host x86-amd: walks have no such thing", "--host", "x86-amd")]
    [InlineData("--vectors none: walks have no such thing", "--vectors", "none")]
    [InlineData("target qemu-walker:rv128: unknown; there are qemu-walker:rv64, qemu-walker:rv32", "--target", "qemu-walker:rv128")]
    public void What_walks_do_not_have_is_refused(string problem, params string[] args)
    {
        string[] target = args[0] == "--target" ? [] : ["--target", "qemu-walker:rv64"];
        Commands.Invocation check = Commands.Invocation.Of(["check", .. target, .. args]);
        Assert.Equal(ExitStatus.BadRequest, check.Status);
        Assert.Empty(check.Output);
        Assert.StartsWith("kvmspec: " + problem, Assert.Single(check.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_says_where_clauses_were_seen()
    {
        Excuse partly = Known with { Clause = WalkClauses.VsUserFetch.Id, Reason = "it lets HLVX through", Without = default, Instead = walk => walk };
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Check(Xlen.Rv64, Known.Without, [Known, partly], default, ReportFormat.Json).Text);
            IReadOnlyDictionary<string, string> evidence = Evidence.Of([file]).ToDictionary(e => e.Key, e => e.Value.ToString());
            Assert.Equal("seen on QEMU 1.2.3.", evidence["gstage.width"]);
            Assert.Equal("read only (manual of August 2026); QEMU 1.2.3 does otherwise: the machine does not ask for U.", evidence["gstage.user"]);
            Assert.Equal("seen on QEMU 1.2.3, but for this: it lets HLVX through.", evidence["walk.vs.user-page.fetch"]);
            Assert.DoesNotContain("gstage.hgatp.mode", evidence.Keys);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Walks_are_listed_with_the_vectors()
    {
        Commands.Invocation list = Commands.Invocation.Of("vectors", "list", "--clause", "gstage.width");
        Assert.Equal(ExitStatus.Conforms, list.Status);
        Assert.Contains("width/", list.Output, StringComparison.Ordinal);
    }

    private static Report Check(Xlen xlen, WalkClauseSet forgotten, IReadOnlyList<Excuse> excuses, WalkClauseSet planted, ReportFormat format = ReportFormat.Text)
    {
        using StringWriter output = new();
        CheckRequest request = new()
        {
            Target = $"qemu-walker:rv{(int)xlen}",
            Plan = new SequencePlan(1, Accesses, 1),
            Excuses = Excuses.Load(null),
            Format = format,
        };
        int status = WalkCheck.Check(output, request, xlen, new FakeWalkMachine(xlen, forgotten), _ => excuses, planted);
        return new Report(status, output.ToString());
    }

    private sealed record Report(int Status, string Text);
}
