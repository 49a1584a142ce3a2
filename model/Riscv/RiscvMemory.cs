using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Riscv.RiscvState;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Riscv;

/// <summary>kvm_arch_prepare_memory_region of RISC-V: the reach of the G-stage mode, then the user memory behind the slot.</summary>
public static class RiscvMemory
{
    /// <summary>Until 7.2 the comparison keeps the last page from every slot.</summary>
    public static readonly Limit PagesKept = new("gpa-pages-kept", "so many pages at the end of the guest-physical addresses no memslot reaches");

    public static readonly ImmutableArray<Rule> Prepare =
    [
        Refuse(EFAULT, "memslot.gpa-size", (in n, in c) => BeyondReach(n, c), stops: true),
        LeaveOpen("memslot.other-user-memory", (in n, in c) => LooksBehind(c) && !UserMemory.Known(n.Host.Architecture, UserAddress(n, c), Size(n, c))),
        Refuse(EPERM, "memslot.read-only-memory", (in n, in c) => !ReadOnlySlot(c) && UserMemory.TouchesReadOnly(n.Host.Architecture, UserAddress(n, c), Size(n, c))),
    ];

    /// <summary>Around the last page that a slot of one page can have, for every mode on hosts of all widths.</summary>
    public static ImmutableArray<Sample> Ends =>
        [.. GStageMode.All.SelectMany(m => new Sample[] { Last(m, -1), Last(m, 0), Last(m, 1), m.GpaEnd })];

    private static Sample Last(GStageMode mode, int pages) =>
        new(mode.GpaEnd - Vm.PageSize + (ulong)(pages * (long)Vm.PageSize), PagesKept, ulong.MaxValue - Vm.PageSize + 1);

    /// <summary>True where the slot ends beyond what the VM's mode reaches, in pages.</summary>
    public static bool BeyondReach(in Node n, in Call c) =>
        (c[SetUserMemoryRegion.Gpa] / Vm.PageSize) + (c[SetUserMemoryRegion.Size] / Vm.PageSize) > (End(n) / Vm.PageSize) - n[PagesKept];

    /// <summary>Where the mode's reach ends: the host's, until another mode is chosen.</summary>
    private static ulong End(in Node n) => Of(n).ChosenGpaBits is not 0 and var bits ? 1UL << bits : n[ArchitectureLimits.GpaEnd];

    /// <summary>True where what is mapped can refuse the slot: memory that cannot be written, or device memory whose dirty pages would be logged.</summary>
    private static bool LooksBehind(in Call c) => !ReadOnlySlot(c) || (c[SetUserMemoryRegion.Flags] & Memslots.LogDirtyPages) != 0;

    private static bool ReadOnlySlot(in Call c) => (c[SetUserMemoryRegion.Flags] & Memslots.ReadOnly) != 0;

    private static ulong UserAddress(in Node n, in Call c) => n.Host.Long(UserMemory.Spelled(n.Host.Architecture, c[SetUserMemoryRegion.UserAddress]));

    private static ulong Size(in Node n, in Call c) => n.Host.Long(c[SetUserMemoryRegion.Size]);
}
