using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>The instruction set architectures whose rules the model holds.</summary>
public enum Architecture
{
    X86,
    Riscv64,
    Riscv32,
    Arm64,
}

/// <summary>What is true of an architecture whatever the host.</summary>
public static class ArchitectureFacts
{
    /// <summary>True where an unsigned long of the kernel and of its processes has 32 bits.</summary>
    public static bool HasNarrowLong(this Architecture architecture) => architecture == Architecture.Riscv32;
}

/// <summary>
/// Something true or false of a host that no ioctl reports. Rules that depend on one allow both outcomes until an
/// observation settles it for the run.
/// </summary>
public sealed class Fact
{
    private static readonly List<Fact> Registry = [];

    /// <param name="name">Lower-case kebab, unique.</param>
    /// <param name="meaning">What is so where it is true.</param>
    public Fact(string name, string meaning)
    {
        Name = name;
        Meaning = meaning;
        lock (Registry)
        {
            Index = Registry.Count;
            Registry.Add(this);
        }
    }

    public static IReadOnlyList<Fact> All => Registry;

    public string Name { get; }

    public string Meaning { get; }

    /// <summary>A number of this process for tables indexed by fact.</summary>
    public int Index { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What only one architecture needs to know of a host.</summary>
public abstract record HostPart;

/// <summary>
/// What is known of the machine under test: probed through the target, never assumed. A probed answer is no oracle for
/// itself: each capability has a clause of its own beside it.
/// </summary>
public sealed record Host
{
    /// <summary>One above the highest capability number that is probed.</summary>
    public const int Capabilities = 256;

    public required string Name { get; init; }

    public required Architecture Architecture { get; init; }

    /// <summary>The kernel's release as uname says it, or the name of a modelled release.</summary>
    public required string Release { get; init; }

    /// <summary>What the kernel runs virtual machines with, such as kvm-amd.</summary>
    public string BackEnd { get; init; } = "";

    /// <summary>KVM_CHECK_EXTENSION's answers on /dev/kvm, by capability number.</summary>
    public required ImmutableArray<int> OnSystem { get; init; }

    /// <summary>The answers on a new VM of type 0.</summary>
    public required ImmutableArray<int> OnVm { get; init; }

    /// <summary>Guest-physical address bits that a memslot may use, where the architecture limits them; else 64.</summary>
    public int GpaBits { get; init; } = 64;

    /// <summary>The smallest address that userspace cannot have, as access_ok() sees it.</summary>
    public ulong UserAddressEnd { get; init; } = 0x0000_7fff_ffff_f000;

    /// <summary>The size of a vCPU's mapping in bytes, as KVM_GET_VCPU_MMAP_SIZE says.</summary>
    public int VcpuMapSize { get; init; } = 12288;

    /// <summary>What the architecture asks beside capabilities; <c>null</c> where it asks nothing.</summary>
    public HostPart? Part { get; init; }

    /// <summary>What observations have settled so far, by <see cref="Fact.Index"/>: absent is unknown.</summary>
    public ImmutableDictionary<Fact, bool> Settled { get; init; } = ImmutableDictionary<Fact, bool>.Empty;

    /// <summary>The host with another answer on /dev/kvm and on new VMs.</summary>
    public Host Answering(Symbol capability, int answer)
    {
        ArgumentNullException.ThrowIfNull(capability);
        int number = (int)capability.Value;
        return this with { OnSystem = OnSystem.SetItem(number, answer), OnVm = OnVm.SetItem(number, answer) };
    }

    /// <summary>What an unsigned long of the kernel keeps of a number.</summary>
    public ulong Long(ulong number) => Architecture.HasNarrowLong() ? (uint)number : number;

    /// <summary>/dev/kvm's answer for a capability; 0 above what was probed.</summary>
    public int System(Symbol capability) => Answer(OnSystem, capability);

    /// <summary>A new VM's answer for a capability; 0 above what was probed.</summary>
    public int Vm(Symbol capability) => Answer(OnVm, capability);

    private static int Answer(ImmutableArray<int> answers, Symbol capability)
    {
        ArgumentNullException.ThrowIfNull(capability);
        return capability.Value < (ulong)answers.Length ? answers[(int)capability.Value] : 0;
    }
}
