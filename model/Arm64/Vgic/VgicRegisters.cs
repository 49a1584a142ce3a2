using System.Collections.Immutable;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Arm64.VgicAttributes;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// The groups that save and restore registers. What a register holds is left open but for GICD_IIDR; which vCPU is meant,
/// what must have been done before, and what no register is, is not.
/// </summary>
public static class VgicRegisters
{
    private const int WordSize = 4;
    private const int SystemRegisterSize = 8;

    /// <summary>An Arm implementation whose product is "K", without the revision.</summary>
    private const uint IdentificationBase = 0x4b00_043b;

    private const uint RevisionBits = 0xf000;

    private const string Used = "a vGICv2 that nobody had initialised is initialised";

    /// <summary>Distributor and CPU interface of a vGICv2: the vCPU's id is in bits 32 to 39 of the attribute.</summary>
    public static ImmutableArray<VgicGroup> OfV2 =>
    [
        Memory(VgicGroups.Distributor, RegisterSpace.DistributorOfV2, NoVcpuOfId, initialized: [], lazily: true),
        Memory(VgicGroups.CpuInterface, RegisterSpace.CpuInterfaceOfV2, NoVcpuOfId, initialized: [], lazily: true) with
        {
            Numbers = [0, 0, 4, 0xd0, 0x1000, 2, 0xc, 0x2000, 1UL << 32, 7UL << 32],
        },
    ];

    /// <summary>The groups of a vGICv3: the vCPU's affinity is in the upper half of the attribute, but for the distributor.</summary>
    public static ImmutableArray<VgicGroup> OfV3 =>
    [
        Memory(VgicGroups.Distributor, RegisterSpace.DistributorOfV3, NoVcpuAtAll, [UninitializedButIdentification], lazily: false),
        Memory(VgicGroups.Redistributor, RegisterSpace.RedistributorOfV3, NoVcpuOfAffinity, [Uninitialized], lazily: false) with
        {
            Numbers = [0, 0, 4, 8, 0x14, 0x10080, 0x10100, 0x10c00, 2, 0x20, 0x20000, 1UL << 32, 1UL << 40, 0xff_0000_0000],
        },
        SystemRegisters,
        LineLevels,
    ];

    private static readonly Rule NoVcpuOfId = Refuse(EINVAL, "vgic.registers.vcpu-id",
        (in n, in c) => !n.Vm.Vcpus.Has((byte)(Number(c) >> 32)), stops: true);

    private static readonly Rule NoVcpuAtAll = Refuse(EINVAL, "vgic.registers.no-vcpu", (in n, in c) => !n.Vm.HasVcpus, stops: true);

    private static readonly Rule NoVcpuOfAffinity = Refuse(EINVAL, "vgic.registers.affinity", (in n, in c) => !Affinities.Any(n, Number(c) >> 32), stops: true);

    private static readonly Rule Uninitialized = Refuse(EBUSY, "vgic.registers.not-initialized", (in n, in c) => !Of(n).Vgic!.Initialized, stops: true);

    /// <summary>GICD_IIDR and GICD_TYPER2 say what the controller is to be, before it is made so.</summary>
    private static readonly Rule UninitializedButIdentification = Refuse(EBUSY, "vgic.registers.not-initialized",
        (in n, in c) => !Of(n).Vgic!.Initialized && Offset(c) is not (RegisterSpace.Identification or RegisterSpace.Type2), stops: true);

