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
/// KVM_DEV_ARM_VGIC_GRP_ADDR: where the controller's registers lie in the guest's memory. Each place is chosen once; those
/// of redistributors come in regions.
/// </summary>
public static class VgicAddresses
{
    private const ulong Legacy = 3;
    private const ulong Region = 5;
    private const ulong Frame = 0x10000;
    private const int AddressSize = 8;
    private const ulong BaseBits = 0x000f_ffff_ffff_0000;

    /// <summary>The places of a controller that has only frames of its own.</summary>
    public static VgicGroup OfFrames(VgicModel model) => new(VgicGroups.Addresses)
    {
        Weight = 40,
        Numbers = [0, 0, 1, 1, 2, 3, 4, 5],
        Values = Addresses,
        Set = [Unreadable(AddressSize), Unknown(c => model.AddressOf(c) is null), .. Frames(model), Accept("vgic.address.set", (in n, in c) => Placed(n, c, model))],
        Get = [Unknown(c => model.AddressOf(c) is null), Unwritable(AddressSize), Answer("vgic.address.get", [new(Attribute.Get.Content, (in n, in c) => PlaceOf(n, c, model))])],
        Has = [Unknown(c => model.AddressOf(c) is null), Accept("vgic.attribute.has")],
    };

    /// <summary>The places of a vGICv3: a distributor, and redistributors in one region or in several.</summary>
    public static VgicGroup OfV3 => new(VgicGroups.Addresses)
    {
        Weight = 90,
        Numbers = [2, 2, Legacy, Legacy, Region, Region, 0, 1, 4, 6],
        Values = [.. Addresses, .. Regions],
        Set =
        [
            Unreadable(AddressSize),
            Unknown(UnknownToV3),
            .. Frames(VgicModel.V3),
            Accept("vgic.address.set", (in n, in c) => Placed(n, c, VgicModel.V3), (in n, in c) => VgicModel.V3.AddressOf(Number(c)) is not null),
            Refuse(EINVAL, "vgic.redistributor.wraps", (in n, in c) => Number(c) == Legacy && Content(c) + LegacySize(n) < Content(c)),
            Refuse(EINVAL, "vgic.redistributor.mixed", (in n, in c) =>
                Number(c) == Legacy && Redistributors.TryLast(Of(n).Vgic!, out RedistributorRegion last) && last.Count != 0),
            Refuse(EEXIST, "vgic.redistributor.exists", (in n, in c) => Number(c) == Legacy && Of(n).Vgic!.Regions is not null),
            Refuse(EINVAL, "vgic.redistributor.distributor", (in n, in c) =>
                Number(c) == Legacy && Redistributors.MeetsDistributor(Of(n).Vgic!, Content(c), LegacySize(n))),
            Refuse(EINVAL, "vgic.redistributor.unaligned", (in n, in c) => Number(c) == Legacy && Content(c) % Frame != 0),
            Refuse(E2BIG, "vgic.redistributor.ipa-end", (in n, in c) => Number(c) == Legacy && IsBeyond(n, Content(c), LegacySize(n))),
            Accept("vgic.redistributor.set", (in n, in c) => Added(n, new RedistributorRegion(0, Content(c), 0, 0)), (in n, in c) => Number(c) == Legacy),
            Refuse(EINVAL, "vgic.region.count", (in n, in c) => Count(c) == 0),
            Refuse(EINVAL, "vgic.region.flags", (in n, in c) => ((Content(c) >> 12) & 0xf) != 0),
            Refuse(EINVAL, "vgic.region.index", (in n, in c) =>
                Index(c) != (Redistributors.TryLast(Of(n).Vgic!, out RedistributorRegion last) ? last.Index + 1 : 0)),
            Refuse(EINVAL, "vgic.region.overlap", (in n, in c) =>
                Redistributors.Overlaps(Of(n).Vgic!, Content(c) & BaseBits, Count(c) * Redistributors.Size, n.Vm.Vcpus.Count())),
            Refuse(E2BIG, "vgic.region.ipa-end", (in n, in c) => IsBeyond(n, Content(c) & BaseBits, Count(c) * Redistributors.Size)),
            Refuse(EINVAL, "vgic.region.places", (in n, in c) => Of(n).Vgic!.Redistributors < n.Vm.Vcpus.Count()
                && !Redistributors.Fit(With(n, new RedistributorRegion(Index(c), Content(c) & BaseBits, Count(c), 0)), Arm64Memory.IpaEnd(n), n.Vm.Vcpus.Count())),
            Accept("vgic.region.set", (in n, in c) => Added(n, new RedistributorRegion(Index(c), Content(c) & BaseBits, Count(c), 0))),
        ],
        Get =
        [
            Refuse(EFAULT, "vgic.region.index-unreadable", (in n, in c) => Number(c) == Region && Behind(c).FaultsReading(AddressSize), stops: true),
            Unknown(UnknownToV3),
            Refuse(ENOENT, "vgic.region.absent", (in n, in c) => Number(c) == Region && !Of(n).Vgic!.Regions.Has(Index(c))),
            Unwritable(AddressSize),
            Answer("vgic.address.get", [new(Attribute.Get.Content, ValueOfV3)]),
        ],
        Has = [Unknown(UnknownToV3), Accept("vgic.attribute.has")],
    };

