using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary>
/// A check that throws leaves nothing behind. A rule cannot throw while something is open, for a target takes a whole
/// sequence and has closed all of it when the rules see the answers: only the target itself, a record, and the report can.
/// </summary>
public sealed class BrokenOffTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void A_target_that_throws_is_closed_and_no_file_is_there(int at)
    {
        Breaking target = new(at);
        TargetException thrown = Assert.Throws<TargetException>(() => CheckCommand.Check(TextWriter.Null, new CheckRequest
        {
            Target = target.Name,
            Plan = CheckRequest.PlanOf("1", 1000, 30, "1/1"),
            Excuses = Excuses.Load(null),
            Output = Path.Combine(directory, "report"),
            Record = Path.Combine(directory, "record"),
        }, [target], null));
        Assert.Equal(Breaking.Said, thrown.Message);
        Assert.Equal(1, target.Disposals);
        Assert.Empty(Directory.GetFileSystemEntries(directory));
    }

    [Fact]
    public void What_is_thrown_while_a_sequence_is_shrunk_is_no_failure_of_it()
    {
        Model.Model model = new(Revisions.Linux73, X86Hosts.Amd);
        using ModelTarget faulty = new("faulty", new Model.Model(Plants.All[0], X86Hosts.Amd));
        Breaking attempts = new(3, Plants.All[0]);
        Checker checker = new(faulty, model, Strictness.Envelope, attempts);
        Generator generator = new(model);
        Divergence divergence = Enumerable.Range(0, 10_000).Select(i => checker.Check(generator.Generate(new SequenceName((ulong)i, 40)).Calls)).First(d => d is not null)!;
        Assert.Throws<TargetException>(() => checker.Shrink(divergence, out _));
        Assert.Equal(attempts.BreaksAt, attempts.Made);
    }

    [Fact]
    public void A_rule_that_throws_does_so_after_the_target_is_done()
    {
        Edit broken = new Replace("create-vcpu.create", rule => rule with { Then = (in n, in c) => throw new InvalidOperationException(Breaking.Said) }, "throws");
        Model.Model model = new(new Revision("broken", "a rule that throws", Revisions.Linux73, [broken]), X86Hosts.Amd);
        Breaking target = new(int.MaxValue);
        Checker checker = new(target, model);
        Generator generator = new(new Model.Model(Revisions.Linux73, X86Hosts.Amd));
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (ulong seed = 0; seed < 10_000; seed++)
            {
                checker.Check(generator.Generate(new SequenceName(seed, 40)).Calls);
            }
        });
        Assert.False(target.Works);
    }

    [Fact]
    public void A_file_that_cannot_get_its_name_is_not_left_half_written()
    {
        string taken = Path.Combine(directory, "taken");
        Directory.CreateDirectory(taken);
        Assert.ThrowsAny<Exception>(() => WholeFile.Write(taken, "text"));
        Assert.Equal([taken], Directory.GetFileSystemEntries(directory));
    }

    /// <summary>A kernel that is lost in the middle of a sequence.</summary>
    private sealed class Breaking(int breaksAt, Revision? behaving = null) : ITarget
    {
        public const string Said = "the kernel is gone";

        private readonly ModelTarget inner = new("stand-in", new Model.Model(behaving ?? Revisions.Linux73, X86Hosts.Amd));

        public int BreaksAt => breaksAt;

        public int Made { get; private set; }

        public int Disposals { get; private set; }

        /// <summary>True while a sequence is made.</summary>
        public bool Works { get; private set; }

        public string Name => inner.Name;

        public Host Host => inner.Host;

        public bool TakesMeanings => inner.TakesMeanings;

        public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
        {
            Works = true;
            inner.Execute(calls, observed);
            Works = false;
            if (++Made == breaksAt)
            {
                throw new TargetException(Said);
            }
        }

        public void Dispose() => Disposals++;
    }
}
