using KvmSpec.Model.Arm64;
using KvmSpec.Model.X86;

namespace KvmSpec.Model;

/// <summary>
/// The revisions that the model knows: the newest release as the rules in the code say it, and each older one by what it
/// does otherwise.
/// </summary>
public static class Revisions
{
    private const string OnVmOnly = "vm/KVM_CHECK_EXTENSION";

    public static readonly Revision Linux73 = new("7.3", "Linux 7.3", architecture => architecture switch
    {
        Architecture.X86 => X86Book.Newest,
        Architecture.Arm64 => Arm64Book.Newest,
        _ => null,
    })
    {
        Evidence = "source of 7.3.4 read",
    };

    public static readonly Revision Linux72 = new("7.2", "Linux 7.2", Linux73,
        [
            new Move("create-vcpu.exists", "create-vcpu.create"),
            new Move("memslot.guest-memfd.bound", "memslot.gpa-end"),
        ])
    {
        Evidence = "source of 7.2.12 read",
    };

    public static readonly Revision Linux71 = new("7.1", "Linux 7.1", Linux72,
        [
            new Replace("memslot.guest-memfd.bound", rule => rule with { Errno = Errno.EINVAL }, "answers EINVAL"),
            Answers("check-extension.disable-quirks2", "at most bits 0 to 10", (_, value) => (value & ~0x7ff) == 0),
            Answers("check-extension.nested-state", "a size also where nesting is off", (_, value) => value is 4224 or 8320),
        ])
    {
        Evidence = "source of 7.1.5 read in an unofficial copy",
    };

    public static readonly Revision Linux618 = new("6.18", "Linux 6.18", Linux71,
        [
            new Replace("check-extension.x86-apic-bus-cycles-ns", rule => rule with { Result = (in n, in c) => 1 }, "a VM answers 1 whatever was set")
                { Only = OnVmOnly + "(KVM_CAP_X86_APIC_BUS_CYCLES_NS)" },
            new SetLimit(DeviceAttributes.EncryptionAttributes, 1),
            Answers("check-extension.x2apic-api", "3 before a backport, 15 after it", (_, value) => value is 3 or 15),
        ])
    {
        Evidence = "source of 6.18.2 and parts of 6.18.32 read in unofficial copies",
    };

    public static readonly Revision Linux612 = new("6.12", "Linux 6.12", Linux618,
        [
            new Withdraw("system/KVM_CHECK_EXTENSION(KVM_CAP_ONE_REG)"),
            new Withdraw("vm/KVM_CHECK_EXTENSION(KVM_CAP_ONE_REG)"),
            new Withdraw("system/KVM_CHECK_EXTENSION(KVM_CAP_GUEST_MEMFD_FLAGS)"),
            new Withdraw("vm/KVM_CHECK_EXTENSION(KVM_CAP_GUEST_MEMFD_FLAGS)"),
            new Replace("check-extension.guest-memfd", rule => rule with { Result = (in n, in c) => 0 }, "a VM of type 0 has none")
                { Only = OnVmOnly + "(KVM_CAP_GUEST_MEMFD)" },
            Answers("check-extension.x2apic-api", "3", (_, value) => value == 3),
            Answers("check-extension.x86-disable-exits", "at most bits 0 to 3", (_, value) => (value & ~15) == 0),
            new Replace("disable-exits.bits", rule => rule with { When = (in n, in c) => (c[Uapi.Ioctls.EnableCap.Argument0] & ~15UL) != 0 },
                "bits 0 to 3 are taken whatever KVM_CHECK_EXTENSION says"),
            new Drop("disable-exits.before-vcpus"),
            new Drop("tsc-frequency.before-vcpus"),
            new InsertBefore("create-vcpu.avic-slot", KernelMemory.AvicIdLimit),
        ])
    {
        Evidence = "source of 6.12.117 read",
    };

    /// <summary>The releases, newest first.</summary>
    public static readonly IReadOnlyList<Revision> Releases = [Linux73, Linux72, Linux71, Linux618, Linux612];

    /// <summary>Every revision by name.</summary>
    public static readonly IReadOnlyList<Revision> All = [.. Releases];

    public static Revision? Find(string name) => All.FirstOrDefault(r => r.Name == name);

    /// <summary>The release that models a kernel: itself, or the nearest older one, or the oldest of all.</summary>
    public static Revision Nearest(string release, out bool exact)
    {
        ArgumentNullException.ThrowIfNull(release);
        (int Major, int Minor) kernel = Parse(release);
        Revision nearest = Releases.FirstOrDefault(r => Parse(r.Name).CompareTo(kernel) <= 0) ?? Releases[^1];
        exact = Parse(nearest.Name) == kernel;
        return nearest;
    }

    private static (int Major, int Minor) Parse(string release)
    {
        string[] parts = release.Split('.', '-', '+');
        return (int.TryParse(parts[0], out int major) ? major : 0, parts.Length > 1 && int.TryParse(parts[1], out int minor) ? minor : 0);
    }

    /// <summary>A capability that another set of answers is allowed for on /dev/kvm.</summary>
    private static Replace Answers(string id, string how, Func<Host, int, bool> allows) =>
        new(id, rule => rule.Allows is null ? rule : rule with { Allows = (in n, in c, value) => allows(n.Host, (int)value) }, "answers " + how);
}
