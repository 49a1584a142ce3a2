using System.Text.Json;
using KvmSpec.Properties.Commands;
using KvmSpec.Properties.Traces;
using KvmSpec.Runners.Commands;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Matrix;

/// <summary>Which clause holds where, over models in the place of kernels.</summary>
public sealed class MatrixCommandTests
{
    private static readonly string[] Small = ["--host", "x86-amd", "--sequences", "300", "--vectors", "none"];

    private static readonly string[] OfColumn = ["target", "kernel", "revision", "made", "counts"];

    [Fact]
    public async Task A_matrix()
    {
        Invocation invocation = Invocation.Of(["matrix", "--target", "model", "--target", "revision:6.12", "--target", "planted:late-ring", "--revision", "7.3", "--clause", "d*", .. Small]);
        Assert.Empty(invocation.Errors);
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        await Verifier.Verify(invocation.Output);
    }

    [Fact]
    public async Task A_matrix_as_a_page()
    {
        using TraceFiles files = new();
        string report = files["report.json"];
        Assert.Equal(ExitStatus.Conforms, Invocation.Of(["check", "--target", "model", "--format", "json", "--output", report, .. Small]).Status);
        Invocation invocation = Invocation.Of(["matrix", "--target", "planted:slot-limit", "--report", report, "--clause", "memslot.*", "--write", files["MATRIX.md"], .. Small]);
        Assert.Equal($"{files["MATRIX.md"]}: ", invocation.Output[..(files["MATRIX.md"].Length + 2)]);
        Assert.Equal(["MATRIX.md", "report.json"], files.Names);
        await Verifier.Verify(File.ReadAllText(files["MATRIX.md"]));
    }

    [Fact]
    public void A_page_is_read_back_and_its_columns_renewed()
    {
        using TraceFiles files = new();
        string page = files["MATRIX.md"], report = files["report.json"];
        Invocation.Of(["matrix", "--target", "planted:slot-limit", "--target", "model", "--write", page, .. Small]);
        string before = File.ReadAllText(page);
        Invocation.Of(["matrix", "--page", page, "--report", Report("planted:slot-limit"), "--write", page]);
        Assert.Equal(before, File.ReadAllText(page));
        Invocation grown = Invocation.Of(["matrix", "--page", page, "--report", Report("planted:late-ring"), "--write", page]);
        Assert.EndsWith(" on 3 kernels" + Environment.NewLine, grown.Output, StringComparison.Ordinal);
        Assert.Equal(ExitStatus.Diverges, grown.Status);
        Assert.Contains("| C | `planted:late-ring` |", File.ReadAllText(page), StringComparison.Ordinal);
        File.WriteAllText(page, "# No matrix\n");
        Assert.Equal($"kvmspec: {page}: not a page of 'kvmspec matrix --write'{Environment.NewLine}", Invocation.Of(["matrix", "--page", page, "--report", report]).Errors);

        string Report(string target)
        {
            Invocation.Of(["check", "--target", target, "--format", "json", "--output", report, .. Small]);
            return report;
        }
    }

    [Fact]
    public void A_report_of_a_former_check_is_a_column_like_the_check_itself()
    {
        using TraceFiles files = new();
        string report = files["report.json"];
        Invocation.Of(["check", "--target", "planted:slot-limit", "--format", "json", "--output", report, .. Small]);
        Invocation both = Invocation.Of(["matrix", "--target", "planted:slot-limit", "--report", report, "--format", "json", .. Small]);
        Assert.Equal(ExitStatus.Diverges, both.Status);
        using JsonDocument matrix = JsonDocument.Parse(both.Output);
        JsonElement[] columns = [.. matrix.RootElement.GetProperty("columns").EnumerateArray()];
        Assert.Equal(["A", "B"], columns.Select(c => c.GetProperty("name").GetString()));
        Assert.All(OfColumn, key => Assert.Equal(columns[0].GetProperty(key).ToString(), columns[1].GetProperty(key).ToString()));
        JsonElement clauses = matrix.RootElement.GetProperty("clauses");
        Assert.All(clauses.EnumerateObject(), c => Assert.Equal(c.Value.GetProperty("A").GetString(), c.Value.GetProperty("B").GetString()));
        Assert.Equal("fails", clauses.GetProperty("memslot.id-limit").GetProperty("A").GetString());
        Assert.Equal("open", clauses.GetProperty("run.guest").GetProperty("A").GetString());
        Assert.Equal("holds", clauses.GetProperty("create-vcpu.exists").GetProperty("A").GetString());
        Assert.Equal("undecided", clauses.GetProperty("dirty-ring.unsupported").GetProperty("A").GetString());
    }

    [Fact]
    public void A_trace_s_report_is_a_column()
    {
        using TraceFiles files = new();
        string trace = files.Record("model", "--sequences", "300");
        Invocation.Of("check", "--trace", trace, "--format", "json", "--output", files["report.json"]);
        Invocation invocation = Invocation.Of("matrix", "--report", files["report.json"], "--clause", "create-vcpu.exists");
        Assert.Equal(ExitStatus.Conforms, invocation.Status);
        Assert.StartsWith("A   model: a model on host x86-amd, revision 7.3: 300 sequences", invocation.Output, StringComparison.Ordinal);
        Assert.Contains("create-vcpu.exists  holds", invocation.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_is_not_there_is_told_and_the_others_are_checked()
    {
        if (File.Exists("/dev/kvm"))
        {
            return;
        }

        Invocation invocation = Invocation.Of(["matrix", "--target", "local", "--target", "model", "--clause", "create-vcpu.exists", .. Small]);
        Assert.Equal(ExitStatus.NoTarget, invocation.Status);
        Assert.Contains("not checked: local: /dev/kvm: not there", invocation.Output, StringComparison.Ordinal);
        Assert.Contains("create-vcpu.exists  holds", invocation.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("matrix: give --target or --report", "matrix")]
    [InlineData("matrix: model is given twice", "matrix", "--target", "model", "--target", "model")]
    [InlineData("target nowhere: unknown; give local, guest:", "matrix", "--target", "nowhere")]
    [InlineData("revision 2.6: unknown; there are 7.3, ", "matrix", "--target", "model", "--revision", "2.6")]
    [InlineData("--clause nothing*: matches no clause", "matrix", "--target", "model", "--clause", "nothing*")]
    [InlineData("--seed x: not a number", "matrix", "--target", "model", "--seed", "x")]
    [InlineData("no vectors and no sequences: nothing is left to check", "matrix", "--target", "model", "--vectors", "none", "--sequences", "0")]
    [InlineData("nowhere/report.json", "matrix", "--report", "nowhere/report.json")]
    public void Is_refused_in_one_line(string problem, params string[] args)
    {
        Invocation invocation = Invocation.Of(args);
        Assert.Equal((ExitStatus.BadRequest, ""), (invocation.Status, invocation.Output));
        string line = Assert.Single(invocation.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(problem, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not JSON")]
    [InlineData("""{ "kernel": 7, "groups": [], "decided": {} }""")]
    [InlineData("""{ "kernel": "Linux 7.3", "groups": [], "decided": { "a": "often" } }""")]
    public void A_file_that_is_no_report_is_refused(string text)
    {
        using TraceFiles files = new();
        string file = files.Write(text);
        Invocation invocation = Invocation.Of("matrix", "--report", file);
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.StartsWith($"kvmspec: {file}: not a report of 'kvmspec check --format json' (", invocation.Errors, StringComparison.Ordinal);
    }
}
