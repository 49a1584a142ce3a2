using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults that no call can tell from the original, and why: a kernel with one of them keeps the specification.</summary>
public static class Equivalents
{
    /// <summary>Why the order of two rules is no one's to see, where that is not in the list but was searched.</summary>
    public const string NeverMet = "no call of the exhaustive search, nor of the sequences, met both";

    private const string NeverBoth = "the two never hold together, or do the same";

    /// <summary>Why no call finds a dead VM, but for arm64's.</summary>
    public const string NobodyDies = "no call kills a VM of this architecture";

    /// <summary>Why no call is made on a guest_memfd file where the architecture has none.</summary>
    public const string NoGuestMemory = "this architecture has no guest_memfd files";

    /// <summary>Why a fault of a rule that leaves its answer open is no one's to see, where nothing noticed it.</summary>
    public const string LeftOpen = "what is left open agrees with every answer";

    private const string Steps = "what is compared is whole pages or a power of two";

    private static readonly EquivalentFault[] List =
    [
        new("descriptor.closed and descriptor.vm-dead", "a closed descriptor has no VM that could be dead"),
        new("descriptor.vm-dead", NobodyDies) { Except = Architecture.Arm64 },
        new("^KVM_DEV_TYPE.*descriptor.closed", "a closed device has no type, so the answer is the unknown ioctl's"),
        new("_REGION: (drop memslot.flags.(first-version|unknown)|memslot.flags.unknown answers)", "two checks refuse the same flags with the same errno"),
        new("_REGION: (drop )?arm64.memslot.guest-memfd-(private|with-mte)( answers|$)", "the first version cannot ask for a guest_memfd"),
        new("memslot.unchanged( |$)", "what is left unchanged is stored as it was"),
        new("drop memslot.move$", "a move that is taken for a change of flags stores the same"),
        new("swap (memslot.create|create-pit.exists|memslot.guest-memfd.closed|dirty-ring.smallest-with-pml) and", NeverBoth),
        new("swap create-vcpu.exists and create-vcpu.id-limit-of-vm", "an id that exists is below the VM's limit"),
        new("swap .*no-bitmap and", NeverBoth),
        new("limit ipa-default", Undecided.ByVectors["arm64.create-vm.ipa-default"]),
        new("swap create-vcpu.apic-slot and create-vcpu.avic-slot", "no host has both, for one is Intel's and the other AMD's; and both do the same"),
        new("swap create-vcpu.avic-slot and create-vcpu.identity-map-unaligned", "no host has both, for one is AMD's and the other Intel's"),
        new("swap create-vcpu.identity-map-slot and create-vcpu.identity-map-end", "no memslot lies beyond the end of guest addresses, and KVM's own lie below 4 GiB"),
        new("swap create-irqchip.absent and create-pit.exists", "a kernel that does not know the ioctl has made no PIT"),
        new("swap tsc-frequency.limit and tsc-frequency.host", "0 is below every limit"),
        new(@"limit (user-address-end|dirty-ring-largest) \+|limit dirty-ring-smallest -", Steps),
        new("limit vgic-interrupts-(least|most) -", "what is compared is a multiple of 32"),
        new(@"limit gpa-end \+", Steps) { Except = Architecture.Arm64 },
        .. RiscvEquivalents.List,
        .. Arm64Equivalents.List,
    ];

    /// <summary>The patterns of faults, the architectures' own among them.</summary>
    public static IEnumerable<string> Faults => List.Select(e => e.Fault);

    /// <summary>Why nobody can notice the fault, or <c>null</c> where somebody could.</summary>
    /// <param name="mutant">The fault.</param>
    /// <param name="architecture">In whose rules.</param>
    public static string? Why(Mutant mutant, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(mutant);
        string[] never = [.. mutant.Clauses.Where(c => Undecided.ByVectors.ContainsKey(c) && Undecided.BySequences.ContainsKey(c))];
        return never.Length > 0 ? Undecided.ByVectors[never[0]]
            : List.FirstOrDefault(e => e.Covers(mutant, architecture))?.Why;
    }
}
