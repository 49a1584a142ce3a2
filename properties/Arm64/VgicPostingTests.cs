using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Uapi;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Arm64;

/// <summary>What the posting that brought vGICv5 failed to keep of what it said.</summary>
public sealed class VgicPostingTests
{
    private const string Limit = "vgic-v5-userspace-ppis=0x100000008";
    private static readonly Handle Vm = new(DescriptorKind.Vm, 0);

    [Fact]
    public async Task A_report_of_the_posting_against_its_promise()
    {
        Invocation invocation = Invocation.Of(
            "check", "--target", "revision:arm64-gicv5-posted-v5", "--revision", "arm64-gicv5-posted-v5.promised", "--vectors", "none", "--sequences", "3000");
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        Assert.Empty(invocation.Errors);
        await Verifier.Verify(invocation.Output);
    }

    [Fact]
    public async Task A_report_of_the_posting_with_more_PPIs()
    {
        Invocation invocation = Invocation.Of(
            "check", "--target", "revision:arm64-gicv5-posted-v5", "--revision", "arm64-gicv5-posted-v5.promised", "--host", Arm64Hosts.Gicv5.Name,
            "--what-if", Limit, "--vectors", "none", "--sequences", "8000");
        Assert.Equal(ExitStatus.Diverges, invocation.Status);
        Assert.Empty(invocation.Errors);
        await Verifier.Verify(invocation.Output);
    }

    [Fact]
    public void The_short_mask_cannot_be_told_with_the_posting_s_own_PPIs()
    {
        int states = Search(Revisions.Gicv5Posted, out int told);
        Assert.InRange(states, 50, 100_000);
        Assert.Equal(0, told);
    }

    [Fact]
    public void The_short_mask_is_told_with_a_PPI_above_31()
    {
        SetLimit more = new(Vgic.UserspacePpis, 0x1_0000_0008);
        Search(new Revision("more", "PPI 32 exposed", Revisions.Gicv5Posted, more), out int told);
        Assert.True(told > 0);
    }

    /// <summary>
    /// Goes through every state that a VM with a GICv5, two vCPUs and one device gets into, until nothing new appears, and
    /// makes every PPI's call in each, with the mask as posted and with all of it.
    /// </summary>
    /// <param name="posted">The revision.</param>
    /// <param name="told">In how many states some call is answered otherwise with all of the mask.</param>
    private static int Search(Revision posted, out int told)
    {
        Model.Model cut = new(posted, Arm64Hosts.Gicv5);
        Model.Model whole = new(new Revision("whole", "all of the mask", posted, VgicEdits.AsPromised[0]), Arm64Hosts.Gicv5);
        Operation line = cut.Book.Operations.Single(o => o.Ioctl == VgicIoctls.IrqLine.Plain.Ioctl);
        Call[] lines = [.. Enumerable.Range(0, 2).SelectMany(vcpu => Enumerable.Range(0, 130).Select(ppi =>
            new Call(line, Vm).With(VgicIoctls.IrqLine.Plain.Irq, (2UL << 24) | ((ulong)(uint)vcpu << 16) | (uint)ppi).With(VgicIoctls.IrqLine.Plain.Level, 1)))];
        List<Closure.Step> steps = Closure.Of(cut, [.. VgicOrderLaws.Moves(cut, DeviceTypes.ArmVgicV5), .. lines.Where((_, i) => i % 130 == 3)], out int states);
        told = steps.Select(s => s.Before).Distinct().Count(world => lines.Any(call => cut.Decide(world, call).Errno != whole.Decide(world, call).Errno));
        return states;
    }
}
