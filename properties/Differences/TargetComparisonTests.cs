using KvmSpec.Model;
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
        Assert.NotEmpty(comparison.Groups);
        Assert.All(comparison.Groups, g =>
        {
            Assert.True(g.Smallest.Group.First != g.Smallest.Group.Second || g.Smallest.Detail is not null);
            Assert.True(g.Smallest.Sequence.Length <= 8, g.Smallest.Sequence.ToString());
            Assert.Equal(g.Smallest.Sequence.Length - 1, g.Smallest.At);
        });
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

    private static TargetComparison Compare(Revision one, Revision other, CancellationToken stop)
    {
        using ModelTarget first = new("one", new Model.Model(one, X86Hosts.Amd));
        using ModelTarget second = new("other", new Model.Model(other, X86Hosts.Amd));
        TargetComparison comparison = new(first, second, new Model.Model(one, X86Hosts.Amd));
        comparison.Generated(Plan, null, stop);
        return comparison;
    }
}
