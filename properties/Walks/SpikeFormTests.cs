using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Walks.Server;
using Xunit;

namespace KvmSpec.Properties.Walks;

/// <summary>The cases for Spike, and signatures of them: one that is right, and some that are not.</summary>
public sealed class SpikeFormTests : IDisposable
{
    private const int Cases = 300;
    private const ulong Seed = 7;
    private const int WordsOfCase = ServerLayout.CaseSize / sizeof(ulong);

    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec-spike-").FullName;

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void A_signature_that_is_right_conforms(int xlen)
    {
        Invocation compared = Compare(Made((Xlen)xlen));
        Assert.Empty(compared.Errors);
        Assert.Equal(ExitStatus.Conforms, compared.Status);
        Assert.StartsWith($"spike-walker:rv{xlen}: Spike 1.1.1-dev, {Cases} accesses, seed {Seed}", compared.Output, StringComparison.Ordinal);
        Assert.Contains($"no unexplained difference in {Cases} accesses; 0 of them needed an excuse", compared.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_answer_is_shown_with_the_way_to_replay_it()
    {
        ulong[] words = Made(Xlen.Rv64);
        int trapped = Enumerable.Range(0, Cases).First(i => words[(i * WordsOfCase) + (ServerLayout.CaseCause / sizeof(ulong))] is 21 or 23);
        words[(trapped * WordsOfCase) + (ServerLayout.CaseTval / sizeof(ulong))] ^= 8;
        Invocation compared = Compare(words);
        Assert.Equal(ExitStatus.Diverges, compared.Status);
        Assert.Contains(" tval differs, in 1 accesses; the first:", compared.Output, StringComparison.Ordinal);
        Assert.Contains($"replay:  kvmspec walk spike DIRECTORY --xlen 64 --replay 0x{Mixer.SeedOf(Seed, (ulong)trapped):x}", compared.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clause_that_the_model_lacks_is_noticed()
    {
        Invocation compared = Compare(Made(Xlen.Rv64), "--revision", "without:walk.leaf.store");
        Assert.Equal(ExitStatus.Diverges, compared.Status);
        Assert.Contains("expected by no fault, cause, ", compared.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_signature_of_the_cases_is_refused()
    {
        ulong[] words = Made(Xlen.Rv64);
        Refused($"ends in case {Cases - 1} of {Cases}", Compare(words[..^1]));
        Refused("case 1 is another one", Compare([.. words[..WordsOfCase], .. words]));
        Refused("signature.txt:1: what is no word of 8 bytes", Compare("what"));
        Refused("--seed 3: a signature is of the cases that its directory holds", Invocation.Of("walk", "spike", directory, "--signature", "none", "--seed", "3"));
        Refused("cases.json: not there", Invocation.Of("walk", "spike", Path.Combine(directory, "none"), "--signature", "none"));
        Refused("--output none: without --signature nothing is compared", Invocation.Of("walk", "spike", directory, "--output", "none"));
    }

    [Fact]
    public void Who_deviates_is_excused_and_nobody_else()
    {
        Assert.All(WalkExcuses.Of(SecondOpinion.OfQemu(new Version(10, 0, 2)), Xlen.Rv64), e => Assert.Equal(Emulator.Qemu, e.By));
        Assert.All(WalkExcuses.Of(SecondOpinion.OfSpike("Spike RISC-V ISA Simulator 1.1.1-dev"), Xlen.Rv64), e => Assert.Equal(Emulator.Spike, e.By));
        Assert.Equal("Spike", SecondOpinion.OfSpike("").Name);
    }

    [Fact]
    public void One_case_is_written_alone()
    {
        ulong seed = Mixer.SeedOf(Seed, 5);
        Assert.Equal(ExitStatus.Conforms, Invocation.Of("walk", "spike", directory, "--replay", $"0x{seed:x}").Status);
        Assert.Equal(ServerLayout.CaseSize, new FileInfo(Path.Combine(directory, "cases.bin")).Length);
        Assert.Equal([seed], SpikeForm.Read(directory).Seeds);
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static void Refused(string problem, Invocation invocation)
    {
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.Contains(problem, Assert.Single(invocation.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private Invocation Compare(ulong[] words, params string[] others) => Compare(string.Join('\n', words.Select(w => w.ToString("x16", null))), others);

    private Invocation Compare(string signature, params string[] others)
    {
        string path = Path.Combine(directory, "signature.txt");
        File.WriteAllText(path, signature);
        return Invocation.Of(["walk", "spike", directory, "--signature", path, .. others]);
    }

    /// <summary>Writes cases, and answers them as a machine does that is right.</summary>
    private ulong[] Made(Xlen xlen)
    {
        Invocation written = Invocation.Of("walk", "spike", directory, "--xlen", $"{(int)xlen}", "--cases", $"{Cases}", "--seed", $"{Seed}");
        Assert.Equal(ExitStatus.Conforms, written.Status);
        File.WriteAllText(Path.Combine(directory, "spike.txt"), "Spike RISC-V ISA Simulator 1.1.1-dev\n");
        byte[] bytes = File.ReadAllBytes(Path.Combine(directory, "cases.bin"));
        ulong[] words = [.. Enumerable.Range(0, bytes.Length / sizeof(ulong)).Select(i => BitConverter.ToUInt64(bytes, i * sizeof(ulong)))];
        WalkGenerator generator = new(xlen, WalkCheckRun.Extensions(xlen));
        for (int i = 0; i < Cases; i++)
        {
            WalkCase walk = generator.Generate(Mixer.SeedOf(Seed, (ulong)i));
            WalkResult result = walk.Run(out Dictionary<ulong, ulong> after);
            WalkAnswer answer = WalkAnswer.Of(walk, result, after);
            Span<ulong> of = words.AsSpan(i * WordsOfCase, WordsOfCase);
            bool fetched = answer.Cause == 0 && walk.Access.Kind == AccessKind.Fetch;
            of[ServerLayout.CaseCause / 8] = !fetched ? answer.Cause : walk.Access.Privilege == GuestPrivilege.Vs ? 10UL : 8;
            of[ServerLayout.CaseTval / 8] = answer.Tval;
            of[ServerLayout.CaseTval2 / 8] = answer.Htval;
            of[ServerLayout.CaseTinst / 8] = answer.Pseudo;
            of[ServerLayout.CaseValue / 8] = answer.Value;
            of[ServerLayout.CaseWatched / 8] = answer.Value;
            for (int patch = 0; patch < answer.After.Length; patch++)
            {
                of[(ServerLayout.CasePatch + (patch * ServerLayout.PatchSize) + 16) / 8] = answer.After[patch];
            }
        }

        return words;
    }
}