    private static VgicGroup Memory(Symbol group, ImmutableArray<RegisterRange> registers, Rule vcpu, ImmutableArray<Rule> initialized, bool lazily)
    {
        bool distributor = group == VgicGroups.Distributor;
        ImmutableArray<Rule> identification = !distributor ? [] :
        [
            Lazily(EINVAL, "vgic.registers.identification", IdentifiesOtherwise, lazily),
            .. lazily ? ImmutableArray<Rule>.Empty :
            [
                Refuse(EBUSY, "vgic.registers.type2-late", (in n, in c) => Offset(c) == RegisterSpace.Type2 && (uint)Content(c) != 0 && Of(n).Vgic!.Initialized),
                Refuse(EINVAL, "vgic.registers.type2", (in n, in c) => Offset(c) == RegisterSpace.Type2 && (uint)Content(c) != 0),
            ],
            Accept("vgic.registers.identify", Identified, (in n, in c) => Offset(c) == RegisterSpace.Identification),
        ];
        ImmutableArray<Rule> identity = !distributor ? [] :
        [
            Answer("vgic.registers.identity", [new(Attribute.Get.Content, (in n, in c) => LowWord(c, Identification(n)))], Touched,
                (in n, in c) => Offset(c) == RegisterSpace.Identification),
        ];
        return new(group)
        {
            Weight = 30,
            Numbers = [0, 0, 8, 8, 8, 0xc, 0xc, 0xc, 0x100, 0x104, 0x107, 0x400, 0x17c, 0x6000, 2, 0x40, 0x5000, 1UL << 32, 7UL << 32],
            Values = [0, 0, 0x4b00_343b, 0x4b00_243b, 0x4b00_143b, 0x4b00_343a, 0x100, uint.MaxValue],
            Set = [vcpu, Unreadable(WordSize), .. initialized, .. identification, Accept("vgic.registers.set", Touched)],
            Get =
            [
                vcpu,
                .. initialized,
                Lazily(EFAULT, "vgic.registers.unwritable", (in n, in c) => Behind(c).FaultsWriting(WordSize), lazily),
                .. identity,
                Answer("vgic.registers.get-nothing", [new(Attribute.Get.Content, (in n, in c) => LowWord(c, 0))], Touched,
                    (in n, in c) => !RegisterSpace.Has(registers, Offset(c), Vgic.Interrupts(Vgic.AfterInit(Of(n).Vgic!, 0)))),
                Answer("vgic.registers.get", [new(Attribute.Get.Content, null)], Touched),
            ],
            Has =
            [
                vcpu,
                Refuse(ENXIO, "vgic.registers.unknown", (in n, in c) => !RegisterSpace.Has(registers, Offset(c), Vgic.Interrupts(Of(n).Vgic!))),
                Accept("vgic.attribute.has"),
            ],
        };
    }

    private static VgicGroup SystemRegisters => new(VgicGroups.SystemRegisters)
    {
        Weight = 32,
        Numbers = [0xc230, 0xc230, 0xc643, 0xc665, 0xc665, 0xc666, 0xc231, 0xc231, 0xc664, 0xc645, 0xe658, 0, 0x1_c230, (1UL << 32) | 0xc230, (1UL << 40) | 0xc230],
        Values = [0, 1, 7, 0xf8],
        Set =
        [
            NoVcpuOfAffinity,
            Uninitialized,
            Unreadable(SystemRegisterSize, "vgic.system-registers.unreadable"),
            Refuse(ENOENT, "vgic.system-registers.unknown", UnknownSystemRegister),
            Refuse(EINVAL, "vgic.system-registers.sre", (in n, in c) => (Number(c) & 0xffff) == 0xc665 && (Content(c) & 1) == 0),
            LeaveOpen("vgic.system-registers.host-decides", (in n, in c) => HostDecides(c) || (Number(c) & 0xffff) == 0xc664),
            Accept("vgic.system-registers.set"),
        ],
        Get =
        [
            NoVcpuOfAffinity,
            Uninitialized,
            Refuse(ENOENT, "vgic.system-registers.unknown", UnknownSystemRegister),
            LeaveOpen("vgic.system-registers.host-decides", (in n, in c) => HostDecides(c)),
            Unwritable(SystemRegisterSize),
            Answer("vgic.system-registers.get", [new(Attribute.Get.Content, null)]),
        ],
        Has =
        [
            NoVcpuOfAffinity,
            Refuse(ENXIO, "vgic.system-registers.has-unknown", UnknownSystemRegister),
            Accept("vgic.attribute.has"),
        ],
    };

