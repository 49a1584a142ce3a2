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

    /// <summary>
    /// By the registers' table, the fields that a write may give as the hardware has them though they read as zero: what
    /// the hardware has in them.
    /// </summary>
    public ImmutableArray<ulong> HardwareFields { get; init; } = [];

    /// <summary>The vector lengths of SVE: bit N for N + 1 times 128 bits; 0 where there is no SVE.</summary>
    public ulong VectorLengths { get; init; }

    /// <summary>True where guests can run AArch32 at EL0: ID_AA64PFR0_EL1.EL0 says so.</summary>
    public bool HasAarch32 => (Register(IdRegisterTable.Pfr0, false) & 0xf) == 2;

    /// <summary>What a register of a VM with all features reads after the first INIT.</summary>
    /// <param name="register">The register.</param>
    /// <param name="nested">Whether the VM has KVM_ARM_VCPU_HAS_EL2.</param>
    public ulong Register(IdRegister register, bool nested)
    {
        ArgumentNullException.ThrowIfNull(register);
        return At(nested ? NestedRegisters : Registers, register);
    }

    /// <summary>What the hardware has in a register's fields that a VM reads as zero.</summary>
    public ulong Ignored(IdRegister register)
    {
        ArgumentNullException.ThrowIfNull(register);
        return At(HardwareFields, register);
    }

    private static ulong At(ImmutableArray<ulong> values, IdRegister register) =>
        register.Index < (uint)values.Length ? values[(int)register.Index] : 0;

    /// <summary>What is known of this host; the default where nobody has asked it.</summary>
    public static Arm64Host Of(Host host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return host.Part as Arm64Host ?? Unknown;
    }

    private static readonly Arm64Host Unknown = new();
}
