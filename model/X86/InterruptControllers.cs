using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;
using static KvmSpec.Model.X86.X86State;

namespace KvmSpec.Model.X86;

/// <summary>In-kernel interrupt controllers, wholly or split, the timer that needs them, and the APICs' settings.</summary>
public static class InterruptControllers
{
    /// <summary>KVM_MAX_IRQ_ROUTES: pins that userspace's IOAPIC may reserve.</summary>
    public static readonly Limit ReservedPins = new("reserved-pins", "a split irqchip reserves at most this many routes (KVM_MAX_IRQ_ROUTES)");

    /// <summary>The largest bus cycle whose product with the timer's largest count fits in 64 bits.</summary>
    public static readonly Limit BusCycleLargest = new("bus-cycle-largest", "nanoseconds of an APIC bus cycle, at most");

    private const ulong Use32BitIds = 1;
    private const ulong EnableSuppressEoi = 4;
    private const ulong DisableSuppressEoi = 8;

    private static ImmutableArray<Rule> Prefix => X86EnableCaps.Prefix;

    public static IEnumerable<Operation> Operations =>
    [
        EnableCaps.Case(Capabilities.SPLIT_IRQCHIP, 8,
            [
                .. Prefix,
                Refuse(EINVAL, "split-irqchip.pins", (in n, in c) => c[Argument0] > n[ReservedPins]),
                Refuse(EEXIST, "split-irqchip.exists", (in n, in c) => Of(n).Irqchip != Irqchip.None),
                Refuse(EEXIST, "split-irqchip.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("split-irqchip.create", (in n, in c) => Change(n, Of(n) with { Irqchip = Irqchip.Split })),
            ],
            [0, 24, 24, .. Sample.Around(ReservedPins), 5000, ulong.MaxValue]),
        new()
        {
            Ioctl = Ioctls.CreateIrqchip.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 10,
            Rules =
            [
                .. Gates.Virtual,
                PicAbsent,
                Refuse(EEXIST, "create-irqchip.exists", (in n, in c) => Of(n).Irqchip != Irqchip.None),
                Refuse(EINVAL, "create-irqchip.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("create-irqchip.create", (in n, in c) => Change(n, Of(n) with { Irqchip = Irqchip.Kernel })),
            ],
            Alphabet = Alphabets.Of((Ioctls.CreateIrqchip.Argument, [0, 0, 1])),
        },
        new()
        {
            Ioctl = X86Ioctls.CreatePit2.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 5,
            Rules = [.. Gates.Virtual, PicAbsent, Gates.CopyIn, .. Pit],
            Alphabet = Alphabets.Of((X86Ioctls.CreatePit2.Flags, [0, 0, 1, 2, 1UL << 31])),
        },
        new()
        {
            Ioctl = X86Ioctls.CreatePit.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 2,
            Rules = [.. Gates.Virtual, PicAbsent, .. Pit],
            Alphabet = Alphabets.Of((X86Ioctls.CreatePit.Argument, [0, 1])),
        },
        EnableCaps.Case(Capabilities.X2APIC_API, 5,
            [
                .. Prefix,
                Refuse(EINVAL, "x2apic.bits", (in n, in c) => (c[Argument0] & ~(ulong)n.Host.System(Capabilities.X2APIC_API)) != 0),
                Refuse(EINVAL, "x2apic.both-ways", (in n, in c) => (c[Argument0] & (EnableSuppressEoi | DisableSuppressEoi)) == (EnableSuppressEoi | DisableSuppressEoi)),
                Refuse(EINVAL, "x2apic.suppress-needs-split", (in n, in c) => (c[Argument0] & EnableSuppressEoi) != 0 && Of(n).Irqchip != Irqchip.Split),
                Accept("x2apic.set"),
            ],
            [0, Use32BitIds, 2, 3, EnableSuppressEoi, EnableSuppressEoi, DisableSuppressEoi, EnableSuppressEoi | DisableSuppressEoi, 16, 1UL << 63]),
        EnableCaps.Case(Capabilities.X86_APIC_BUS_CYCLES_NS, 5,
            [
                .. Prefix,
                Refuse(EINVAL, "bus-cycle.zero", (in n, in c) => c[Argument0] == 0),
                Refuse(EINVAL, "bus-cycle.overflow", (in n, in c) => c[Argument0] > n[BusCycleLargest]),
                Refuse(ENXIO, "bus-cycle.no-irqchip", (in n, in c) => Of(n).Irqchip == Irqchip.None),
                Refuse(EINVAL, "bus-cycle.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("bus-cycle.set", (in n, in c) => Change(n, Of(n) with { BusCycle = c[Argument0] })),
            ],
            [0, 1, 10, 1000, .. Sample.Around(BusCycleLargest), ulong.MaxValue]),
    ];

    /// <summary>CONFIG_KVM_IOAPIC is off: the ioctls are unknown.</summary>
    private static readonly Rule PicAbsent =
        Refuse(ENOTTY, "create-irqchip.absent", (in n, in c) => n.Host.System(Capabilities.PIT) == 0, stops: true);

    private static readonly ImmutableArray<Rule> Pit =
    [
        Refuse(EEXIST, "create-pit.exists", (in n, in c) => Of(n).Pit),
        Refuse(ENOENT, "create-pit.no-pic", (in n, in c) => Of(n).Irqchip != Irqchip.Kernel),
        Accept("create-pit.create", (in n, in c) => Change(n, Of(n) with { Pit = true })),
    ];
}
