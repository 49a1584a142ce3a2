using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Differences;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Differences;

/// <summary>The same sequences on two targets.</summary>
public sealed class TargetComparisonTests
{
    private static readonly SequencePlan Plan = new(1, 1500, 30);

    [Fact]
    public void A_target_does_not_differ_from_itself()
    {
        TargetComparison comparison = Compare(Revisions.Linux73, Revisions.Linux73, CancellationToken.None);
        Assert.Empty(comparison.Groups);
        Assert.Equal(Plan.Count, comparison.Sequences);
        Assert.True(comparison.Calls > Plan.Count);
    }

    [Theory]
    [InlineData("planted:late-ring")]
    [InlineData("planted:vcpu-uncounted")]
    public void A_planted_fault_is_found_and_made_small(string plant)
    {
        TargetComparison comparison = Compare(Revisions.Linux73, Plants.Find(plant, Revisions.Linux73)!, CancellationToken.None);
        Assert.True(comparison.Differ);
        Assert.All(comparison.Groups, g =>
        {
            Assert.True(g.Smallest.Group.First != g.Smallest.Group.Second || g.Smallest.Detail is not null);
            Assert.True(g.Smallest.Sequence.Length <= 8, g.Smallest.Sequence.ToString());
            Assert.Equal(g.Smallest.Sequence.Length - 1, g.Smallest.At);
        });
    }

    [Fact]
    public void What_varies_on_a_target_by_itself_is_told_apart()
    {
        using ModelTarget steady = new("steady", new Model.Model(Revisions.Linux73, X86Hosts.Amd));
        using Clock clock = new(steady);
        TargetComparison comparison = new(steady, clock, steady.Model);
        Call version = new(steady.Model.Book.Operations.First(o => o.Ioctl == Ioctls.GetApiVersion.Ioctl), Handle.Kvm);
        comparison.One([version], "once");
        Assert.Equal(["clock"], Assert.Single(comparison.Groups).Varying);
        Assert.False(comparison.Differ);
    }

    [Fact]
    public void A_run_that_is_stopped_says_so()
    {
        using CancellationTokenSource stop = new();
        stop.Cancel();
        TargetComparison comparison = Compare(Revisions.Linux73, Revisions.Linux73, stop.Token);
        Assert.True(comparison.Interrupted);
        Assert.Equal(0, comparison.Sequences);
    }

    /// <summary>A model whose every call answers another number.</summary>
    private sealed class Clock(ModelTarget target) : ITarget
    {
        private int ticks = 100;

        public string Name => "clock";

        public Host Host => target.Host;

        public bool TakesMeanings => true;

        public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
        {
            target.Execute(calls, observed);
            foreach (ref Observation one in observed[..calls.Length])
            {
                one.Result = ticks++;
            }
        }

        public void Dispose()
        {
        }
    }

    private static TargetComparison Compare(Revision one, Revision other, CancellationToken stop)
    {
        using ModelTarget first = new("one", new Model.Model(one, X86Hosts.Amd));
        using ModelTarget second = new("other", new Model.Model(other, X86Hosts.Amd));
        TargetComparison comparison = new(first, second, new Model.Model(one, X86Hosts.Amd));
        comparison.Generated(Plan, null, stop);
        return comparison;
    }
}
