using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>The bits of features[0] of struct kvm_vcpu_init.</summary>
[Flags]
public enum VcpuFeatures
{
    None = 0,

    /// <summary>KVM_ARM_VCPU_POWER_OFF: of one call, never stored.</summary>
    PowerOff = 1 << 0,
    El1In32Bit = 1 << 1,
    Psci02 = 1 << 2,
    PmuV3 = 1 << 3,
    Sve = 1 << 4,
    PointerAuthenticationOfAddresses = 1 << 5,
    PointerAuthenticationGeneric = 1 << 6,
    HasEl2 = 1 << 7,
    HasEl2E2H0 = 1 << 8,

    /// <summary>KVM_ARM_VCPU_PMU_V3_STRICT: no PMU is chosen for the VM (since 7.3).</summary>
    PmuV3Strict = 1 << 9,

    /// <summary>Both halves of pointer authentication, which go together.</summary>
    PointerAuthentication = PointerAuthenticationOfAddresses | PointerAuthenticationGeneric,
}

/// <summary>Which feature bits a host supports, by its capabilities.</summary>
public static class VcpuFeatureSupport
{
    private static readonly (VcpuFeatures Bits, Symbol Capability)[] NeedCapability =
    [
        (VcpuFeatures.El1In32Bit, Capabilities.ARM_EL1_32BIT),
        (VcpuFeatures.PmuV3 | VcpuFeatures.PmuV3Strict, Capabilities.ARM_PMU_V3),
        (VcpuFeatures.Sve, Capabilities.ARM_SVE),
        (VcpuFeatures.PointerAuthentication, Capabilities.ARM_PTRAUTH_ADDRESS),
        (VcpuFeatures.HasEl2, Capabilities.ARM_EL2),
    ];

    /// <summary>
    /// The bits that the host cannot give. KVM_ARM_VCPU_HAS_EL2_E2H0 is never among them: it is looked at only where
    /// KVM_ARM_VCPU_HAS_EL2 comes with it.
    /// </summary>
    public static VcpuFeatures Unsupported(Host host)
    {
        ArgumentNullException.ThrowIfNull(host);
        VcpuFeatures unsupported = VcpuFeatures.None;
        foreach ((VcpuFeatures bits, Symbol capability) in NeedCapability)
        {
            if (host.System(capability) <= 0)
            {
                unsupported |= bits;
            }
        }

        return unsupported;
    }
}