    private static VgicGroup LineLevels => new(VgicGroups.LineLevels)
    {
        Weight = 36,
        Numbers = [0, 0, 32, 32, 64, 1, 31, 33, 1 << 10, 1 << 10, (1 << 10) | 1, 992, (1UL << 32) | 32, 1UL << 40],
        Values = [0, 1, uint.MaxValue],
        Set = [NoVcpuOfAffinity, Unreadable(WordSize), Uninitialized, .. LineRange, Accept("vgic.line-levels.set")],
        Get = [NoVcpuOfAffinity, Uninitialized, .. LineRange, Unwritable(WordSize), Answer("vgic.line-levels.get", [new(Attribute.Get.Content, null)])],
        Has = [Refuse(ENXIO, "vgic.line-levels.has-information", (in n, in c) => Information(c) != 0), Accept("vgic.attribute.has")],
    };

    private static ImmutableArray<Rule> LineRange =>
    [
        Refuse(EINVAL, "vgic.line-levels.information", (in n, in c) => Information(c) != 0),
        Refuse(EINVAL, "vgic.line-levels.multiple", (in n, in c) => (Number(c) & 0x3ff) % 32 != 0),
    ];

    private static ulong Information(in Call c) => (Number(c) >> 10) & 0x3f_ffff;

    private static ulong Offset(in Call c) => (uint)Number(c);

    private static bool HostDecides(in Call c) => RegisterSpace.IsFurtherPriority(Number(c)) || RegisterSpace.IsHypervisorRegister(Number(c));

    private static bool UnknownSystemRegister(in Node n, in Call c) => !RegisterSpace.IsCpuRegister(Number(c)) && !RegisterSpace.IsFurtherPriority(Number(c))
        && !(RegisterSpace.IsHypervisorRegister(Number(c)) && Of(n).Has(VcpuFeatures.HasEl2));

    private static uint Identification(in Node n) => IdentificationBase | ((uint)Of(n).Vgic!.Implementation << 12);

    private static bool IsIdentification(in Call c) => ((uint)Content(c) & ~RevisionBits) == IdentificationBase && (((uint)Content(c) >> 12) & 0xf) is 2 or 3;

    /// <summary>Until 6.18: what is not a word of GICD_IIDR whatever its revision.</summary>
    public static bool IdentifiesOtherProduct(in Node n, in Call c) =>
        Offset(c) == RegisterSpace.Identification && ((uint)Content(c) & ~RevisionBits) != IdentificationBase;

    /// <summary>What is not a word of GICD_IIDR with a revision that userspace may choose.</summary>
    public static bool IdentifiesOtherwise(in Node n, in Call c) => Offset(c) == RegisterSpace.Identification && !IsIdentification(c);

    /// <summary>Until 6.18: what is no register of a vGICv2's CPU interface.</summary>
    public static bool UnknownToCpuInterfaceWithoutDeactivation(in Node n, in Call c) =>
        !RegisterSpace.Has(RegisterSpace.CpuInterfaceWithoutDeactivation, Offset(c), Vgic.Interrupts(Of(n).Vgic!));

    /// <summary>The world with another revision in GICD_IIDR.</summary>
    public static World Identified(in Node n, in Call c) =>
        Changed(n, Vgic.AfterUse(Of(n).Vgic!) with { Implementation = (byte)(((uint)Content(c) >> 12) & 0xf) });

    private static World Touched(in Node n, in Call c) => Vgic.UsedLazily(n);

    /// <summary>A refusal that comes after a vGICv2 was initialised; on other controllers one that leaves nothing.</summary>
    private static Rule Lazily(Errno errno, string id, When when, bool lazily) =>
        lazily ? RefuseLeaving(errno, id, Used, Touched, when) : Refuse(errno, id, when);
}
