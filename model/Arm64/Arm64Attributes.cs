using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// Attributes that arm64 has on descriptors that are no devices: of a VM the filter of firmware calls, of a vCPU its PMU,
/// its timers' interrupts and its stolen time. What only an interrupt controller makes possible is left open.
/// </summary>
public static class Arm64Attributes
{
    /// <summary>How many attributes the PMU's group has.</summary>
    public static readonly Limit PmuAttributes = new("pmu-attributes", "attributes of a vCPU's PMU from here on are unknown");

    private const ulong PmuGroup = 0;
    private const ulong TimerGroup = 1;
    private const ulong StolenTimeGroup = 2;
    private const ulong PmuInterrupt = 0;
    private const ulong PmuInit = 1;
    private const ulong FilterGroup = 0;
    private const int FilterSize = 24;
    private const int InterruptSize = 4;
    private const int AddressSize = 8;
    private const ulong StolenTimeAlignment = 64;
    private const ulong NoAddress = ulong.MaxValue;

    /// <summary>The timers' interrupts by attribute: virtual, physical, hypervisor virtual, hypervisor physical.</summary>
    private static readonly ImmutableArray<ulong> Timers = [27, 30, 28, 26];

    public static IEnumerable<Operation> Operations =>
    [
        OnVm(DeviceAttribute.Set,
        [
            Refuse(EFAULT, "arm64.vm-attribute.unreadable", (in n, in c) => Pointer.Of(c[DeviceAttribute.Set.Address]).FaultsReading(FilterSize), stops: true),
            Refuse(EINVAL, "arm64.smccc-filter.range", (in n, in c) => EndOf(c) < (uint)c[DeviceAttribute.Set.Content] || c[DeviceAttribute.Set.Content] >> 32 == 0),
            Refuse(EBUSY, "arm64.smccc-filter.after-run", (in n, in c) => Of(n).HasRun),
            LeaveOpen("arm64.smccc-filter.set"),
        ]),
        OnVm(DeviceAttribute.Has, [Accept("arm64.vm-attribute.has")]),
        OnVcpu(DeviceAttribute.Set, [.. SetPmu, .. SetTimer, .. SetStolenTime]),
        OnVcpu(DeviceAttribute.Get, [.. GetPmu, .. GetTimer, .. GetStolenTime]),
        OnVcpu(DeviceAttribute.Has,
        [
            Refuse(ENXIO, "arm64.pmu.unknown", (in n, in c) => InPmu(c, DeviceAttribute.Has) && c[DeviceAttribute.Has.Attribute] >= n[PmuAttributes]),
            Refuse(ENXIO, "arm64.pmu.not-there", (in n, in c) => InPmu(c, DeviceAttribute.Has) && !Of(n).Has(VcpuFeatures.PmuV3)),
            UnknownTimer(DeviceAttribute.Has),
            UnknownStolenTime(DeviceAttribute.Has),
            Accept("arm64.vcpu-attribute.has"),
        ]),
    ];

    private static ImmutableArray<Rule> SetPmu =>
    [
        Refuse(ENODEV, "arm64.pmu.no-feature", (in n, in c) => InPmu(c, DeviceAttribute.Set) && !Of(n).Has(VcpuFeatures.PmuV3), stops: true),
        Refuse(EBUSY, "arm64.pmu.created", (in n, in c) => InPmu(c, DeviceAttribute.Set) && VcpuOf(n).Pmu, stops: true),
        Refuse(ENXIO, "arm64.pmu.unknown", (in n, in c) => InPmu(c, DeviceAttribute.Set) && c[DeviceAttribute.Set.Attribute] >= n[PmuAttributes]),
        Refuse(ENXIO, "arm64.pmu-init.not-chosen", (in n, in c) => IsPmuInit(c) && Of(n).Has(VcpuFeatures.PmuV3Strict)),
        Refuse(ENODEV, "arm64.pmu-init.controller-not-initialized", (in n, in c) => IsPmuInit(c) && Of(n).Vgic is { Initialized: false }),
        LeaveOpen("arm64.pmu-init.with-controller", (in n, in c) => IsPmuInit(c) && Of(n).Vgic is not null && !HasV5(n)),
        Accept("arm64.pmu-init.done", (in n, in c) => Change(n, VcpuOf(n) with { Pmu = true, PmuInterrupt = HasV5(n) }), (in n, in c) => IsPmuInit(c)),
        Refuse(EINVAL, "arm64.pmu-interrupt.no-controller", (in n, in c) =>
            InPmu(c, DeviceAttribute.Set) && c[DeviceAttribute.Set.Attribute] == PmuInterrupt && Of(n).Vgic is null),
        Refuse(EFAULT, "arm64.pmu.unreadable", (in n, in c) =>
            InPmu(c, DeviceAttribute.Set) && Pointer.Of(c[DeviceAttribute.Set.Address]).FaultsReading(InterruptSize), stops: true),
        Refuse(EINVAL, "arm64.pmu-interrupt.v5-number", (in n, in c) => ChoosesPmuInterrupt(n, c) && (uint)VgicAttributes.Content(c) != TimerInterrupts.Pmu),
        Refuse(EBUSY, "arm64.pmu-interrupt.v5-once", (in n, in c) => ChoosesPmuInterrupt(n, c) && VcpuOf(n).PmuInterrupt),
        Accept("arm64.pmu-interrupt.v5-set", (in n, in c) => Change(n, VcpuOf(n) with { PmuInterrupt = true }), (in n, in c) => ChoosesPmuInterrupt(n, c)),
        LeaveOpen("arm64.pmu.set", (in n, in c) => InPmu(c, DeviceAttribute.Set)),
    ];

