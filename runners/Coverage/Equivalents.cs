using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults that no call can tell from the original, and why: a kernel with one of them keeps the specification.</summary>
public static class Equivalents
{
    private const string NeverBoth = "the two never hold together, or do the same";

    /// <summary>Why no call finds a dead VM, but for arm64's.</summary>
    public const string NobodyDies = "no call kills a VM of this architecture";

    /// <summary>Why no call is made on a guest_memfd file where the architecture has none.</summary>
    public const string NoGuestMemory = "this architecture has no guest_memfd files";

    private static readonly (string Fault, string Why)[] List =
    [
        ("descriptor.vm-dead", NobodyDies),
        ("^KVM_DEV_TYPE.*descriptor.closed", "a closed device has no type, so the answer is the unknown ioctl's"),
        ("_REGION: (drop memslot.flags.(first-version|unknown)|memslot.flags.unknown answers)", "two checks refuse the same flags with the same errno"),
        ("memslot.unchanged( |$)", "what is left unchanged is stored as it was"),
        ("drop memslot.move|swap (memslot.create|create-pit.exists|memslot.guest-memfd.closed|create-vcpu.exists|dirty-ring.smallest-with-pml) and", NeverBoth),
        ("swap .*no-bitmap and", NeverBoth),
        (@"limit (gpa-end|user-address-end|dirty-ring-largest) \+|limit dirty-ring-smallest -", "what is compared is whole pages or a power of two"),
    ];

    /// <summary>Why nobody can notice the fault, or <c>null</c> where somebody could.</summary>
    /// <param name="mutant">The fault.</param>
    /// <param name="architecture">In whose rules.</param>
    public static string? Why(Mutant mutant, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(mutant);
        return List.FirstOrDefault(e => Regex.IsMatch(mutant.Words, e.Fault) && (e.Why != NobodyDies || architecture != Architecture.Arm64)).Why
            ?? RiscvEquivalents.Why(mutant, architecture);
    }
}