    /// <summary>vgic_check_iorange, for a place that is an attribute of its own.</summary>
    /// <param name="of">The row that the call is about; <c>null</c> where it is about none.</param>
    /// <param name="placed">Where it lies already.</param>
    /// <param name="address">Where it is to lie.</param>
    public static ImmutableArray<Rule> Range(Func<Call, VgicAddress?> of, Func<Arm64State, uint, VgicAddress, ulong> placed, Func<Call, ulong> address) =>
    [
        Refuse(EEXIST, "vgic.address.exists", (in n, in c) => of(c) is { } row && placed(Of(n), n.Object, row) != VgicState.NoAddress),
        Refuse(EINVAL, "vgic.address.unaligned", (in n, in c) => of(c) is { } row && address(c) % row.Alignment != 0),
        Refuse(EINVAL, "vgic.address.wraps", (in n, in c) => of(c) is { } row && address(c) + row.Size < address(c)),
        Refuse(E2BIG, "vgic.address.ipa-end", (in n, in c) => of(c) is { } row && IsBeyond(n, address(c), row.Size)),
    ];

    private static ImmutableArray<Rule> Frames(VgicModel model) =>
        Range(c => model.AddressOf(Number(c)), (state, _, row) => row.Of(state.Vgic!), c => Content(c));

    private static Rule Unknown(Func<ulong, bool> unknown) => Refuse(ENXIO, "vgic.address.unknown", (in n, in c) => unknown(Number(c)));

    private static bool UnknownToV3(ulong number) => number is not (Legacy or Region) && VgicModel.V3.AddressOf(number) is null;

    private static bool IsBeyond(in Node n, ulong address, ulong size) => address >= Arm64Memory.IpaEnd(n) || address + size > Arm64Memory.IpaEnd(n);

    /// <summary>The index has eight bits, though the attribute's field has twelve.</summary>
    private static byte Index(in Call c) => (byte)Content(c);

    private static uint Count(in Call c) => (uint)(Content(c) >> 52);

    private static ulong LegacySize(in Node n) => (ulong)n.Vm.Vcpus.Count() * Redistributors.Size;

    private static ulong PlaceOf(in Node n, in Call c, VgicModel model) => model.AddressOf(Number(c)) is { } row ? row.Of(Of(n).Vgic!) : 0;

    private static ulong ValueOfV3(in Node n, in Call c)
    {
        VgicState vgic = Of(n).Vgic!;
        return Number(c) switch
        {
            Legacy => vgic.Regions is { } first ? first.Value.Base : VgicState.NoAddress,
            Region => vgic.Regions.TryFind(Index(c), out RedistributorRegion region) ? region.Index | region.Base | ((ulong)region.Count << 52) : 0,
            _ => PlaceOf(n, c, VgicModel.V3),
        };
    }

    private static World Placed(in Node n, in Call c, VgicModel model) =>
        Changed(n, model.AddressOf(Number(c))!.Set(Of(n).Vgic!, Content(c)));

    private static VgicState With(in Node n, RedistributorRegion region) =>
        Of(n).Vgic! with { Regions = Of(n).Vgic!.Regions.With(region) };

    private static World Added(in Node n, RedistributorRegion region) => Changed(n, Redistributors.Serve(With(n, region), n.Vm.Vcpus.Count()));

    private static readonly ImmutableArray<Sample> Addresses =
    [
        0x8000000, 0x8000000, 0x8000000, 0x8010000, 0x8010000, 0x80a0000, 0x80a0000, 0x8001000, 0, 0x8000800, 0x8000001, 0x8008000,
        Sample.Before(ArchitectureLimits.GpaEnd, 0x20000), Sample.Before(ArchitectureLimits.GpaEnd, Frame), Sample.Before(ArchitectureLimits.GpaEnd, 0x1000),
        new(0, ArchitectureLimits.GpaEnd), ulong.MaxValue - 0xfff, ulong.MaxValue - 0xffff, ulong.MaxValue - 0xffff, 1UL << 63,
    ];

    private static readonly ImmutableArray<Sample> Regions =
    [
        Coded(1, 0x80a0000, 0), Coded(1, 0x80a0000, 0), Coded(2, 0x80a0000, 0), Coded(2, 0x80a0000, 0), Coded(1, 0x9000000, 1), Coded(1, 0x9000000, 1),
        Coded(2, 0x9000000, 1), Coded(4, 0x7fe0000, 0), Coded(4, 0x7fe0000, 0), Coded(4, 0x80c0000, 1), Coded(4, 0x8080000, 1), Coded(4, 0x8080000, 1), Coded(1, 0xa000000, 2), Coded(1, 0x80a0000, 256), Coded(1, 0x80a0000, 0) | 0x1000,
        Coded(1, 0xfffff_0000_0000, 0), Coded(4095, 0xff_0000_0000, 0),
    ];

    private static ulong Coded(ulong count, ulong start, ulong index) => (count << 52) | start | index;
}
