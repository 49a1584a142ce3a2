using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.VgicIoctls.SetDeviceAddress;

namespace KvmSpec.Model.Arm64;

/// <summary>KVM_ARM_SET_DEVICE_ADDR: how the addresses of a vGICv2 were set before it had attributes.</summary>
public static class LegacyAddresses
{
    public static readonly Operation Set = new()
    {
        Ioctl = VgicIoctls.SetDeviceAddress.Ioctl,
        On = DescriptorKind.Vm,
        Weight = 22,
        Rules =
        [
            .. Gates.VirtualStruct,
            Refuse(ENODEV, "arm64.set-device-addr.device", (in n, in c) => ((c[Id] >> 16) & 0xffff) != 0),
            Refuse(ENXIO, "arm64.set-device-addr.no-vgic", (in n, in c) => n.Host.System(Capabilities.IRQCHIP) == 0),
            Refuse(ENODEV, "arm64.set-device-addr.type", (in n, in c) => RowOf(c) is null),
            Refuse(ENODEV, "arm64.set-device-addr.model", (in n, in c) => !Vgic.IsModel(Of(n).Vgic, VgicModel.V2), stops: true),
            .. VgicAddresses.Range(c => RowOf(c), (state, _, row) => row.Of(state.Vgic!), c => c[Address]),
            Accept("arm64.set-device-addr.set", (in n, in c) => VgicAttributes.Changed(n, RowOf(c)!.Set(Of(n).Vgic!, c[Address]))),
        ],
        Alphabet = Alphabets.Of(
            (Id, [0, 0, 0, 1, 1, 1, 2, 3, 0x10000, 0x10001, 1UL << 32, 0xffff]),
            (Address, [0x8000000, 0x8000000, 0x8010000, 0x8010000, 0x8001000, 0, 0x8000800, Sample.Before(ArchitectureLimits.GpaEnd, 0x1000), new(0, ArchitectureLimits.GpaEnd), ulong.MaxValue - 0xfff])),
    };

    private static VgicAddress? RowOf(in Call c) => VgicModel.V2.AddressOf(c[Id] & 0xffff);
}
