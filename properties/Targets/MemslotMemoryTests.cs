using KvmSpec.Model;
using KvmSpec.Runners.Targets;
using Xunit;
using Region = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion;

namespace KvmSpec.Properties.Targets;

/// <summary>What the memslots of a sequence may cost the machine.</summary>
public sealed class MemslotMemoryTests
{
    private const double BytesAPage = 8;
    private const ulong MostPages = int.MaxValue;
    private static readonly Operation Set = Revisions.Linux73.Book(Architecture.X86)!.Operations.Single(o => o.Ioctl == Region.Ioctl);

    [Fact]
    public void The_bound_is_for_all_memslots_of_a_sequence_together()
    {
        MemslotMemory memory = new(BytesAPage, 10 * BytesAPage);
        Assert.True(memory.Allows(Memslot(6)));
        Assert.False(memory.Allows(Memslot(5)));
        Assert.True(memory.Allows(Memslot(4)));
        Assert.False(memory.Allows(Memslot(1)));
        memory.Begin();
        Assert.True(memory.Allows(Memslot(10)));
    }

    [Fact]
    public void Pages_that_are_logged_cost_two_bits_more()
    {
        MemslotMemory memory = new(0, 1);
        Assert.True(memory.Allows(Memslot(MostPages)));
        Assert.True(memory.Allows(Memslot(4, Model.Common.Memslots.LogDirtyPages)));
        Assert.False(memory.Allows(Memslot(1, Model.Common.Memslots.LogDirtyPages)));
    }

    [Fact]
    public void What_every_kernel_refuses_costs_nothing()
    {
        MemslotMemory memory = new(BytesAPage, BytesAPage);
        Assert.True(memory.Allows(Memslot(MostPages + 1)));
        Assert.True(memory.Allows(Memslot(1)));
        Assert.False(memory.Allows(Memslot(MostPages)));
    }

    private static Call Memslot(ulong pages, ulong flags = 0) =>
        new Call(Set, new Handle(DescriptorKind.Vm, 0)).With(Region.Size, pages * Vm.PageSize).With(Region.Flags, flags);
}
