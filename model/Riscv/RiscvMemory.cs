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
    private const ulong ReadOnly = 2;

    /// <summary>Until 7.2 the comparison keeps the last page from every slot.</summary>
    public static readonly Limit PagesKept = new("gpa-pages-kept", "so many pages at the end of the guest-physical addresses no memslot reaches");

    public static readonly ImmutableArray<Rule> Prepare =
    [
        Refuse(EFAULT, "memslot.gpa-size", (in n, in c) => BeyondReach(n, c), stops: true),
        LeaveOpen("memslot.other-user-memory", (in n, in c) => !ReadOnlySlot(c) && !UserMemory.Known(UserAddress(c), Size(c))),
        Refuse(EPERM, "memslot.read-only-memory", (in n, in c) => !ReadOnlySlot(c) && UserMemory.TouchesReadOnly(UserAddress(c), Size(c))),
    ];

    /// <summary>Around the end of every mode, on hosts of all widths.</summary>
    public static ImmutableArray<Sample> Ends =>
        [.. GStageMode.All.SelectMany(m => new Sample[] { m.GpaEnd - 0x2000, m.GpaEnd - 0x1000, m.GpaEnd })];

    /// <summary>True where the slot ends beyond what the VM's mode reaches, in pages.</summary>
    public static bool BeyondReach(in Node n, in Call c) =>
        (c[SetUserMemoryRegion.Gpa] / Vm.PageSize) + (Size(c) / Vm.PageSize) > ((1UL << GpaBits(n)) / Vm.PageSize) - n[PagesKept];

    private static bool ReadOnlySlot(in Call c) => (c[SetUserMemoryRegion.Flags] & ReadOnly) != 0;

    private static ulong UserAddress(in Call c) => c[SetUserMemoryRegion.UserAddress];

    private static ulong Size(in Call c) => c[SetUserMemoryRegion.Size];
}
