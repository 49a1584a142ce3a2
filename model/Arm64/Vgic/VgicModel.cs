using System.Collections.Immutable;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>An address of a device: which attribute it is, how it must be aligned, and how far it reaches.</summary>
/// <param name="Attribute">Its number in KVM_DEV_ARM_VGIC_GRP_ADDR.</param>
/// <param name="Alignment">Bytes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Of">Where it lies now.</param>
/// <param name="Set">The controller with the address set.</param>
public sealed record VgicAddress(ulong Attribute, ulong Alignment, ulong Size, Func<VgicState, ulong> Of, Func<VgicState, ulong, VgicState> Set);

/// <summary>A kind of interrupt controller that a VM can have.</summary>
public sealed record VgicModel(Symbol Type, VgicKinds Kind)
{
    private const ulong Page = 0x1000;
    private const ulong Frame = 0x10000;

    /// <summary>KVM_DEV_TYPE_ARM_VGIC_V2: eight vCPUs, initialised when it is first used.</summary>
    public static readonly VgicModel V2 = new(DeviceTypes.ArmVgicV2, VgicKinds.V2)
    {
        MaxVcpus = 8,
        Addresses =
        [
            new(0, Page, Page, v => v.Distributor, (v, address) => v with { Distributor = address }),
            new(1, Page, 2 * Page, v => v.CpuInterface, (v, address) => v with { CpuInterface = address }),
        ],
    };

    /// <summary>KVM_DEV_TYPE_ARM_VGIC_V3: redistributors apart from the distributor.</summary>
    public static readonly VgicModel V3 = new(DeviceTypes.ArmVgicV3, VgicKinds.V3)
    {
        MaxVcpus = 512,
        Addresses = [new(2, Frame, Frame, v => v.Distributor, (v, address) => v with { Distributor = address })],
    };

    /// <summary>KVM_DEV_TYPE_ARM_VGIC_V5: no addresses, only PPIs.</summary>
    public static readonly VgicModel V5 = new(DeviceTypes.ArmVgicV5, VgicKinds.V5) { MaxVcpus = 512 };

    public static readonly ImmutableArray<VgicModel> All = [V2, V3, V5];

    /// <summary>The most vCPUs that a VM with it may have.</summary>
    public required uint MaxVcpus { get; init; }

    public ImmutableArray<VgicAddress> Addresses { get; init; } = [];

    /// <summary>The address that an attribute's number means; <c>null</c> where it means none.</summary>
    public VgicAddress? AddressOf(ulong attribute)
    {
        foreach (VgicAddress address in Addresses)
        {
            if (address.Attribute == attribute)
            {
                return address;
            }
        }

        return null;
    }
}
