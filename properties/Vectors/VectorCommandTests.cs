using System.Text.Json;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Walks;
using Xunit;

namespace KvmSpec.Properties.Vectors;

/// <summary>The commands that work with vectors, as somebody at a shell sees them.</summary>
public sealed class VectorCommandTests : IDisposable
{
    private const string Text = """
        topic: sample
        title: A sample
        cases:
          - id: sample/overlap
            title: A new slot may not share a page with another
            clauses: [memslot.overlap]
            revisions: all
            host: { architecture: x86 }
            calls:
              - { on: kvm, ioctl: KVM_CREATE_VM, as: vm0, must: vm }
              - { on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, memory_size: 8192, userspace_addr: 0x1000000000, must: 0 }
              - { on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, slot: 2, guest_phys_addr: 8192, memory_size: 4096, userspace_addr: 0x1000000000, must: 0 }
              - { on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, slot: 2, guest_phys_addr: 4096, memory_size: 4096, userspace_addr: 0x1000000000, must: EEXIST, by: memslot.overlap }

          - id: sample/version
            title: The API has been version 12 since 2.6.22
            clauses: [api-version.answer]
            revisions: { until: "6.12" }
            host: { architecture: x86 }
            calls:
              - { on: kvm, ioctl: KVM_GET_API_VERSION, argument: 1, must: EINVAL, by: api-version.argument }
              - { on: kvm, ioctl: KVM_GET_API_VERSION, must: 12, by: api-version.answer }

        """;

    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec").FullName;

    private string File => Path.Combine(directory, "sample.yaml");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void WhatIsInFormStays()
    {
        Write(Text);
        Assert.Equal((0, "", ""), Run("vectors", "fmt", "--check", directory));
        Assert.Equal((0, "", ""), Run("vectors", "fmt", directory));
    }

    [Fact]
    public void WhatIsNotInFormIsListedAndThenWritten()
    {
        string other = Text.Replace("memory_size: 8192", "memory_size: 0x2000", StringComparison.Ordinal);
        Write(other);
        string listed = $"{Path.GetFileName(directory)}/sample.yaml\n";
        Assert.Equal((1, listed, ""), Run("vectors", "fmt", directory, "--check"));
        Assert.Equal(other, System.IO.File.ReadAllText(File));
        Assert.Equal((0, listed, ""), Run("vectors", "fmt", directory));
        Assert.Equal(Text, System.IO.File.ReadAllText(File));
        Assert.Equal([File], Directory.GetFiles(directory));
    }

    [Theory]
    [InlineData("fmt")]
    [InlineData("lint")]
    [InlineData("list")]
    public void AFileThatIsWrongIsToldInOneLineEach(string command)
    {
        Write(Text.Replace("KVM_CREATE_VM,", "KVM_CREATE_VMS,", StringComparison.Ordinal).Replace("api-version.answer]", "api-version]", StringComparison.Ordinal));
        (int status, string output, string errors) = Run("vectors", command, directory);
        Assert.Equal(2, status);
        Assert.Equal("", output);
        Assert.Collection(Lines(errors),
            line => Assert.StartsWith($"kvmspec: {Path.GetFileName(directory)}/sample.yaml:10: no ioctl is called KVM_CREATE_VMS", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"kvmspec: {Path.GetFileName(directory)}/sample.yaml:17: no revision has a clause api-version", line, StringComparison.Ordinal));
    }

    [Fact]
    public void NoFilesAreAnError()
    {
        Assert.Equal((2, "", $"kvmspec: {directory}: no vector files are there: name their directory\n"), Run("vectors", "lint", directory));
        Assert.Equal((2, "", $"kvmspec: {directory}: no vector files are there: name their directory\n"), Check("--vectors", directory));
    }

