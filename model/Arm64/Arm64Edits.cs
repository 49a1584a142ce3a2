namespace KvmSpec.Model.Arm64;

/// <summary>What older releases do otherwise on arm64 alone, each beside its next newer one.</summary>
public static class Arm64Edits
{
    private static readonly Architecture[] OnArm64 = [Architecture.Arm64];

    /// <summary>7.2: nine feature bits; the ID registers' fields do not depend on one another.</summary>
    public static IReadOnlyList<Edit> Until72 =>
    [
        new SetLimit(Arm64Features.FeatureBits, 9),
        new SetLimit(IdRegisterTable.Release, IdField.Since72),
        new Drop("arm64.vcpu-init.strict-without-pmu"),
        new Drop("arm64.pmu-init.not-chosen"),
        .. Arm64Attributes.TakenUnseen,
        .. Unknown("KVM_CAP_ARM_PMU_V3_STRICT"),
        new Move("memslot.guest-memfd.bound", "arm64.memslot.ipa-end") { In = [.. OnArm64] },
    ];

    /// <summary>7.1: memory tags and guest_memfd are not kept apart.</summary>
    public static IReadOnlyList<Edit> Until71 =>
    [
        new SetLimit(IdRegisterTable.Release, IdField.Since71),
        new Drop("arm64.mte.guest-memfd"),
        new Drop("arm64.memslot.guest-memfd-with-mte"),
    ];

    public static IReadOnlyList<Edit> Until618 =>
    [
        new SetLimit(IdRegisterTable.Release, IdField.Since618),
        .. Unknown("KVM_CAP_ARM_SEA_TO_USER"),
        new Withdraw("vm/KVM_ENABLE_CAP(KVM_CAP_ARM_SEA_TO_USER)"),
    ];

    /// <summary>6.12: no nested virtualization, no guest_memfd, implementation registers as the hardware has them.</summary>
    public static IReadOnlyList<Edit> Until612 =>
    [
        new SetLimit(IdRegisterTable.Release, IdField.Always),
        new SetLimit(Arm64Features.FeatureBits, 7),
        new SetLimit(Arm64Attributes.PmuAttributes, 4),
        new Drop("arm64.vcpu-init.aarch32-with-el2"),
        new Drop("arm64.vcpu-init.no-e2h0"),
        .. Unknown("KVM_CAP_ARM_EL2"),
        .. Unknown("KVM_CAP_ARM_EL2_E2H0"),
        .. Unknown("KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED"),
        .. Unknown("KVM_CAP_GUEST_MEMFD"),
        .. Unknown("KVM_CAP_ARM_WRITABLE_IMP_ID_REGS"),
        new Withdraw("vm/KVM_ENABLE_CAP(KVM_CAP_ARM_WRITABLE_IMP_ID_REGS)"),
        new Drop("arm64.imp-id.after-run"),
        new Drop("arm64.imp-id.mask"),
        new Drop("arm64.imp-id.set"),
        new Drop("arm64.memslot.guest-memfd-private"),
        .. Arm64Attributes.NoFunctionsUnseen,
    ];

    /// <summary>A capability that the release does not know.</summary>
    private static IEnumerable<Edit> Unknown(string capability) =>
    [
        new Withdraw($"system/KVM_CHECK_EXTENSION({capability})") { In = [.. OnArm64] },
        new Withdraw($"vm/KVM_CHECK_EXTENSION({capability})") { In = [.. OnArm64] },
    ];
}
