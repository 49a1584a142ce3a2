using System.Collections.Immutable;

namespace KvmSpec.Model.Arm64;

/// <summary>The kinds of interrupt controller that KVM_CREATE_DEVICE can make on a host.</summary>
[Flags]
public enum VgicKinds
{
    None = 0,
    V2 = 1,
    V3 = 2,
    Its = 4,
    V5 = 8,
}

/// <summary>What is known of an arm64 host beside its capabilities.</summary>
public sealed record Arm64Host : HostPart
{
    /// <summary>KVM_ARM_TARGET_GENERIC_V8: the target that every host takes.</summary>
    public const uint GenericTarget = 5;

    /// <summary>The second target that KVM_ARM_VCPU_INIT takes: the CPU's own, or the generic one again.</summary>
    public uint Target { get; init; } = GenericTarget;

    /// <summary>The interrupt controllers it can make.</summary>
    public VgicKinds Vgics { get; init; } = VgicKinds.V3;

    /// <summary>The PPIs that a GICv5 host implements, bit N for PPI N.</summary>
    public ulong ImplementedPpis { get; init; }

    /// <summary>
    /// What the ID registers of a VM read right after its first KVM_ARM_VCPU_INIT, by the registers' table, with every feature
    /// that the host supports but KVM_ARM_VCPU_EL1_32BIT and KVM_ARM_VCPU_HAS_EL2, and with KVM_CAP_ARM_MTE.
    /// </summary>
    public ImmutableArray<ulong> Registers { get; init; } = [];

    /// <summary>The same with KVM_ARM_VCPU_HAS_EL2; empty where the host has no nested virtualization.</summary>
    public ImmutableArray<ulong> NestedRegisters { get; init; } = [];

    /// <summary>The vector lengths of SVE: bit N for N + 1 times 128 bits; 0 where there is no SVE.</summary>
    public ulong VectorLengths { get; init; }

    /// <summary>What is known of this host; the default where nobody has asked it.</summary>
    public static Arm64Host Of(Host host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.Part as Arm64Host ?? Unknown;
    }

    private static readonly Arm64Host Unknown = new();
}