    [Fact]
    public void LintSaysWhatACaseDoesNotDecide()
    {
        Write(Text);
        Assert.Equal((0, "2 vectors in 1 files: nothing is wrong\n", ""), Run("vectors", "lint", directory));
        Write(Text.Replace("clauses: [memslot.overlap]", "clauses: [memslot.overlap, memslot.move]", StringComparison.Ordinal));
        (int status, _, string errors) = Run("vectors", "lint", directory);
        Assert.Equal(2, status);
        Assert.Contains("no call of sample/overlap is decided by memslot.move", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Fact]
    public void ListingKeepsToTheClause()
    {
        Write(Text);
        Assert.Equal((0, "sample/overlap  memslot.overlap\nsample/version  api-version.answer\n", ""), Run("vectors", "list", directory));
        Assert.Equal((0, "sample/overlap  memslot.overlap\n", ""), Run("vectors", "list", directory, "--clause", "memslot.*"));
        (int status, _, string errors) = Run("vectors", "list", directory, "--clause", "nothing.*");
        Assert.Equal(2, status);
        Assert.StartsWith("kvmspec: --clause nothing.*: no vector decides such a clause", Assert.Single(Lines(errors)), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutADirectoryTheProjectsVectorsAreTaken() =>
        Assert.Equal(Golden.Vectors.Length + WalkVectorFiles.Load(Golden.Directory).Sum(f => f.Cases.Length), Lines(Run("vectors", "list").Output).Length);

    [Fact]
    public void ACheckMakesTheVectors()
    {
        Write(Text);
        (int status, string output, _) = Check("--vectors", directory);
        Assert.Equal(0, status);
        Assert.Matches(@"(?m)^ *vectors +1 passed, 0 failed, 1 skipped$", output);
        Assert.Matches(@"(?m)^ *skipped 1 +holds for other revisions than 7\.3$", output);
        Assert.Matches(@"(?m)^ *sequences +0$", output);
        Assert.Matches(@"(?m)^ *rules decided +3 of ", output);
    }

    [Fact]
    public void AVectorThatFailsIsReportedAndCounts()
    {
        Write(Text.Replace("must: EEXIST", "must: EINVAL", StringComparison.Ordinal));
        (int status, string output, _) = Check("--vectors", File);
        Assert.Equal(1, status);
        Assert.Contains($"{Path.GetFileName(directory)}/sample.yaml:13: sample/overlap failed: A new slot may not share a page with another\n", output, StringComparison.Ordinal);
        Assert.Contains(": expected EINVAL, came EEXIST\n", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^ *vectors +0 passed, 1 failed, 1 skipped$", output);
        Assert.Matches(@"(?m)^ *divergence groups +0$", output);
    }

    [Fact]
    public void ProgramsReadTheSame()
    {
        Write(Text.Replace("must: EEXIST", "must: EINVAL", StringComparison.Ordinal));
        (int status, string output, _) = Check("--vectors", directory, "--format", "json");
        Assert.Equal(1, status);
        JsonElement vectors = JsonDocument.Parse(output).RootElement.GetProperty("vectors");
        Assert.Equal(0, vectors.GetProperty("passed").GetInt32());
        JsonElement failed = Assert.Single(vectors.GetProperty("failed").EnumerateArray());
        Assert.Equal(("sample/overlap", 13, "EINVAL", "EEXIST"),
            (failed.GetProperty("id").GetString(), failed.GetProperty("line").GetInt32(), failed.GetProperty("expected").GetString(), failed.GetProperty("came").GetString()));
        Assert.Equal(1, Assert.Single(vectors.GetProperty("skipped").EnumerateArray()).GetProperty("count").GetInt32());
    }

    [Fact]
    public void ADivergenceOfAVectorIsFoundShrunkAndReplayed()
    {
        Write(Text);
        string[] plant = ["check", "--target", "planted:overlap-before-size", "--strictness", "exact", "--sequences", "0"];
        string unaligned = Text.Replace("guest_phys_addr: 4096, memory_size: 4096", "guest_phys_addr: 4096, memory_size: 4097", StringComparison.Ordinal)
            .Replace("must: EEXIST, by: memslot.overlap ", "must: EINVAL, by: memslot.size.unaligned ", StringComparison.Ordinal)
            .Replace("clauses: [memslot.overlap]", "clauses: [memslot.size.unaligned]", StringComparison.Ordinal);
        Write(unaligned);
        (int status, string output, _) = Run([.. plant, "--vectors", directory]);
        Assert.Equal(1, status);
        Assert.Contains("--replay sample/overlap\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("guest_phys_addr: 8192", output[..output.IndexOf("failed", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.Equal(1, Run([.. plant, "--vectors", directory, "--replay", "sample/overlap"]).Status);
        (status, _, string errors) = Run([.. plant, "--vectors", directory, "--replay", "sample/none"]);
        Assert.Equal(2, status);
        Assert.StartsWith("kvmspec: --replay sample/none: no vector has that id", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExcusedDivergenceSkipsItsVector()
    {
        Write(Text.Replace("guest_phys_addr: 4096, memory_size: 4096", "guest_phys_addr: 4096, memory_size: 4097", StringComparison.Ordinal)
            .Replace("must: EEXIST, by: memslot.overlap ", "must: EINVAL, by: memslot.size.unaligned ", StringComparison.Ordinal));
        string excuses = Path.Combine(directory, "excuses.yml");
        System.IO.File.WriteAllText(excuses, "- { ioctl: \"KVM_SET_USER_MEMORY_REGION, KVM_SET_USER_MEMORY_REGION2\", clause: memslot.size.unaligned, observed: EEXIST, reason: known }\n");
        (int status, string output, _) = Run("check", "--target", "planted:overlap-before-size", "--strictness", "exact", "--sequences", "0", "--vectors", directory, "--excuses", excuses);
        Assert.Contains("excused: known", output, StringComparison.Ordinal);
        Assert.Equal(0, status);
    }

    [Fact]
    public void OnlyVectorsOfTheClauseAreMade()
    {
        Write(Text);
        Assert.Matches(@"(?m)^ *vectors +1 passed, 0 failed, 0 skipped$", Check("--vectors", directory, "--clause", "memslot.*").Output);
        (int status, _, string errors) = Check("--vectors", directory, "--clause", "bus-lock.*");
        Assert.Equal(2, status);
        Assert.StartsWith("kvmspec: --clause bus-lock.*: no vector decides such a clause", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void NoVectorsAndNoSequencesAreNoCheck()
    {
        (int status, _, string errors) = Check("--vectors", "none");
        Assert.Equal(2, status);
        Assert.Equal("kvmspec: no vectors and no sequences: nothing is left to check\n", errors);
        Assert.DoesNotContain("vectors", Run("check", "--target", "model", "--sequences", "1", "--vectors", "none").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryShardMakesItsPart()
    {
        Write(Text);
        Assert.Matches(@"(?m)^ *vectors +1 passed, 0 failed, 0 skipped$", Check("--vectors", directory, "--shard", "1/2").Output);
        Assert.Matches(@"(?m)^ *vectors +0 passed, 0 failed, 1 skipped$", Check("--vectors", directory, "--shard", "2/2").Output);
    }

    private static (int Status, string Output, string Errors) Check(params string[] options) =>
        Run(["check", "--target", "model", "--sequences", "0", .. options]);

    private static (int Status, string Output, string Errors) Run(params string[] arguments)
    {
        StringWriter output = new() { NewLine = "\n" };
        StringWriter errors = new() { NewLine = "\n" };
        return (CommandLine.Run(arguments, output, errors), output.ToString(), errors.ToString());
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Write(string text) => System.IO.File.WriteAllText(File, text);
}
