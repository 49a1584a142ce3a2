using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Arm64.VgicAttributes;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_DEV_TYPE_ARM_VGIC_ITS: any number of interrupt translation services, in any VM, whether or not it has a controller
/// that could use them.
/// </summary>
public static class TranslationServices
{
    private const ulong Init = 0;
    private const ulong SaveTables = 1;
    private const ulong RestoreTables = 2;
    private const ulong Reset = 4;
    private const int RegisterSize = 8;

    private const ulong Identification = 4;
    private const ulong CommandRead = 0x90;
    private const ulong FirstTable = 0x100;
    private const ulong AfterTables = 0x140;

    private static readonly VgicAddress Place = new(4, 0x10000, 0x20000, _ => VgicState.NoAddress, (v, _) => v);

    public static IEnumerable<Operation> Operations => GroupsOf(DeviceTypes.ArmVgicIts, [Addresses, Control, Registers]);

    /// <summary>The world with one more service.</summary>
    public static World Made(in Node n, in Call c)
    {
        uint instance = (uint)Of(n).Services.Count();
        Device device = new((ushort)DeviceTypes.ArmVgicIts.Value, (ushort)instance);
        Vm vm = n.Vm with
        {
            Devices = n.Vm.Devices.With(device),
            Architecture = Of(n) with { Services = Of(n).Services.With(new TranslationService(instance, VgicState.NoAddress, false)) },
        };
        return n.With(vm, c.As, device.Key);
    }

    private static VgicGroup Addresses => new(VgicGroups.Addresses)
    {
        Weight = 26,
        Numbers = [4, 4, 4, 4, 2, 0, 5],
        Values =
        [
            0x8080000, 0x8080000, 0x8080000, 0, 0x8081000, 1, Sample.Before(ArchitectureLimits.GpaEnd, 0x20000), Sample.Before(ArchitectureLimits.GpaEnd, 0x10000),
            new(0, ArchitectureLimits.GpaEnd), ulong.MaxValue - 0xffff,
        ],
        Set =
        [
            Refuse(ENODEV, "its.address.unknown", (in n, in c) => Number(c) != Place.Attribute),
            Unreadable(RegisterSize),
            .. VgicAddresses.Range(c => Number(c) == Place.Attribute ? Place : null, (state, device, _) => ServiceOf(state, device).Base, c => Content(c)),
            Accept("its.address.set", (in n, in c) => Changed(n, ServiceOf(n) with { Base = Content(c) })),
        ],
        Get =
        [
            Refuse(ENODEV, "its.address.unknown", (in n, in c) => Number(c) != Place.Attribute),
            Unwritable(RegisterSize),
            Answer("its.address.get", [new(Attribute.Get.Content, (in n, in c) => ServiceOf(n).Base)]),
        ],
        Has = [Refuse(ENXIO, "its.address.has-unknown", (in n, in c) => Number(c) != Place.Attribute), Accept("vgic.attribute.has")],
    };

    private static VgicGroup Control => new(VgicGroups.Control)
    {
        Weight = 24,
        Numbers = [Init, Init, SaveTables, SaveTables, RestoreTables, RestoreTables, Reset, Reset, 3, 5, 6],
        Set =
        [
            Refuse(ENXIO, "its.control.unknown", (in n, in c) => Number(c) is not (Init or SaveTables or RestoreTables or Reset)),
            LeaveOpen("its.control.tables", (in n, in c) => Number(c) is SaveTables or RestoreTables && ServiceOf(n).Tables),
            Accept("its.control.nothing-to-do", null, (in n, in c) => Number(c) is not Reset),
            Accept("its.control.reset", (in n, in c) => Changed(n, ServiceOf(n) with { Tables = false })),
        ],
        Get = [RefuseAll(ENXIO, "vgic.control.write-only")],
        Has = [Refuse(ENXIO, "its.control.has-unknown", (in n, in c) => Number(c) is not (Init or SaveTables or RestoreTables or Reset)), Accept("vgic.attribute.has")],
    };

    private static VgicGroup Registers => new(VgicGroups.Its)
    {
        Weight = 50,
        Numbers = [0, 0, Identification, Identification, 8, 0x80, 0x88, CommandRead, CommandRead, CommandRead, FirstTable, FirstTable, 0x108, 0xffd0, 0xffe8, 2, 0x84, 0xc, 0x20, 0x1000, 0x10000],
        Values = [0, 0, 1, 0x20, 0x1000, 0x1000, 1UL << 63, ulong.MaxValue],
        Set =
        [
            Unreadable(RegisterSize),
            .. Reached,
            Refuse(EINVAL, "its.registers.identification", (in n, in c) => Number(c) == Identification && ((Content(c) >> 12) & 0xf) != 0),
            LeaveOpen("its.registers.command-read", (in n, in c) => Number(c) == CommandRead),
            Accept("its.registers.set", (in n, in c) => Number(c) is >= FirstTable and < AfterTables ? Changed(n, ServiceOf(n) with { Tables = true }) : n.World),
        ],
        Get = [.. Reached, Unwritable(RegisterSize), Answer("its.registers.get", [new(Attribute.Get.Content, null)])],
        Has = [Aligned, Known, Accept("vgic.attribute.has")],
    };

    private static ImmutableArray<Rule> Reached =>
        [Aligned, Refuse(ENXIO, "its.registers.no-address", (in n, in c) => ServiceOf(n).Base == VgicState.NoAddress), Known];

    /// <summary>Words of 64 bits between GITS_TYPER and the identification registers, of 32 bits elsewhere.</summary>
    private static Rule Aligned => Refuse(EINVAL, "its.registers.unaligned", (in n, in c) => Number(c) % (Number(c) is < 8 or >= 0xffd0 ? 4u : 8u) != 0);

    private static Rule Known => Refuse(ENXIO, "its.registers.unknown", (in n, in c) => !RegisterSpace.Has(RegisterSpace.TranslationService, (uint)Number(c), 0));

    private static TranslationService ServiceOf(in Node n) => ServiceOf(Of(n), n.Object);

    /// <summary>The service behind a device's key, whose lower half is its number.</summary>
    private static TranslationService ServiceOf(Arm64State state, uint device) =>
        state.Services.TryFind(device & 0xffff, out TranslationService service) ? service : new TranslationService(0, VgicState.NoAddress, false);

    private static World Changed(in Node n, TranslationService service) =>
        Change(n, Of(n) with { Services = Of(n).Services.With(service) });
}
