using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Spec;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary>What <c>explain</c> and <c>spec</c> print and write.</summary>
public sealed class SpecCommandTests
{
    public static TheoryData<string> Ids => [.. SpecFile.Embedded.Clauses.Select(c => c.Id)];

    [Fact]
    public async Task Explains_a_clause() => await Verifier.Verify(Successful("explain", "create-vcpu.exists"));

    [Fact]
    public async Task Explains_what_a_clause_depends_on() => await Verifier.Verify(Successful("explain", "create-vcpu.identity-map-end"));

    [Fact]
    public async Task Lists_clauses() => await Verifier.Verify(Successful("explain", "memslot.guest-memfd.*"));

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_clause_can_be_explained(string id)
    {
        string text = Successful("explain", id);
        Assert.Contains("stands:", text, StringComparison.Ordinal);
        Assert.All(text.Split(Environment.NewLine), line => Assert.True(line.Length <= Prose.Width, line));
    }

    [Fact]
    public void The_embedded_copy_is_in_step() => Assert.StartsWith("spec.md: ", Successful("spec", "--check"), StringComparison.Ordinal);

    [Fact]
    public void Tables_are_brought_in_step()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, SpecFile.Embedded.Text.Replace("| memslots |", "| slots |", StringComparison.Ordinal));
            Invocation before = Invocation.Of("spec", "--check", file);
            Assert.Equal(ExitStatus.Diverges, before.Status);
            Assert.Equal($"{file}:{SpecFile.Embedded.TableLine("limits")}: the table limits is not in step with the rules{Environment.NewLine}", before.Output);
            Assert.Equal($"{file}: limits rewritten{Environment.NewLine}", Successful("spec", "--write", file));
            Assert.Equal(SpecFile.Embedded.Text, File.ReadAllText(file));
            Assert.Equal($"{file}: unchanged{Environment.NewLine}", Successful("spec", "--write", file));
            Assert.False(File.Exists(file + ".partial"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Successful(params string[] args)
    {
        Invocation invocation = Invocation.Of(args);
        Assert.Empty(invocation.Errors);
        Assert.Equal(ExitStatus.Conforms, invocation.Status);
        return invocation.Output;
    }

    [Fact]
    public void Evidence_is_taken_from_reports_of_kernels()
    {
        string report = Path.GetTempFileName();
        try
        {
            File.WriteAllText(report, """{ "kernel": "Linux 9.9.1-test (kvm-none)", "groups": [{ "clause": "b" }], "decided": { "a": 2, "b": 1, "c": 0 } }""");
            KeyValuePair<string, Sightings> only = Assert.Single(Runners.Spec.Evidence.Of([report, report]));
            Assert.Equal(("a", "seen on kvm-none 9.9.1."), (only.Key, only.Value.ToString()));
            File.WriteAllText(report, "{}");
            Assert.Throws<Runners.Commands.RequestException>(() => Runners.Spec.Evidence.Of([report]));
        }
        finally
        {
            File.Delete(report);
        }
    }
}