    private static ImmutableArray<Rule> GetPmu =>
    [
        Refuse(ENXIO, "arm64.pmu.write-only", (in n, in c) => InPmu(c, DeviceAttribute.Get) && c[DeviceAttribute.Get.Attribute] != PmuInterrupt),
        Refuse(EINVAL, "arm64.pmu-interrupt.no-controller", (in n, in c) => InPmu(c, DeviceAttribute.Get) && Of(n).Vgic is null),
        Refuse(ENODEV, "arm64.pmu-interrupt.no-feature", (in n, in c) => InPmu(c, DeviceAttribute.Get) && !Of(n).Has(VcpuFeatures.PmuV3), stops: true),
        Refuse(ENXIO, "arm64.pmu-interrupt.not-set", (in n, in c) => InPmu(c, DeviceAttribute.Get) && !VcpuOf(n).PmuInterrupt),
        Refuse(EFAULT, "arm64.pmu-interrupt.unwritable", (in n, in c) =>
            InPmu(c, DeviceAttribute.Get) && Pointer.Of(c[DeviceAttribute.Get.Address]).FaultsWriting(InterruptSize)),
        Answer("arm64.pmu-interrupt.v5-get", [new(DeviceAttribute.Get.Content, (in n, in c) => VgicAttributes.LowWord(c, TimerInterrupts.Pmu))],
            when: (in n, in c) => InPmu(c, DeviceAttribute.Get)),
    ];

    private static ImmutableArray<Rule> SetTimer =>
    [
        Refuse(EINVAL, "arm64.timer.no-controller", (in n, in c) => c[DeviceAttribute.Set.Group] == TimerGroup && Of(n).Vgic is null),
        Refuse(EFAULT, "arm64.timer.unreadable", (in n, in c) =>
            c[DeviceAttribute.Set.Group] == TimerGroup && Pointer.Of(c[DeviceAttribute.Set.Address]).FaultsReading(InterruptSize), stops: true),
        Refuse(EINVAL, "arm64.timer.v5-ppi", (in n, in c) => SetsTimerOfV5(n, c) && !TimerInterrupts.IsPpi(VgicAttributes.Content(c), n[Vgic.Ppis])),
        Refuse(EBUSY, "arm64.timer.v5-after-run", (in n, in c) => SetsTimerOfV5(n, c) && Of(n).Vgic!.TimersFixed),
        Refuse(ENXIO, "arm64.timer.v5-unknown", (in n, in c) => SetsTimerOfV5(n, c) && c[DeviceAttribute.Set.Attribute] >= (ulong)Timers.Length),
        Accept("arm64.timer.v5-set",
            (in n, in c) => VgicAttributes.Changed(n, Of(n).Vgic! with
            {
                Timers = Of(n).Vgic!.Timers.With(c[DeviceAttribute.Set.Attribute], (uint)VgicAttributes.Content(c)),
            }), SetsTimerOfV5),
        LeaveOpen("arm64.timer.set", (in n, in c) => c[DeviceAttribute.Set.Group] == TimerGroup),
    ];

