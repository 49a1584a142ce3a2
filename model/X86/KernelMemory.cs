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
    /// <summary>Intel CPUs that cannot run real mode without slots of KVM's own.</summary>
    public static readonly Fact RealModeSlots = new(
        "real-mode-slots", "KVM makes memslots of its own for a task state segment and an identity map (Intel with EPT, without unrestricted guest)");

    public static readonly Fact ApicSlot = new(
        "apic-slot", "the first vCPU with an in-kernel APIC brings a memslot over the APIC's registers with it (Intel FlexPriority)");

    public static readonly Fact AvicSlot = new(
        "avic-slot", "the first vCPU with an in-kernel APIC and no PIT brings a memslot over the APIC's registers with it (AMD AVIC)");

    /// <summary>The highest address at which a task state segment of three pages still ends below 4 GiB.</summary>
    public static readonly Limit TaskStateHighest = new("task-state-highest", "the task state segment begins here at the latest, in bytes");

    private const ulong ApicBase = 0xfee00000;
    private const ulong DefaultIdentityMap = 0xfffbc000;
    private const string FixedLimitAndApic = FixedLimit + "; the memslot over the APIC's registers stays, where the host has one";
    private const string FixedLimitAndHalf = FixedLimit + "; where only the second address space was in the way, the first one's slot stays and is in the way from then on";
    private const string FixedLimit = "the limit that KVM_CAP_MAX_VCPU_ID left open is fixed, as if the vCPU existed";
    private const ulong LastAvicId = 254;
    private const ulong TaskStateSize = 3 * Vm.PageSize;

    /// <summary>What the first vCPU cannot have because of what is there already: the APIC's page is asked for first.</summary>
    public static readonly ImmutableArray<Rule> WithVcpu =
    [
        RefuseLeaving(EEXIST, "create-vcpu.apic-slot", FixedLimitAndHalf, (in n, in c) => FixedHalf(n),
            (in n, in c) => WantsApic(n) && TakenForApic(n)) with { Given = ApicSlot },
        RefuseLeaving(EEXIST, "create-vcpu.avic-slot", FixedLimitAndHalf, (in n, in c) => FixedHalf(n),
            (in n, in c) => WantsAvic(n) && TakenForApic(n)) with { Given = AvicSlot },
        RefuseLeaving(EINVAL, "create-vcpu.identity-map-unaligned", FixedLimitAndApic, (in n, in c) => FixedWithApic(n),
            (in n, in c) => WantsIdentityMap(n) && IdentityMapOf(n) % Vm.PageSize != 0) with { Given = RealModeSlots },
        RefuseLeaving(EEXIST, "create-vcpu.identity-map-slot", FixedLimitAndApic, (in n, in c) => FixedWithApic(n),
            (in n, in c) => WantsIdentityMap(n) && (Taken(n, IdentityMapOf(n), Vm.PageSize) || MeetsNewApic(n))) with { Given = RealModeSlots },
        RefuseLeaving(EINVAL, "create-vcpu.identity-map-end", FixedLimitAndApic, (in n, in c) => FixedWithApic(n),
            (in n, in c) => WantsIdentityMap(n) && IdentityMapOf(n) + Vm.PageSize > n[ArchitectureLimits.GpaEnd]) with { Given = RealModeSlots },
    ];

    /// <summary>Until 6.12 AVIC refuses the vCPUs that it cannot address.</summary>
    public static readonly Rule AvicIdLimit = RefuseLeaving(EINVAL, "create-vcpu.avic-id-limit", FixedLimit, (in n, in c) => Fixed(n),
        (in n, in c) => Of(n).Irqchip != Irqchip.None && c[Ioctls.CreateVcpu.Id] > LastAvicId) with
    { Given = AvicSlot };

    /// <summary>What userspace cannot have because KVM's own memslot is there already.</summary>
    public static readonly ImmutableArray<Rule> Reserved =
    [
        Refuse(EEXIST, "memslot.overlap.apic", (in n, in c) => (Of(n).ApicSlot || HalfMadeFor(n, c)) && Overlaps(n, c, ApicBase, Vm.PageSize), given: ApicSlot),
        Refuse(EEXIST, "memslot.overlap.avic", (in n, in c) => (Of(n).AvicSlot || HalfMadeFor(n, c)) && Overlaps(n, c, ApicBase, Vm.PageSize), given: AvicSlot),
        Refuse(EEXIST, "memslot.overlap.task-state", (in n, in c) =>
            Of(n).TaskState != 0 && Overlaps(n, c, Of(n).TaskState - 1, TaskStateSize), given: RealModeSlots),
        Refuse(EEXIST, "memslot.overlap.identity-map", (in n, in c) =>
            Of(n).IdentityMapSlot && Overlaps(n, c, IdentityMapOf(n), Vm.PageSize), given: RealModeSlots),
    ];

    /// <summary>What a new vCPU brings with it, on hosts that need it.</summary>
    public static X86State AfterVcpu(X86State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return WithApic(state) with { IdentityMapSlot = true };
    }

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
                Refuse(EEXIST, "task-state.once", (in n, in c) => Of(n).TaskState != 0, given: RealModeSlots),
                Refuse(EINVAL, "task-state.unaligned", (in n, in c) => c[X86Ioctls.SetTssAddress.Address] % Vm.PageSize != 0, given: RealModeSlots),
                Refuse(EEXIST, "task-state.overlap", (in n, in c) => Taken(n, c[X86Ioctls.SetTssAddress.Address], TaskStateSize), given: RealModeSlots),
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
            Alphabet = Alphabets.Of((X86Ioctls.SetIdentityMapAddress.Address, [0, 0x1000, 0xfffbc000, 0x10000, 0x1001, 0xfee00000, 1UL << 52])),
        },
    ];

    private static World Fixed(in Node n) => n.With(X86Vcpus.FixLimit(n.Vm, (uint)n[CommonLimits.VcpuIds]));

    private static World FixedHalf(in Node n)
    {
        Vm vm = X86Vcpus.FixLimit(n.Vm, (uint)n[CommonLimits.VcpuIds]);
        X86State state = (X86State)vm.Architecture!;
        return n.With(TakenIn(n, 0) ? vm : vm with { Architecture = state with { ApicSlotHalfMade = true } });
    }

    private static bool TakenForApic(in Node n) => Of(n).ApicSlotHalfMade || Taken(n, ApicBase, Vm.PageSize);

    private static bool HalfMadeFor(in Node n, in Call c) => Of(n).ApicSlotHalfMade && c[Region.Slot] >> 16 == 0;

    /// <summary>True where userspace has the APIC's page in that address space.</summary>
    private static bool TakenIn(in Node n, uint addressSpace)
    {
        foreach (Memslot slot in n.Vm.Memslots)
        {
            if (slot.AddressSpace == addressSpace && slot.Overlaps(ApicBase, Vm.PageSize))
            {
                return true;
            }
        }

        return false;
    }

    private static World FixedWithApic(in Node n)
    {
        Vm vm = X86Vcpus.FixLimit(n.Vm, (uint)n[CommonLimits.VcpuIds]);
        X86State state = (X86State)vm.Architecture!;
        return n.With(vm with { Architecture = WithApic(state) });
    }

    private static X86State WithApic(X86State state)
    {
        bool inKernel = state.Irqchip != Irqchip.None;
        return state with { ApicSlot = state.ApicSlot || inKernel, AvicSlot = state.AvicSlot || (inKernel && !state.Pit) };
    }

    private static bool WantsApic(in Node n) => !Of(n).ApicSlot && Of(n).Irqchip != Irqchip.None;

    private static bool WantsAvic(in Node n) => !Of(n).AvicSlot && Of(n).Irqchip != Irqchip.None && !Of(n).Pit;

    private static bool WantsIdentityMap(in Node n) => !Of(n).IdentityMapSlot;

    /// <summary>The slot over the APIC's registers is made just before the identity map's.</summary>
    private static bool MeetsNewApic(in Node n) =>
        Of(n).Irqchip != Irqchip.None && Meet(ApicBase, Vm.PageSize, IdentityMapOf(n), Vm.PageSize);

    private static ulong IdentityMapOf(in Node n) => Of(n).IdentityMap is not 0 and ulong set ? set : DefaultIdentityMap;

    private static bool Overlaps(in Node n, in Call c, ulong gpa, ulong size) =>
        (!n.Vm.Memslots.TryFind((uint)c[Region.Slot], out Memslot old) || old.Gpa != c[Region.Gpa])
        && Meet(c[Region.Gpa], c[Region.Size], gpa, size);

    /// <summary>True where a memslot, userspace's or KVM's own, has one of the pages.</summary>
    private static bool Taken(in Node n, ulong gpa, ulong size)
    {
        foreach (Memslot slot in n.Vm.Memslots)
        {
            if (slot.Overlaps(gpa, size))
            {
                return true;
            }
        }

        X86State state = Of(n);
        return (state.TaskState != 0 && Meet(state.TaskState - 1, TaskStateSize, gpa, size))
            || (state.IdentityMapSlot && Meet(IdentityMapOf(n), Vm.PageSize, gpa, size))
            || (state.ApicSlot && Meet(ApicBase, Vm.PageSize, gpa, size));
    }

    private static bool Meet(ulong one, ulong oneSize, ulong other, ulong otherSize) => one < other + otherSize && other < one + oneSize;
}
