using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;

namespace KvmSpec.Model.Arm64;

/// <summary>A group of a device's attributes: what setting, getting and asking for one checks. Without a list there is none.</summary>
public sealed record VgicGroup(Symbol Group)
{
    public ImmutableArray<Rule> Set { get; init; } = [];

    public ImmutableArray<Rule> Get { get; init; } = [];

    public ImmutableArray<Rule> Has { get; init; } = [];

    /// <summary>Interesting attributes, and what to set them to.</summary>
    public ImmutableArray<Sample> Numbers { get; init; } = [0];

    public ImmutableArray<Sample> Values { get; init; } = [0];

    /// <summary>How the memory behind the attribute behaves.</summary>
    public ImmutableArray<Sample> Pointers { get; init; } = Alphabets.Pointers;

    public int Weight { get; init; } = 6;
}

/// <summary>
/// The attributes of the three kinds of interrupt controller: rows of groups. What a device does not have is refused with
/// ENXIO by the row that ends its table.
/// </summary>
public static class VgicAttributes
{
    public static readonly Limit LeastInterrupts = new("vgic-interrupts-least", "a vGICv2 or vGICv3 has at least this many interrupts");

    /// <summary>VGIC_MAX_RESERVED.</summary>
    public static readonly Limit MostInterrupts = new("vgic-interrupts-most", "a vGICv2 or vGICv3 has at most this many interrupts (VGIC_MAX_RESERVED)");

    private const ulong Init = 0;
    private const ulong SavePendingTables = 3;

    /// <summary>KVM_DEV_ARM_VGIC_USERSPACE_PPIS.</summary>
    public const ulong UserspacePpis = 5;

    private const int WordSize = 4;
    private const int ContentSize = 8;

    private static readonly Attribute Getting = Attribute.Get;

    public static IEnumerable<Operation> Operations =>
    [
        .. GroupsOf(DeviceTypes.ArmVgicV2, [VgicAddresses.OfFrames(VgicModel.V2), .. VgicRegisters.OfV2, InterruptCount, Control(VgicModel.V2)]),
        .. GroupsOf(DeviceTypes.ArmVgicV3, [VgicAddresses.OfV3, .. VgicRegisters.OfV3, InterruptCount, Control(VgicModel.V3), Maintenance]),
        .. GroupsOf(DeviceTypes.ArmVgicV5, [ControlOfV5]),
    ];

    /// <summary>The operations of a device with these groups, and those for every other group.</summary>
    public static IEnumerable<Operation> GroupsOf(Symbol device, ImmutableArray<VgicGroup> groups)
    {
        foreach (VgicGroup group in groups)
        {
            foreach ((Attribute shape, ImmutableArray<Rule> rules, int share) in new[]
            {
                (Attribute.Set, group.Set, 1), (Attribute.Get, group.Get, 2), (Attribute.Has, group.Has, 3),
            })
            {
                if (!rules.IsEmpty)
                {
                    yield return Make(shape, device, group, [.. Gates.VirtualStruct, .. rules]) with { Weight = Math.Max(1, group.Weight / share) };
                }
            }
        }

        foreach (Attribute shape in new[] { Attribute.Set, Attribute.Get, Attribute.Has })
        {
            yield return Make(shape, device, null, [.. Gates.VirtualStruct, RefuseAll(ENXIO, "vgic.attribute.group")]) with { Weight = 2 };
        }
    }

