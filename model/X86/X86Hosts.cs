using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.X86;

/// <summary>
/// Hosts for running the model without a kernel: what real ones answered, and variants that differ in one thing.
/// </summary>
public static class X86Hosts
{
    /// <summary>What Debian's 7.2 cloud kernel answered with kvm-amd on an emulated CPU, where not 0.</summary>
    private const string AmdAnswers =
        "0=1 1=1 2=1 3=1 4=1 6=1 7=1 8=1 9=1 10=32764 11=1 12=1 14=1 15=2 16=1 21=1 22=1 23=1 24=1 25=4096 26=1 30=1 31=32 32=1 33=1 "
        + "34=1 35=1 36=1 37=1 38=511 39=14 40=1 41=1 44=1 45=1 46=1 47=1 50=1 51=1 54=1 55=1 56=1 59=1 61=1 66=4096 70=1 72=1 74=7 "
        + "76=1 77=1 81=1 82=1 89=1 95=1 96=1 97=1 98=1 100=1 105=1 116=1 117=1 118=2 121=1 122=1 123=1 127=1 128=16384 129=15 136=1 "
        + "143=15 148=1 149=1 153=1 154=1 155=1 157=4224 159=1 161=1 162=1 164=1 167=1 168=3 173=1 182=1 183=1 184=1 187=1 188=1 "
        + "189=1 190=1 191=1 192=1048576 195=2031619 196=1 197=1 199=1 200=1 201=4096 203=1 204=1 206=1 208=4096 209=1 213=4095 "
        + "215=1 218=1 220=1 223=1048576 226=1 231=1 232=1 234=1 235=1 236=1 237=1 238=1 244=3";

    /// <summary>An AMD host: no PMU for guests, no TSC scaling, no memslots of KVM's own.</summary>
    public static readonly Host Amd = Make("x86-amd", AmdAnswers, []) with { GpaBits = 40 };

    /// <summary>An Intel host that can do all that the AMD one cannot.</summary>
    public static readonly Host Intel = Make("x86-intel", AmdAnswers,
        [(Capabilities.PMU_CAPABILITY, 1), (Capabilities.TSC_CONTROL, 1), (Capabilities.VM_TSC_CONTROL, 1), (Capabilities.X86_NOTIFY_VMEXIT, 1),
         (Capabilities.X86_BUS_LOCK_EXIT, 3), (Capabilities.NESTED_STATE, 8320), (Capabilities.HYPERV_ENLIGHTENED_VMCS, 1), (Capabilities.X86_DISABLE_EXITS, 31)]) with
    {
        GpaBits = 46,
        Settled = Facts((EnableCaps.PageModificationLog, true), (KernelMemory.ApicSlot, true)),
    };

    /// <summary>An Intel host from before unrestricted guests, with small VMs, one address space and nothing optional.</summary>
    public static readonly Host Old = Make("x86-old", AmdAnswers,
        [(Capabilities.MAX_VCPUS, 1024), (Capabilities.MAX_VCPU_ID, 4096), (Capabilities.MULTI_ADDRESS_SPACE, 0), (Capabilities.X86_SMM, 0),
         (Capabilities.HYPERV, 0), (Capabilities.HYPERV_SYNIC, 0), (Capabilities.HYPERV_SYNIC2, 0), (Capabilities.HYPERV_ENFORCE_CPUID, 0),
         (Capabilities.X86_DISABLE_EXITS, 4), (Capabilities.NESTED_STATE, 0),
         (Capabilities.GUEST_MEMFD, 0), (Capabilities.GUEST_MEMFD_FLAGS, 0)]) with
    {
        GpaBits = 36,
        Settled = Facts((KernelMemory.RealModeSlots, true), (KernelMemory.ApicSlot, true),
            (X86EnableCaps.CannotReboot, true), (Devices.NoVfio, true)),
    };

    /// <summary>An AMD host with SEV built in and AVIC on, without the in-kernel PIC, PIT and IOAPIC.</summary>
    public static readonly Host Encrypting = Make("x86-sev", AmdAnswers,
        [(Capabilities.VM_TYPES, 0xd), (Capabilities.PIT, 0), (Capabilities.PIT2, 0), (Capabilities.PIT_STATE2, 0), (Capabilities.REINJECT_CONTROL, 0)]) with
    {
        GpaBits = 48,
        Settled = Facts((X86EnableCaps.EncryptionBuiltIn, true), (KernelMemory.AvicSlot, true)),
    };

    public static readonly IReadOnlyList<Host> All = [Amd, Intel, Old, Encrypting];

    /// <summary>
    /// A guest of Hyper-V with AVIC and memslots for real mode, whose VMs have two vCPUs and no dirty rings of the first kind: a
    /// host that answers what no kernel does, so that rules which a usual one does not reach, or not together, are decided too.
    /// </summary>
    public static Host Imagine(Host host)
    {
        (Symbol Capability, int Answer)[] changes =
            [(Capabilities.MAX_VCPUS, 2), (Capabilities.MAX_VCPU_ID, 8), (Capabilities.DIRTY_LOG_RING, 0), (Capabilities.HYPERV_DIRECT_TLBFLUSH, 1)];
        foreach ((Symbol capability, int answer) in changes)
        {
            host = host.Answering(capability, answer);
        }

        return host with { Name = "x86-imagined", Settled = host.Settled.SetItem(KernelMemory.AvicSlot, true).SetItem(KernelMemory.RealModeSlots, true) };
    }

    private static Host Make(string name, string answers, (Symbol Capability, int Answer)[] changes)
    {
        int[] system = Parse(answers);
        foreach ((Symbol capability, int answer) in changes)
        {
            system[capability.Value] = answer;
        }

        int[] vm = [.. system];
        vm[Capabilities.X2APIC_API.Value] &= ~4;
        return new Host
        {
            Name = name,
            Architecture = Architecture.X86,
            Release = Revisions.Linux73.Name,
            OnSystem = [.. system],
            OnVm = [.. vm],
            Settled = Facts(),
        };
    }

    private static int[] Parse(string answers)
    {
        int[] parsed = new int[Host.Capabilities];
        foreach (string[] pair in answers.Split(' ').Select(a => a.Split('=')))
        {
            parsed[int.Parse(pair[0])] = int.Parse(pair[1]);
        }

        return parsed;
    }

    /// <summary>Model hosts know everything: what is not named true is false.</summary>
    private static ImmutableDictionary<Fact, bool> Facts(params (Fact Fact, bool Holds)[] named)
    {
        Fact[] all =
        [
            EnableCaps.PageModificationLog, KernelMemory.ApicSlot, KernelMemory.AvicSlot, KernelMemory.RealModeSlots,
            X86EnableCaps.CannotReboot, X86EnableCaps.EncryptionBuiltIn, Devices.NoVfio,
        ];
        return all.ToImmutableDictionary(f => f, f => named.Any(n => n.Fact == f && n.Holds));
    }
}
