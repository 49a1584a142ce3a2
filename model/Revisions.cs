using KvmSpec.Model.Arm64;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.X86;

namespace KvmSpec.Model;

/// <summary>
/// The revisions that the model knows: the newest release as the rules in the code say it, and each older one by what it
/// does otherwise.
/// </summary>
public static class Revisions
{
    public static readonly Revision Linux73 = new("7.3", "Linux 7.3", architecture => architecture switch
    {
        Architecture.X86 => X86Book.Newest,
        Architecture.Riscv64 => RiscvBook.Newest64,
        Architecture.Riscv32 => RiscvBook.Newest32,
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
            .. RiscvEdits.Until72,
            .. Arm64Edits.Until72,
            .. VgicEdits.Until72,
        ])
    {
        Evidence = "source of 7.2.12 read",
    };

    public static readonly Revision Linux71 = new("7.1", "Linux 7.1", Linux72,
        [
            new Replace("memslot.guest-memfd.bound", rule => rule with { Errno = Errno.EINVAL }, "answers EINVAL"),
            .. X86Edits.Until71,
            .. Arm64Edits.Until71,
            .. VgicEdits.Until71,
        ])
    {
        Evidence = "source of 7.1.5 read in an unofficial copy",
    };

    public static readonly Revision Linux618 = new("6.18", "Linux 6.18", Linux71, [.. X86Edits.Until618, .. RiscvEdits.Until618, .. Arm64Edits.Until618, .. VgicEdits.Until618])
    {
        Evidence = "source of 6.18.2 and parts of 6.18.32 read in unofficial copies",
    };

    public static readonly Revision Linux612 = new("6.12", "Linux 6.12", Linux618,
        [
            new Withdraw("system/KVM_CHECK_EXTENSION(KVM_CAP_GUEST_MEMFD_FLAGS)"),
            new Withdraw("vm/KVM_CHECK_EXTENSION(KVM_CAP_GUEST_MEMFD_FLAGS)"),
            .. X86Edits.Until612,
            .. RiscvEdits.Until612,
            .. Arm64Edits.Until612,
            .. VgicEdits.Until612,
        ])
    {
        Evidence = "source of 6.12.117 read",
    };

    /// <summary>The releases, newest first.</summary>
    public static readonly IReadOnlyList<Revision> Releases = [Linux73, Linux72, Linux71, Linux618, Linux612];

    public static readonly Revision Gicv5Posted = new("arm64-gicv5-posted-v5",
        "\"KVM: arm64: Introduce vGIC-v5 with PPI support\", version 5, posted on 26 February 2026", Linux71, [.. VgicEdits.AsPosted])
    {
        IsRelease = false,
        About = [Architecture.Arm64],
        Evidence = "posted patch 35/36 read; the rest as merged",
    };

    public static readonly Revision Gicv5Promised = new("arm64-gicv5-posted-v5.promised",
        "what the commit messages and the documentation of that posting say", Gicv5Posted, [.. VgicEdits.AsPromised])
    {
        IsRelease = false,
        About = [Architecture.Arm64],
        Evidence = "commit message of patch 35/36, arm-vgic-v5.rst of the series, api.rst 4.79",
    };

    public static readonly Revision IdRegistersPosted = new("arm64-id-regs-rfc-v3",
        "\"KVM: arm64: Make CPU ID registers writable by userspace\", RFC version 3, posted on 17 November 2021", Linux612, [.. OwnIdRegisters.AsPosted])
    {
        IsRelease = false,
        About = [Architecture.Arm64],
        Evidence = "posted patches 3/29 and 17/29 read; all that is not about ID registers as in 6.12, not as in the posting's base 5.16",
    };

    public static readonly Revision IdRegistersPromised = new("arm64-id-regs-rfc-v3.promised",
        "what the cover letter and the documentation of that posting say", IdRegistersPosted, [.. OwnIdRegisters.AsPromised])
    {
        IsRelease = false,
        About = [Architecture.Arm64],
        Evidence = "cover letter of the series, api.rst 4.68 of its base",
    };

    /// <summary>What was posted and is no release.</summary>
    public static readonly IReadOnlyList<Revision> Postings = [Gicv5Posted, Gicv5Promised, IdRegistersPosted, IdRegistersPromised];

    /// <summary>Every revision by name.</summary>
    public static IReadOnlyList<Revision> All => WithPostings.All;

    /// <summary>What stands for the newest release.</summary>
    public const string Mainline = "mainline";

    /// <summary>The revision of that name; <see cref="Mainline"/> is the newest release.</summary>
    public static Revision? Find(string name) => name == Mainline ? Linux73 : All.FirstOrDefault(r => r.Name == name);

    /// <summary>The release that models a kernel: itself, or the nearest older one, or the oldest of all.</summary>
    public static Revision Nearest(string release, out bool exact)
    {
        ArgumentNullException.ThrowIfNull(release);
        (int Major, int Minor) kernel = Parse(release);
        Revision nearest = Releases.FirstOrDefault(r => Parse(r.Name).CompareTo(kernel) <= 0) ?? Releases[^1];
        exact = Parse(nearest.Name) == kernel;
        return nearest;
    }

    /// <summary>How a release stands in for one that is not modelled, in words.</summary>
    public static string StandingIn(Revision taken, string release)
    {
        ArgumentNullException.ThrowIfNull(taken);
        return Parse(taken.Name).CompareTo(Parse(release)) < 0
            ? $"the nearest older one: {release} is not modelled"
            : $"the oldest one: {release} is not modelled, nor is anything before it";
    }

    /// <summary>The other releases, the likeliest origin of a backport first: the newer ones from the next on, then the older ones.</summary>
    public static IEnumerable<Revision> Around(Revision release) =>
        Releases.TakeWhile(r => r != release).Reverse().Concat(Releases.SkipWhile(r => r != release).Skip(1));

    private static (int Major, int Minor) Parse(string release)
    {
        string[] parts = release.Split('.', '-', '+');
        return (int.TryParse(parts[0], out int major) ? major : 0, parts.Length > 1 && int.TryParse(parts[1], out int minor) ? minor : 0);
    }

    /// <summary>Postings name the releases that they were posted against, so these come first.</summary>
    private static class WithPostings
    {
        internal static readonly IReadOnlyList<Revision> All = [.. Releases, .. RiscvPostings.All, .. Postings];
    }
}
