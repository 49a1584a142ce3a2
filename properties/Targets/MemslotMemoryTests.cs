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

    [Theory]
    [InlineData(Architecture.X86, "", 32)]
    [InlineData(Architecture.X86, "kvm_pvm", 32)]
    [InlineData(Architecture.X86, "kvm/parameters/tdp_mmu", 32)]
    [InlineData(Architecture.X86, "kvm_amd/parameters/npt", 32)]
    [InlineData(Architecture.X86, "kvm/parameters/tdp_mmu kvm_amd/parameters/npt", null)]
    [InlineData(Architecture.X86, "kvm/parameters/tdp_mmu kvm_intel/parameters/ept", null)]
    [InlineData(Architecture.Arm64, "", null)]
    [InlineData(Architecture.Riscv64, "", null)]
    public void A_machine_tells_what_it_can_spare(Architecture architecture, string parameters, int? pages)
    {
        string? Read(string path) => path == "/proc/meminfo" ? "MemTotal:       9 kB\nMemAvailable:   1 kB\n"
            : parameters.Split(' ').Any(p => path == "/sys/module/" + p) ? "Y\n" : path.EndsWith("ept", StringComparison.Ordinal) ? "N\n" : null;

        MemslotMemory memory = MemslotMemory.Of(architecture, Read);
        Assert.Equal(pages is null, memory.Allows(Memslot(MostPages)));
        memory.Begin();
        Assert.True(memory.Allows(Memslot((ulong)(pages ?? 0))));
        Assert.Equal(pages is null, memory.Allows(Memslot(1)));
    }

    [Fact]
    public void A_machine_that_does_not_tell_is_a_line() =>
        Assert.Contains("/proc/meminfo tells no MemAvailable", Assert.Throws<TargetException>(() => MemslotMemory.Of(Architecture.X86, _ => null)).Message, StringComparison.Ordinal);

    [Fact]
    public void Calls_before_the_first_that_is_spared_are_made()
    {
        MemslotMemory memory = new(BytesAPage, 10 * BytesAPage);
        Assert.Equal(1, memory.Fitting([Memslot(6), Memslot(5), Memslot(4)]));
        Assert.Equal(2, memory.Fitting([Memslot(6), Memslot(4)]));
        Assert.Equal(3, MemslotMemory.Unbound.Fitting([Memslot(MostPages), Memslot(MostPages), Memslot(MostPages)]));
    }

    private static Call Memslot(ulong pages, ulong flags = 0) =>
        new Call(Set, new Handle(DescriptorKind.Vm, 0)).With(Region.Size, pages * Vm.PageSize).With(Region.Flags, flags);
}
