using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.X86;

/// <summary>What older releases do otherwise on x86 alone, each beside its next newer one.</summary>
public static class X86Edits
{
    private const string OnVmOnly = "vm/KVM_CHECK_EXTENSION";

    public static IReadOnlyList<Edit> Until71 =>
    [
        Answers("check-extension.disable-quirks2", "at most bits 0 to 10", (_, value) => (value & ~0x7ff) == 0),
    ];

    public static IReadOnlyList<Edit> Until618 =>
    [
        new Replace("check-extension.x86-apic-bus-cycles-ns", rule => rule with { Result = (in n, in c) => 1 }, "a VM answers 1 whatever was set")
            { Only = OnVmOnly + "(KVM_CAP_X86_APIC_BUS_CYCLES_NS)" },
        new SetLimit(DeviceAttributes.EncryptionAttributes, 1),
        Answers("check-extension.x2apic-api", "3 before a backport, 15 after it", (_, value) => value is 3 or 15),
    ];

    public static IReadOnlyList<Edit> Until612 =>
    [
        new Withdraw("system/KVM_CHECK_EXTENSION(KVM_CAP_ONE_REG)") { In = [Architecture.X86] },
        new Withdraw("vm/KVM_CHECK_EXTENSION(KVM_CAP_ONE_REG)") { In = [Architecture.X86] },
        new Replace("check-extension.guest-memfd", rule => rule with { Result = (in n, in c) => 0 }, "a VM of type 0 has none")
            { Only = OnVmOnly + "(KVM_CAP_GUEST_MEMFD)", In = [Architecture.X86] },
        Answers("check-extension.x2apic-api", "3", (_, value) => value == 3),
        Answers("check-extension.x86-disable-exits", "at most bits 0 to 3", (_, value) => (value & ~15) == 0),
        new Replace("disable-exits.bits", rule => rule with { When = (in n, in c) => (c[Ioctls.EnableCap.Argument0] & ~15UL) != 0 },
            "bits 0 to 3 are taken whatever KVM_CHECK_EXTENSION says"),
        new Drop("disable-exits.before-vcpus"),
        new Drop("tsc-frequency.before-vcpus"),
        new InsertBefore("create-vcpu.avic-slot", KernelMemory.AvicIdLimit),
    ];

    /// <summary>A capability that another set of answers is allowed for on /dev/kvm.</summary>
    private static Replace Answers(string id, string how, Func<Host, int, bool> allows) =>
        new(id, rule => rule.Allows is null ? rule : rule with { Allows = (in n, in c, value) => allows(n.Host, (int)value) }, "answers " + how);
}
