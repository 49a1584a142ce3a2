using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.VgicIoctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_IRQ_LINE: an interrupt line of a vCPU where the controller is in userspace, else a private or a shared interrupt of
/// the controller in the kernel. A line that stays as it is, or that a device in the kernel owns, is taken and ignored.
/// </summary>
public static class IrqLines
{
    private const ulong Cpu = 0;
    private const ulong Shared = 1;
    private const ulong Private = 2;
    private const uint FirstPrivate = 16;
    private const uint FirstShared = 32;

    private const string Used = "a vGICv2 that nobody had initialised is initialised";

    public static IEnumerable<Operation> Operations =>
    [
        Make(IrqLine.Plain, 40, [Accept("arm64.irq-line.set", Driven)]),
        Make(IrqLine.Status, 48,
        [
            RefuseLeaving(EFAULT, "arm64.irq-line.unwritable", "the line is set all the same", Driven, (in n, in c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size)),
            Accept("arm64.irq-line.set", Driven),
        ]),
    ];

    /// <summary>kvm_vm_ioctl_irq_line.</summary>
    private static ImmutableArray<Rule> Line =>
    [
        Refuse(EINVAL, "arm64.irq-line.type", (in n, in c) => Type(c) > Private),
        Refuse(ENXIO, "arm64.irq-line.cpu-with-vgic", (in n, in c) => Type(c) == Cpu && Of(n).Vgic is not null),
        Refuse(ENXIO, "arm64.irq-line.no-vgic", (in n, in c) => Type(c) is Private or Shared && Of(n).Vgic is null, stops: true),
        Refuse(EBUSY, "arm64.irq-line.not-initialized", (in n, in c) => Type(c) is Private or Shared && Vgic.IsUninitialized(n)),
        Leaving("arm64.irq-line.vcpu", (in n, in c) => Type(c) is Cpu or Private && !n.Vm.Vcpus.Has(VcpuId(c))),
        Refuse(EINVAL, "arm64.irq-line.cpu-number", (in n, in c) => Type(c) == Cpu && Number(c) > 1),
        Refuse(EINVAL, "arm64.irq-line.v5-ppi-number", (in n, in c) => Type(c) == Private && IsV5(n) && Number(c) >= n[Vgic.Ppis]),
        Refuse(EINVAL, "arm64.irq-line.v5-ppi-of-kernel", RefusedByMask),
        Refuse(EINVAL, "arm64.irq-line.v5-spi", (in n, in c) => Type(c) == Shared && IsV5(n)),
        Leaving("arm64.irq-line.private-number", (in n, in c) => Type(c) == Private && !IsV5(n) && Number(c) is < FirstPrivate or >= FirstShared),
        Leaving("arm64.irq-line.shared-least", (in n, in c) => Type(c) == Shared && !IsV5(n) && Number(c) < FirstShared),
        Leaving("arm64.irq-line.shared-most", (in n, in c) =>
            Type(c) == Shared && Of(n).Vgic is { } vgic && !IsV5(n) && Number(c) >= Vgic.Interrupts(Vgic.AfterInit(vgic, 0))),
    ];

    /// <summary>Until 7.1 a controller was initialised, or found not to be, only once the numbers were found right.</summary>
    public static readonly ImmutableArray<Edit> InitializedLast =
    [
        Late("arm64.irq-line.vcpu"),
        Late("arm64.irq-line.private-number"),
        Late("arm64.irq-line.shared-least"),
        new Move("arm64.irq-line.not-initialized", "arm64.irq-line.shared-most"),
        new Replace("arm64.irq-line.v5-spi", rule => rule with
        {
            When = (in n, in c) => Type(c) == Shared && IsV5(n) && Of(n).Vgic!.Initialized,
        }, "a vGICv5 that is not initialised is noticed first"),
    ];

    /// <summary>A PPI that userspace may not drive. The second word of the mask is always 0.</summary>
    public static bool RefusedByMask(in Node n, in Call c) =>
        Type(c) == Private && IsV5(n) && (Number(c) > 63 || ((Of(n).Vgic!.UserspacePpis >> (int)Number(c)) & 1) == 0);

    /// <summary>The same where the mask's word is cut to 32 bits before the PPI's bit is looked for.</summary>
    public static bool RefusedByShortMask(in Node n, in Call c) => RefusedByMask(n, c) || (Type(c) == Private && IsV5(n) && Number(c) % 64 >= 32);

    private static Operation Make(IrqLine shape, int weight, ImmutableArray<Rule> end) => new()
    {
        Ioctl = shape.Ioctl,
        On = DescriptorKind.Vm,
        Weight = weight,
        Rules = [.. Gates.VirtualStruct, .. Line, .. end],
        Alphabet = Alphabets.Of((shape.Irq, Irqs), (shape.Level, [0, 0, 1, 1, 2, uint.MaxValue])),
    };

    private static Rule Leaving(string id, When when) => RefuseLeaving(EINVAL, id, Used, Driven, when) with { Stops = false };

    private static Replace Late(string id) => new(id, rule => rule with { Then = null, Leaves = null }, "a vGICv2 that nobody had initialised stays so");

    private static World Driven(in Node n, in Call c) => Type(c) == Cpu ? n.World : Vgic.UsedLazily(n);

    private static bool IsV5(in Node n) => Vgic.IsModel(Of(n).Vgic, VgicModel.V5);

    /// <summary>The fields lie at the same place for both ioctls.</summary>
    private static ulong Type(in Call c) => (c[IrqLine.Plain.Irq] >> 24) & 0xf;

    private static ulong Number(in Call c) => c[IrqLine.Plain.Irq] & 0xffff;

    private static uint VcpuId(in Call c) => (uint)(((c[IrqLine.Plain.Irq] >> 16) & 0xff) + (((c[IrqLine.Plain.Irq] >> 28) & 0xf) * 256));

    private static ulong Coded(ulong type, ulong vcpu, ulong number) => ((vcpu >> 8) << 28) | (type << 24) | ((vcpu & 0xff) << 16) | number;

    /// <summary>Each twice, so that all are usual: it takes much to get to a line at all.</summary>
    private static ImmutableArray<Sample> Irqs => [.. Lines, .. Lines];

    private static readonly ImmutableArray<Sample> Lines =
    [
        Coded(Cpu, 0, 0), Coded(Cpu, 0, 0), Coded(Cpu, 0, 1), Coded(Cpu, 1, 1), Coded(Cpu, 0, 2), Coded(Cpu, 9, 0), Coded(Cpu, 256, 0),
        Coded(Private, 0, 0), Coded(Private, 0, 3), Coded(Private, 0, 3), Coded(Private, 0, 16), Coded(Private, 0, 16), Coded(Private, 1, 31), Coded(Private, 0, 27),
        Coded(Private, 0, 15), Coded(Private, 0, 32), Coded(Private, 0, 63), Coded(Private, 0, 64), Coded(Private, 0, 65), Coded(Private, 0, 23), Coded(Private, 9, 20), Coded(Private, 256, 3), Coded(Private, 0, 127), Coded(Private, 0, 128),
        Coded(Shared, 0, 32), Coded(Shared, 0, 32), Coded(Shared, 0, 63), Coded(Shared, 0, 63), Coded(Shared, 0, 31), Coded(Shared, 0, 0), Coded(Shared, 0, 64), Coded(Shared, 0, 255), Coded(Shared, 0, 256), Coded(Shared, 0, 991), Coded(Shared, 0, 992),
        Coded(Shared, 9, 32), Coded(Shared, 0, 8192), Coded(Shared, 0, 65535), Coded(3, 0, 0), Coded(15, 0, 32),
    ];
}
