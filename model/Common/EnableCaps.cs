using System.Collections.Immutable;
using System.Numerics;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Common.CommonLimits;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;

namespace KvmSpec.Model.Common;

/// <summary>
/// KVM_ENABLE_CAP on a VM: the generic cases come first and check flags themselves, if at all; all others meet the
/// architecture's prefix before their case is looked at.
/// </summary>
public static class EnableCaps
{
    /// <summary>Intel's page-modification logging needs room in every ring.</summary>
    public static readonly Fact PageModificationLog = new(
        "page-modification-log", "the CPU logs dirty pages in a buffer of 512 entries (Intel PML), which every dirty ring must have room for");

    private const ulong BytesPerEntry = 16;
    private const ulong PageModificationEntries = 512;
    private const ulong ReservedEntries = 64;

    private static readonly Rule DirtyRingUnsupported = Refuse(EINVAL, "dirty-ring.unsupported",
        (in n, in c) => n.Host.System(c[Capability] == Capabilities.DIRTY_LOG_RING.Value ? Capabilities.DIRTY_LOG_RING : Capabilities.DIRTY_LOG_RING_ACQ_REL) == 0,
        stops: true);

    /// <summary>What architectures check before they look at the capability.</summary>
    public static Rule NoFlags { get; } = Refuse(EINVAL, "enable-cap.flags", (in n, in c) => c[Flags] != 0);

    /// <summary>On CPUs of Intel's only.</summary>
    public static Rule SmallestWithModificationLog { get; } = Refuse(EINVAL, "dirty-ring.smallest-with-pml",
        (in n, in c) => (uint)c[Argument0] < (ReservedEntries + PageModificationEntries) * BytesPerEntry, given: PageModificationLog);

    private static ImmutableArray<Rule> DirtyRing(ArchitecturePart part) =>
    [
        .. Gates.VirtualStruct,
        DirtyRingUnsupported,
        Refuse(EINVAL, "dirty-ring.power-of-two", (in n, in c) => !BitOperations.IsPow2((uint)c[Argument0])),
        Refuse(EINVAL, "dirty-ring.smallest", (in n, in c) => (uint)c[Argument0] < n[DirtyRingSmallest]),
        .. part.DirtyRingSizes,
        Refuse(E2BIG, "dirty-ring.largest", (in n, in c) => (uint)c[Argument0] > n[DirtyRingLargest]),
        Refuse(EINVAL, "dirty-ring.once", (in n, in c) => n.Vm.DirtyRing != 0),
        Refuse(EINVAL, "dirty-ring.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
        Accept("dirty-ring.set", (in n, in c) => n.With(n.Vm with { DirtyRing = (uint)c[Argument0] })),
    ];

    private static readonly ImmutableArray<Sample> RingSizes =
        [4096, 4096, 16384, 65536, 65536, 0, 1, 3, 2048, 4097, 8192, 12288, .. Sample.Around(DirtyRingLargest), 1UL << 21, 1UL << 32, (1UL << 32) + 65536, 1UL << 31];

    public static IEnumerable<Operation> Of(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        yield return Case(Capabilities.MANUAL_DIRTY_LOG_PROTECT2, 6,
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "manual-dirty-log.flags", (in n, in c) => c[Flags] != 0),
                Refuse(EINVAL, "manual-dirty-log.bits", (in n, in c) => c[Argument0] > n[ManualDirtyLogBits]),
                Refuse(EINVAL, "manual-dirty-log.initially-set-alone", (in n, in c) => c[Argument0] == 2),
                Accept("manual-dirty-log.set", (in n, in c) => n.With(n.Vm with { ManualDirtyLog = (byte)c[Argument0] })),
            ],
            [0, 1, 1, 2, 3, 3, 3, 4, 5, 1UL << 63]);
        yield return Case(Capabilities.HALT_POLL, 2,
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "halt-poll.flags", (in n, in c) => c[Flags] != 0),
                Refuse(EINVAL, "halt-poll.limit", (in n, in c) => c[Argument0] > n[HaltPollNanoseconds]),
                Accept("halt-poll.set"),
            ],
            [0, 1, .. Sample.Around(HaltPollNanoseconds), ulong.MaxValue]);
        yield return Case(Capabilities.DIRTY_LOG_RING, 4, DirtyRing(part), RingSizes);
        yield return Case(Capabilities.DIRTY_LOG_RING_ACQ_REL, 4, DirtyRing(part), RingSizes);
        yield return Case(Capabilities.DIRTY_LOG_RING_WITH_BITMAP, part.RingWithBitmap ? 8 : 2,
            !part.RingWithBitmap ? [.. Gates.VirtualStruct, RefuseAll(EINVAL, "ring-bitmap.unsupported")] :
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "ring-bitmap.no-ring", (in n, in c) => n.Vm.DirtyRing == 0),
                Refuse(EINVAL, "ring-bitmap.flags", (in n, in c) => c[Flags] != 0),
                Refuse(EINVAL, "ring-bitmap.before-memslots", (in n, in c) => n.Vm.Memslots is not null),
                Accept("ring-bitmap.set", (in n, in c) => n.With(n.Vm with { RingWithBitmap = true })),
            ],
            [0]);
        yield return new()
        {
            Ioctl = Uapi.Ioctls.EnableCap.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 3,
            Rules = [.. Gates.VirtualStruct, .. part.EnableCapPrefix, RefuseAll(EINVAL, "enable-cap.unknown")],
            Alphabet = Alphabets.Of(
                (Capability, [.. Enumerable.Range(0, 256).Select(i => (Sample)i), uint.MaxValue]), (Flags, Alphabets.NoFlags), (Argument0, [0, 0, 1])),
        };
        yield return new()
        {
            Ioctl = Uapi.Ioctls.EnableCap.Ioctl,
            On = DescriptorKind.System,
            Weight = 1,
            Rules = [.. Gates.System, RefuseAll(EINVAL, "enable-cap.on-system")],
            Alphabet = Alphabets.Of((Capability, [Capabilities.HALT_POLL, Capabilities.MANUAL_DIRTY_LOG_PROTECT2, 0])),
        };
    }

    /// <summary>One capability on VMs.</summary>
    public static Operation Case(Symbol capability, int weight, ImmutableArray<Rule> rules, ImmutableArray<Sample> arguments, DescriptorKind on = DescriptorKind.Vm) => new()
    {
        Ioctl = Uapi.Ioctls.EnableCap.Ioctl,
        On = on,
        Case = capability,
        Weight = weight,
        Rules = rules,
        Alphabet = Alphabets.Of((Flags, Alphabets.NoFlags), (Argument0, arguments)),
    };
}