    private static ImmutableArray<Rule> GetTimer =>
    [
        UnknownTimer(DeviceAttribute.Get),
        Refuse(EFAULT, "arm64.timer.unwritable", (in n, in c) =>
            c[DeviceAttribute.Get.Group] == TimerGroup && Pointer.Of(c[DeviceAttribute.Get.Address]).FaultsWriting(InterruptSize)),
        LeaveOpen("arm64.timer.get-with-controller", (in n, in c) => c[DeviceAttribute.Get.Group] == TimerGroup && Of(n).Vgic is not null && !HasV5(n)),
        Answer("arm64.timer.v5-get",
            [new(DeviceAttribute.Get.Content, (in n, in c) => VgicAttributes.LowWord(c, Of(n).Vgic!.Timers[c[DeviceAttribute.Get.Attribute]]))],
            when: (in n, in c) => c[DeviceAttribute.Get.Group] == TimerGroup && HasV5(n)),
        Answer("arm64.timer.get",
            [new(DeviceAttribute.Get.Content, (in n, in c) => VgicAttributes.LowWord(c, Timers[(int)c[DeviceAttribute.Get.Attribute]]))],
            when: (in n, in c) => c[DeviceAttribute.Get.Group] == TimerGroup),
    ];

    private static ImmutableArray<Rule> SetStolenTime =>
    [
        UnknownStolenTime(DeviceAttribute.Set),
        Refuse(EFAULT, "arm64.stolen-time.unreadable", (in n, in c) => Pointer.Of(c[DeviceAttribute.Set.Address]).FaultsReading(AddressSize), stops: true),
        Refuse(EINVAL, "arm64.stolen-time.unaligned", (in n, in c) => c[DeviceAttribute.Set.Content] % StolenTimeAlignment != 0),
        Refuse(EEXIST, "arm64.stolen-time.once", (in n, in c) => VcpuOf(n).StolenTime is not null),
        Refuse(EINVAL, "arm64.stolen-time.no-memory", (in n, in c) => !HasMemory(n.Vm, c[DeviceAttribute.Set.Content])),
        Accept("arm64.stolen-time.set", (in n, in c) => Change(n, VcpuOf(n) with { StolenTime = c[DeviceAttribute.Set.Content] })),
    ];

    private static ImmutableArray<Rule> GetStolenTime =>
    [
        UnknownStolenTime(DeviceAttribute.Get),
        Refuse(EFAULT, "arm64.stolen-time.unwritable", (in n, in c) => Pointer.Of(c[DeviceAttribute.Get.Address]).FaultsWriting(AddressSize)),
        Answer("arm64.stolen-time.get", [new(DeviceAttribute.Get.Content, (in n, in c) => VcpuOf(n).StolenTime ?? NoAddress)]),
    ];

    private static Rule UnknownTimer(DeviceAttribute shape) => Refuse(ENXIO, "arm64.timer.unknown",
        (in n, in c) => c[shape.Group] == TimerGroup && c[shape.Attribute] >= (ulong)Timers.Length);

    private static Rule UnknownStolenTime(DeviceAttribute shape) => Refuse(ENXIO, "arm64.stolen-time.unknown",
        (in n, in c) => c[shape.Group] == StolenTimeGroup && (c[shape.Attribute] != 0 || n.Host.System(Capabilities.STEAL_TIME) <= 0));

    private static bool InPmu(in Call c, DeviceAttribute shape) => c[shape.Group] == PmuGroup;

    private static bool IsPmuInit(in Call c) => InPmu(c, DeviceAttribute.Set) && c[DeviceAttribute.Set.Attribute] == PmuInit;

    private static bool HasV5(in Node n) => Vgic.IsModel(Of(n).Vgic, VgicModel.V5);

    private static bool ChoosesPmuInterrupt(in Node n, in Call c) =>
        InPmu(c, DeviceAttribute.Set) && c[DeviceAttribute.Set.Attribute] == PmuInterrupt && HasV5(n);

    private static bool SetsTimerOfV5(in Node n, in Call c) => c[DeviceAttribute.Set.Group] == TimerGroup && HasV5(n);

