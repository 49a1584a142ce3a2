using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.X86.X86State;
using Region = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion;

namespace KvmSpec.Model.X86;

/// <summary>
/// Memslots that KVM makes for itself: three pages for a task state segment, one for an identity map, one over the
/// APIC's registers. No ioctl tells whether a host needs them; they show as overlaps.
/// </summary>
public static class KernelMemory
{
    /// <summary>Intel CPUs that cannot run real mode without one (no unrestricted guest).</summary>
    public static readonly Fact TaskStateSlot = new(
        "task-state-slot", "KVM_SET_TSS_ADDR makes a memslot of its own (Intel without unrestricted guest)");

    public static readonly Fact IdentityMapSlot = new(
        "identity-map-slot", "the first vCPU brings an identity map's memslot with it (Intel with EPT, without unrestricted guest)");

    public static readonly Fact ApicSlot = new(
        "apic-slot", "the first vCPU with an in-kernel APIC brings a memslot over the APIC's registers with it (Intel FlexPriority, AMD AVIC)");

    /// <summary>The highest address at which a task state segment of three pages still ends below 4 GiB.</summary>
    public static readonly Limit TaskStateHighest = new("task-state-highest", "the task state segment begins here at the latest, in bytes");

    private const ulong ApicBase = 0xfee00000;
    private const ulong DefaultIdentityMap = 0xfffbc000;
    private const string FixedLimit = "the limit that KVM_CAP_MAX_VCPU_ID left open is fixed, as if the vCPU existed";
    private const ulong TaskStateSize = 3 * Vm.PageSize;

    /// <summary>What the first vCPU cannot have because a memslot is there already.</summary>
    public static readonly ImmutableArray<Rule> WithVcpu =
    [
        RefuseLeaving(EEXIST, "create-vcpu.identity-map-slot", FixedLimit, (in n, in c) => Fixed(n),
            (in n, in c) => !n.Vm.HasVcpus && Covered(n, IdentityMapOf(n), Vm.PageSize)) with { Given = IdentityMapSlot },
        RefuseLeaving(EEXIST, "create-vcpu.apic-slot", FixedLimit, (in n, in c) => Fixed(n),
            (in n, in c) => !n.Vm.HasVcpus && Of(n).Irqchip != Irqchip.None && Covered(n, ApicBase, Vm.PageSize)) with { Given = ApicSlot },
    ];

    /// <summary>What userspace cannot have because KVM's own memslot is there already.</summary>
    public static readonly ImmutableArray<Rule> Reserved =
    [
        Refuse(EEXIST, "memslot.overlap.apic", (in n, in c) =>
            n.Vm.HasVcpus && Of(n).Irqchip != Irqchip.None && Overlaps(n, c, ApicBase, Vm.PageSize), given: ApicSlot),
        Refuse(EEXIST, "memslot.overlap.task-state", (in n, in c) =>
            Of(n).TaskState != 0 && Overlaps(n, c, Of(n).TaskState - 1, TaskStateSize), given: TaskStateSlot),
        Refuse(EEXIST, "memslot.overlap.identity-map", (in n, in c) =>
            n.Vm.HasVcpus && Overlaps(n, c, IdentityMapOf(n), Vm.PageSize), given: IdentityMapSlot),
    ];

    /// <summary>kvm_arch_prepare_memory_region: the guest's physical addresses end where the host's do.</summary>
    public static readonly ImmutableArray<Rule> Prepare =
    [
        Refuse(EINVAL, "memslot.gpa-end", (in n, in c) => c[Region.Gpa] + c[Region.Size] > n[ArchitectureLimits.GpaEnd]),
    ];

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = X86Ioctls.SetTssAddress.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 4,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(EINVAL, "task-state.highest", (in n, in c) => c[X86Ioctls.SetTssAddress.Address] > n[TaskStateHighest]),
                Refuse(EINVAL, "task-state.unaligned", (in n, in c) => c[X86Ioctls.SetTssAddress.Address] % Vm.PageSize != 0, given: TaskStateSlot),
                Refuse(EEXIST, "task-state.once", (in n, in c) => Of(n).TaskState != 0, given: TaskStateSlot),
                Refuse(EEXIST, "task-state.overlap", (in n, in c) => Covered(n, c[X86Ioctls.SetTssAddress.Address], TaskStateSize), given: TaskStateSlot),
                Accept("task-state.set", (in n, in c) => Of(n).TaskState != 0 ? n.World
                    : Change(n, Of(n) with { TaskState = (c[X86Ioctls.SetTssAddress.Address] & ~(Vm.PageSize - 1)) + 1 })),
            ],
            Alphabet = Alphabets.Of((X86Ioctls.SetTssAddress.Address, [0, 0x1000, 0xd0000, 0xfffbd000, 1, .. Sample.Around(TaskStateHighest), 1UL << 32, ulong.MaxValue])),
        },
        new()
        {
            Ioctl = X86Ioctls.SetIdentityMapAddress.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 4,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(EINVAL, "identity-map.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Gates.CopyIn,
                Accept("identity-map.set", (in n, in c) => Change(n, Of(n) with { IdentityMap = c[X86Ioctls.SetIdentityMapAddress.Address] })),
            ],
            Alphabet = Alphabets.Of((X86Ioctls.SetIdentityMapAddress.Address, [0, 0x1000, 0xfffbc000, 0x10000])),
        },
    ];

    private static World Fixed(in Node n) => n.With(X86Vcpus.AfterCreate(n.Vm, (uint)n[CommonLimits.VcpuIds]));

    private static ulong IdentityMapOf(in Node n) => Of(n).IdentityMap is not 0 and ulong set ? set : DefaultIdentityMap;

    private static bool Overlaps(in Node n, in Call c, ulong gpa, ulong size) =>
        (!n.Vm.Memslots.TryFind((uint)c[Region.Slot], out Memslot old) || old.Gpa != c[Region.Gpa])
        && c[Region.Gpa] < gpa + size && gpa < c[Region.Gpa] + c[Region.Size];

    private static bool Covered(in Node n, ulong gpa, ulong size)
    {
        foreach (Memslot slot in n.Vm.Memslots)
        {
            if (slot.Overlaps(gpa, size))
            {
                return true;
            }
        }

        return false;
    }
}