    private static Operation Make(Attribute shape, Symbol device, VgicGroup? group, ImmutableArray<Rule> rules) => new()
    {
        Ioctl = shape.Ioctl,
        On = DescriptorKind.Device,
        OfDevice = device,
        Case = group?.Group,
        Rules = rules,
        Alphabet = group is null
            ? Alphabets.Of((shape.Group, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, uint.MaxValue]), (shape.Number, [0, 1, 2]))
            : Alphabets.Of((shape.Flags, Alphabets.NoFlags), (shape.Number, group.Numbers), (shape.Address, group.Pointers), (shape.Content, group.Values)),
    };

    /// <summary>Faults of the memory behind the attribute's address.</summary>
    public static Rule Unreadable(int size, string id = "vgic.attribute.unreadable") =>
        Refuse(EFAULT, id, (in n, in c) => Behind(c).FaultsReading(size), stops: true);

    public static Rule Unwritable(int size, string id = "vgic.attribute.unwritable") =>
        Refuse(EFAULT, id, (in n, in c) => Behind(c).FaultsWriting(size));

    public static Pointer Behind(in Call c) => Pointer.Of(c[Attribute.Set.Address]);

    /// <summary>The attribute's number: it lies at the same place for all three ioctls.</summary>
    public static ulong Number(in Call c) => c[Attribute.Set.Number];

    /// <summary>What the kernel reads behind the address. A word that does not fit before the fault is not there: zeros are.</summary>
    public static ulong Content(in Call c) => Behind(c).FaultsReading(ContentSize) ? 0 : c[Attribute.Set.Content];

    /// <summary>What is behind the address once its first 32 bits were written, as far as the word fits.</summary>
    public static ulong LowWord(in Call c, ulong value) => Behind(c).FaultsReading(ContentSize)
        ? c[Attribute.Set.Content]
        : (c[Attribute.Set.Content] & 0xffffffff_00000000) | (uint)value;

    private static readonly VgicGroup InterruptCount = new(VgicGroups.InterruptCount)
    {
        Weight = 14,
        Values = [64, 64, 96, 256, 288, 992, 32, 33, 100, 0, .. Sample.Around(LeastInterrupts), .. Sample.Around(MostInterrupts), 1024, uint.MaxValue, (1UL << 32) + 64],
        Set =
        [
            Unreadable(WordSize),
            Refuse(EINVAL, "vgic.interrupts.least", (in n, in c) => (uint)Content(c) < n[LeastInterrupts]),
            Refuse(EINVAL, "vgic.interrupts.most", (in n, in c) => (uint)Content(c) > n[MostInterrupts]),
            Refuse(EINVAL, "vgic.interrupts.multiple", (in n, in c) => (uint)Content(c) % 32 != 0),
            Refuse(EBUSY, "vgic.interrupts.once", (in n, in c) => Vgic.Interrupts(Of(n).Vgic!) != 32),
            Accept("vgic.interrupts.set", (in n, in c) => Changed(n, Of(n).Vgic! with { SharedInterrupts = (ushort)(Content(c) - 32) })),
        ],
        Get =
        [
            Unwritable(WordSize),
            Answer("vgic.interrupts.get", [new(Getting.Content, (in n, in c) => LowWord(c, Vgic.Interrupts(Of(n).Vgic!)))]),
        ],
        Has = [Accept("vgic.attribute.has")],
    };

    private static readonly VgicGroup Maintenance = new(VgicGroups.Maintenance)
    {
        Weight = 10,
        Values = [25, 25, 27, 16, 31, 15, 32, 0, uint.MaxValue],
        Set =
        [
            Unreadable(WordSize),
            Refuse(EBUSY, "vgic.maintenance.initialized", (in n, in c) => Of(n).Vgic!.Initialized),
            Refuse(EINVAL, "vgic.maintenance.ppi", (in n, in c) => (uint)Content(c) is < 16 or > 31),
            Accept("vgic.maintenance.set", (in n, in c) => Change(n, Of(n) with { MaintenanceInterrupt = (byte)Content(c) })),
        ],
        Get =
        [
            Unwritable(WordSize),
            Answer("vgic.maintenance.get", [new(Getting.Content, (in n, in c) => LowWord(c, Of(n).MaintenanceInterrupt))]),
        ],
        Has = [Accept("vgic.attribute.has")],
    };

    private static readonly VgicGroup ControlOfV5 = new(VgicGroups.Control)
    {
        Weight = 60,
        Pointers = [Pointer.Fine, Pointer.Fine, Pointer.Fine, Pointer.Unmapped, Pointer.Unmapped, Pointer.FaultsAfter(8), Pointer.FaultsAfter(8), Pointer.ReadOnly],
        Numbers = [Init, Init, Init, UserspacePpis, UserspacePpis, UserspacePpis, 1, 3, 4, 6],
        Set =
        [
            Refuse(ENXIO, "vgic.v5.userspace-ppis.read-only", (in n, in c) => Number(c) == UserspacePpis),
            Refuse(ENXIO, "vgic.control.unknown", (in n, in c) => Number(c) != Init),
            Refuse(EINVAL, "vgic.v5.init.nested", (in n, in c) =>
                !Of(n).Vgic!.Initialized && n.Vm.HasVcpus && Of(n).Has(VcpuFeatures.HasEl2)),
            Accept("vgic.control.init", Initialized),
        ],
        Get =
        [
            Refuse(ENXIO, "vgic.control.unknown", (in n, in c) => Number(c) != UserspacePpis),
            Refuse(EFAULT, "vgic.v5.userspace-ppis.unwritable", (in n, in c) => Behind(c).FaultsWriting(8)),
            RefuseLeaving(EFAULT, "vgic.v5.userspace-ppis.half-written", "the first of the two words behind the address is written",
                (in n, in c) => n.World, (in n, in c) => Behind(c).FaultsWriting(16), [LowPpis]),
            Answer("vgic.v5.userspace-ppis.get", [LowPpis, new(Getting.SecondWord, (in n, in c) => 0)]),
        ],
        Has =
        [
            Refuse(ENXIO, "vgic.control.unknown", (in n, in c) => Number(c) is not (Init or UserspacePpis)),
            Accept("vgic.attribute.has"),
        ],
    };

    /// <summary>What the documentation of vGICv5 says of attributes that need the controller to be configured: ENXIO.</summary>
    public static readonly Rule UnconfiguredPpis =
        Refuse(ENXIO, "vgic.v5.userspace-ppis.not-initialized", (in n, in c) => !Of(n).Vgic!.Initialized);

    /// <summary>What the documentation of vGICv5 says of initialising it: ENODEV where there is no vCPU.</summary>
    public static readonly Rule NoVcpuToInitialize = Refuse(ENODEV, "vgic.v5.init.no-vcpu", (in n, in c) => !n.Vm.HasVcpus);

    private static Write LowPpis => new(Getting.Content, (in n, in c) => Of(n).Vgic!.UserspacePpis);

    /// <summary>Saving the pending tables, of which only a vGICv3 has any.</summary>
    private static ImmutableArray<Rule> Saving =>
    [
        Refuse(ENXIO, "vgic.control.save-uninitialized", (in n, in c) => Number(c) == SavePendingTables && !Of(n).Vgic!.Initialized),
        Accept("vgic.control.save", null, (in n, in c) => Number(c) == SavePendingTables),
    ];

    private static VgicGroup Control(VgicModel model) => new(VgicGroups.Control)
    {
        Weight = 20,
        Numbers = [Init, Init, Init, Init, SavePendingTables, SavePendingTables, 1, 2, 4, UserspacePpis],
        Set =
        [
            Refuse(ENXIO, "vgic.control.unknown", (in n, in c) => Number(c) != Init && (Number(c) != SavePendingTables || model != VgicModel.V3)),
            .. model == VgicModel.V3 ? Saving : [],
            Accept("vgic.control.init", Initialized),
        ],
        Get = [RefuseAll(ENXIO, "vgic.control.write-only")],
        Has =
        [
            Refuse(ENXIO, "vgic.control.unknown", (in n, in c) => Number(c) != Init && (Number(c) != SavePendingTables || model != VgicModel.V3)),
            Accept("vgic.attribute.has"),
        ],
    };

    /// <summary>The world with this VM's controller changed.</summary>
    public static World Changed(in Node n, VgicState vgic) => Change(n, Of(n) with { Vgic = vgic });

    private static World Initialized(in Node n, in Call c) => Changed(n, Vgic.AfterInit(Of(n).Vgic!, n[Vgic.UserspacePpis]));
}