    /// <summary>Until a stable update of 6.12 a range of no functions was refused for its end alone, which at 0 wraps to the greatest number.</summary>
    public static readonly ImmutableArray<Edit> NoFunctionsUnseen =
    [
        new Replace("arm64.smccc-filter.range", rule => rule with { When = (in n, in c) => EndOf(c) < (uint)c[DeviceAttribute.Set.Content] },
            "no functions at 0 are taken for a range before a stable update"),
        new InsertBefore("arm64.smccc-filter.after-run", LeaveOpen("arm64.smccc-filter.nothing", (in n, in c) => c[DeviceAttribute.Set.Content] == 0)),
    ];

    /// <summary>Until 7.2 every number of a PPI is taken, and a timer may have taken that of the PMU for good.</summary>
    public static readonly ImmutableArray<Edit> TakenUnseen =
    [
        new Replace("arm64.timer.v5-ppi", rule => rule with { When = (in n, in c) => SetsTimerOfV5(n, c) && !TimerInterrupts.IsPpi(VgicAttributes.Content(c), ulong.MaxValue) },
            "PPIs that a vGICv5 does not have are taken"),
        new Replace("vgic.run.timers-of-v5", rule => rule with { Then = Vgic.RanAndTaken, Leaves = "as in later releases, and the timer keeps the interrupt" },
            "the timer that is wrong owns its interrupt from then on"),
        new InsertBefore("arm64.pmu-init.done", RefuseLeaving(EEXIST, "arm64.pmu-init.interrupt-taken", "the PMU has its interrupt's number, and is not initialised",
            (in n, in c) => Change(n, VcpuOf(n) with { PmuInterrupt = true }), (in n, in c) => IsPmuInit(c) && VcpuOf(n).PmuInterruptTaken)),
    ];

    /// <summary>The last function of the range that a filter names: base and number lie in one word.</summary>
    private static uint EndOf(in Call c) => (uint)c[DeviceAttribute.Set.Content] + (uint)(c[DeviceAttribute.Set.Content] >> 32) - 1;

    /// <summary>True where a slot that can be written lies at that address.</summary>
    private static bool HasMemory(Vm vm, ulong address)
    {
        foreach (Memslot slot in vm.Memslots)
        {
            if (slot.Gpa <= address && address - slot.Gpa < slot.Size && (slot.Flags & Memslots.ReadOnly) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static Operation OnVm(DeviceAttribute shape, ImmutableArray<Rule> rules) => new()
    {
        Ioctl = shape.Ioctl,
        On = DescriptorKind.Vm,
        Weight = 16,
        Rules =
        [
            .. Gates.VirtualStruct,
            Refuse(ENXIO, "arm64.vm-attribute.unknown", (in n, in c) => c[shape.Group] != FilterGroup || c[shape.Attribute] != 0),
            .. rules,
        ],
        Alphabet = Alphabets.Of(
            (shape.Flags, Alphabets.NoFlags), (shape.Group, [0, 0, 0, 1]), (shape.Attribute, [0, 0, 0, 1]), (shape.Address, Alphabets.Pointers),
            (shape.Content, [0, 0xc500_0000, 0x0000_0002_ffff_ffff, 0x1_0000_0000])),
    };

    private static Operation OnVcpu(DeviceAttribute shape, ImmutableArray<Rule> rules) => new()
    {
        Ioctl = shape.Ioctl,
        On = DescriptorKind.Vcpu,
        Weight = 40,
        Rules = [.. Gates.VirtualStruct, Refuse(ENXIO, "arm64.vcpu-attribute.group", (in n, in c) => c[shape.Group] > StolenTimeGroup), .. rules],
        Alphabet = Alphabets.Of(
            (shape.Flags, Alphabets.NoFlags),
            (shape.Group, [0, 0, 0, 1, 1, 2, 2, 3]),
            (shape.Attribute, [0, 0, 0, 1, 1, 2, 3, 4, .. Sample.Around(PmuAttributes)]),
            (shape.Address, Alphabets.Pointers),
            (shape.Content,
            [
                0, 0, 0x1000, 0x2000, 0x10000, 32, 27, 20, 0x2000_0017, 0x2000_0017, 0x2000_001b, 0x2000_001b, 0x2000_001e, 0x2000_001e, 0x2000_0003,
                0x2000_003f, 0x2000_0040, 0x2100_001b, 0x6000_0020, 0x4000_0017, (1UL << 32) | 0x2000_001b,
            ])),
    };
}
