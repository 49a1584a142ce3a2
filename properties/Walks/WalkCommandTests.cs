using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Walks;

/// <summary>What <c>kvmspec walk</c> says, to right requests and to wrong ones.</summary>
public sealed class WalkCommandTests
{
    private static readonly string[] OneStage =
        ["walk", "--hgatp", "0x8000000000080000", "--word", "0x80000000=0x20001001", "0x80004000=0x20001401", "0x80005018=0x100000df", "--address", "0x3120"];

    private static readonly string[] TwoStage =
    [
        "walk", "--hgatp", "0x8000000000080010", "--vsatp", "0x8000000000080000", "--word", "0x80010010=0x2000005f", "0x80000008=0x20000401", "0x80001010=0x20000801", "0x80002018=0x2010004f",
        "--address", "0x40403120", "--bytes", "4",
    ];

    [Fact]
    public void Every_step_is_shown()
    {
        Invocation walk = Invocation.Of(OneStage);
        Assert.Empty(walk.Errors);
        Assert.Equal(ExitStatus.Conforms, walk.Status);
        Assert.Contains("G-stage: load at 0x3120", walk.Output, StringComparison.Ordinal);
        Assert.Contains("level 2: entry at 0x80000000 is 0x20001001 -------V, table 0x80004000", walk.Output, StringComparison.Ordinal);
        Assert.Contains("level 0: entry at 0x80005018 is 0x100000df DA-UXWRV, page 0x40000000", walk.Output, StringComparison.Ordinal);
        Assert.EndsWith($"goes to 0x40000120, gpa 0x3120, memory type pma{Environment.NewLine}", walk.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trap_names_its_clause()
    {
        Invocation walk = Invocation.Of([.. OneStage[..^1], "0x20000003120"]);
        Assert.Contains("gstage.width: guest-page fault", walk.Output, StringComparison.Ordinal);
        Assert.Contains("trap: cause 21 (load guest-page fault) by gstage.width, tval 0x20000003120, gpa 0x20000003120, htval 0x8000000c48 or 0", walk.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_is_one_line_a_walk()
    {
        string file = Path.GetTempFileName() + ".jsonl";
        try
        {
            File.WriteAllText(file, """
                {"hgatp": 0, "access": {"kind": "load", "address": 4096}}

                {"xlen": 32, "access": {"kind": "store", "address": "0x1000", "privilege": "vu"}}
                """);
            Invocation walk = Invocation.Of("walk", file, "--format", "json");
            Assert.Empty(walk.Errors);
            string[] lines = walk.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(2, lines.Length);
            Assert.All(lines, l => Assert.StartsWith("{\"result\":{\"spa\":\"0x1000\",\"gpa\":\"0x1000\",\"type\":\"pma\"},\"clause\":null,\"after\":{},\"steps\":[", l, StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("0x80001000..0x80002000=---", "load", "    walk.entry.read: access fault, r-- of 8 bytes at 0x80001010 is not allowed")]
    [InlineData("0x80010000..0x80014000=---", "load", "      walk.entry.read: access fault, r-- of 8 bytes at 0x80010010 is not allowed")]
    [InlineData("0x80002000..0x80003000=r--", "store", "    walk.entry.write: access fault, rw- of 8 bytes at 0x80002018 is not allowed")]
    [InlineData("0x80010000..0x80014000=r--", "store", "      walk.entry.write: access fault, rw- of 8 bytes at 0x80010010 is not allowed")]
    [InlineData("0x80400000..0x80401000=r-x", "store", "    walk.final.access: access fault, -w- of 4 bytes at 0x80400120 is not allowed")]
    [InlineData("0x80400000..0x80401000=rw-", "fetch", "    walk.final.access: access fault, --x of 4 bytes at 0x80400120 is not allowed")]
    [InlineData("0x80400000..0x80401000=rw-", "hlvx", "    walk.final.hlvx: access fault, --x of 4 bytes at 0x80400120 is not allowed")]
    public void What_memory_refuses_is_shown_where_it_does(string protect, string kind, string line)
    {
        Invocation walk = Invocation.Of([.. TwoStage, "--kind", kind, "--protect", protect]);
        Assert.Empty(walk.Errors);
        Assert.Contains(line, walk.Output.Split(Environment.NewLine));
        Assert.DoesNotContain("htval", walk.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x2000045f", "load", "cause 21 (load guest-page fault) by walk.leaf.misaligned, tval 0x40403120, gpa 0x80000008, htval 0x20000002 or 0, htinst 0x3000 where htval is not 0, the pseudoinstruction of a read of a VS-stage table")]
    [InlineData("0x200000db", "store", "cause 23 (store guest-page fault) by walk.leaf.store, tval 0x40403120, gpa 0x80002018, htval 0x20000806 or 0, htinst 0x3020 where htval is not 0, the pseudoinstruction of a write of a VS-stage table")]
    public void A_pseudoinstruction_is_explained(string entry, string kind, string trap)
    {
        string[] args = [.. TwoStage.Select(a => a.Replace("0x80010010=0x2000005f", "0x80010010=" + entry, StringComparison.Ordinal)), "--kind", kind];
        Invocation walk = Invocation.Of(args);
        Assert.Contains("trap: " + trap, walk.Output, StringComparison.Ordinal);
        Assert.Contains(": guest-page fault" + Environment.NewLine, walk.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_to_hgatp_is_shown()
    {
        string[] lines = Lines("""
            {"machine": {"modes": ["bare", "sv39x4"], "vmidlen": 2, "unsupported": "old"}, "hgatp": "0x8000300000080000", "write": "0xa000500000090000"}
            """, "--all");
        Assert.Equal(
            [
                "Write of 0xa000500000090000 to hgatp, which holds 0x8000300000080000, on RV64 with Bare, Sv39x4 and 2 bits of VMID, where another MODE leaves the old one",
                "  yes gstage.hgatp.mode", "  no  gstage.hgatp.root", "  yes gstage.hgatp.vmid", "reads 0x8000100000090000: Sv39x4, VMID 0x1, root at 0x90000000",
            ],
            lines);
    }

    [Fact]
    public void A_write_to_hgatp_has_its_json() => Assert.Equal(
        ["""{"result":{"hgatp":"0x80090000"},"steps":[{"step":"asked","clause":"gstage.hgatp.mode","holds":false},{"step":"asked","clause":"gstage.hgatp.root","holds":true},{"step":"asked","clause":"gstage.hgatp.vmid","holds":false}]}"""],
        Lines("""{"xlen": 32, "write": "0x80090002"}""", "--format", "json"));

    [Fact]
    public void What_another_hart_stores_is_shown()
    {
        const string Walk = """
            {"hgatp": "0x8000000000080000", "memory": {"0x80000000": "0x1f"}, "meanwhile": {"1": {"0x80000000": "0x1000001f"}}, "access": {"address": "0x3120"}}
            """;
        Assert.Equal(
            [
                "    level 2: entry at 0x80000000 is 0x1f ---UXWRV, page 0x0", "    walk.accessed.clear", "    meanwhile another hart stores 0x1000001f at 0x80000000", "    walk.entry.changed",
                "    level 2: entry at 0x80000000 is 0x1000001f ---UXWRV, page 0x40000000", "    walk.accessed.clear", "    level 2: entry at 0x80000000 becomes 0x1000005f -A-UXWRV",
                "    walk.leaf.superpage", "    gives 0x40003120", "goes to 0x40003120, gpa 0x3120, memory type pma", "leaves 0x80000000: 0x1000001f -> 0x1000005f",
            ],
            Lines(Walk)[3..]);
        Assert.Contains("""{"step":"stored","stage":"G-stage","at":"0x80000000","word":"0x1000001f"}""", Assert.Single(Lines(Walk, "--format", "json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"write": 1, "access": {"address": 0}}""", ":1: a walk has no access: write xlen, machine, hgatp, write")]
    [InlineData("""{"write": 1}""", ":1: write 0x1: what a write of Bare leaves is unspecified unless all of it is 0")]
    [InlineData("""{"meanwhile": {"one": {}}, "access": {"address": 0}}""", ":1: the compare-and-swap one: write a number")]
    public void A_wrong_write_or_store_is_one_line(string text, string problem)
    {
        Invocation walk = OfLines(text);
        Assert.Equal(ExitStatus.BadRequest, walk.Status);
        Assert.Contains(problem, Assert.Single(walk.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("walk: give a file, or flags such as --hgatp", "walk")]
    [InlineData("--hgatp: hgatp 0x8000000000000001 is nothing that it can hold", "walk", "--hgatp", "0x8000000000000001", "--address", "0")]
    [InlineData("--hgatp: hgatp 0x100000000 has more than 32 bits: xlen is 32", "walk", "--xlen", "32", "--hgatp", "0x100000000", "--address", "0")]
    [InlineData("--address: the address 0x100000000 has more than 32 bits: xlen is 32", "walk", "--xlen", "32", "--address", "0x100000000")]
    [InlineData("--word 0x80000001=1: the word at 0x80000001 is not aligned: words are of 8 bytes", "walk", "--address", "0", "--word", "0x80000001=1")]
    [InlineData("--word 0x8=2: the word at 0x8 stands twice", "walk", "--address", "0", "--word", "8=1", "0x8=2")]
    [InlineData("--word 0x100000000000000=1: the address 0x100000000000000 is wider than the 56 bits of physical addresses", "walk", "--address", "0", "--word", "0x100000000000000=1")]
    [InlineData("--word 1: give ADDRESS=WORD", "walk", "--address", "0", "--word", "1")]
    [InlineData("--address: the access at 0xfff straddles pages", "walk", "--address", "0xfff", "--bytes", "8")]
    [InlineData("--kind: access is no jump: write load, store, fetch, hlvx", "walk", "--kind", "jump", "--address", "0")]
    [InlineData("access has no address: add it", "walk", "--kind", "load")]
    [InlineData("--extensions: extensions has no sv: write svnapot", "walk", "--extensions", "sv", "--address", "0")]
    [InlineData("--protect 0x2..0x1=rwx: protect 0x2..0x1: write the first address", "walk", "--address", "0", "--protect", "0x2..0x1=rwx")]
    [InlineData("nowhere.yaml", "walk", "nowhere.yaml")]
    [InlineData("--image nowhere@1: the address is not aligned", "walk", "--image", "nowhere@1", "--address", "0")]
    [InlineData("--cases 0: give 1 to ", "walk", "spike", "nowhere", "--cases", "0")]
    public void A_wrong_request_is_one_line(string problem, params string[] args)
    {
        Invocation walk = Invocation.Of(args);
        Assert.Equal(ExitStatus.BadRequest, walk.Status);
        Assert.Empty(walk.Output);
        string line = Assert.Single(walk.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(problem, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0xfffffffffffff8", ": reaches beyond the 56 bits of physical addresses")]
    [InlineData("0xfffffffffffffff8", ": reaches beyond the 56 bits of physical addresses")]
    [InlineData("0x3fffffff8", ": reaches beyond the 34 bits of physical addresses", "--xlen", "32")]
    [InlineData("0x1004", ": the address is not aligned to words of 8 bytes")]
    public void A_wrong_image_is_one_line(string at, string problem, params string[] others)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, new byte[16]);
            string image = $"{file}@{at}";
            Invocation walk = Invocation.Of(["walk", "--image", image, "--address", "0", .. others]);
            Assert.Equal(ExitStatus.BadRequest, walk.Status);
            Assert.Empty(walk.Output);
            Assert.Equal($"kvmspec: --image {image}{problem}", walk.Errors.TrimEnd());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_wrong_walk_of_many_has_its_line()
    {
        string file = Path.GetTempFileName() + ".jsonl";
        try
        {
            File.WriteAllText(file, """
                {"hgatp": 0, "access": {"kind": "load", "address": 4096}}
                {"hgatp": 0,
                """);
            Invocation walk = Invocation.Of("walk", file);
            Assert.Equal(ExitStatus.BadRequest, walk.Status);
            Assert.StartsWith($"kvmspec: {file}:2: ", walk.Errors, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Modes_are_told_apart()
    {
        Invocation modes = Invocation.Of("walk", "modes");
        Assert.Equal(7, modes.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("Sv39x4   Sv48x4   0x80000000: 0xdf (DA-UXWRV), root at 0x80000000, gpa 0x40000000: cause 21 by walk.entry.valid; spa 0x40000000", modes.Output, StringComparison.Ordinal);
    }

    /// <summary>What is said of walks, one a line.</summary>
    private static string[] Lines(string walks, params string[] flags)
    {
        Invocation walk = OfLines(walks, flags);
        Assert.Empty(walk.Errors);
        Assert.Equal(ExitStatus.Conforms, walk.Status);
        return walk.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    private static Invocation OfLines(string walks, params string[] flags)
    {
        string file = Path.GetTempFileName() + ".jsonl";
        try
        {
            File.WriteAllText(file, walks);
            return Invocation.Of(["walk", file, .. flags]);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
