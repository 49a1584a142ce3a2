using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// Hosts for running the model without a kernel: what real ones answered, and variants that differ in one thing.
/// </summary>
public static class Arm64Hosts
{
    /// <summary>What Debian's 7.3 cloud kernel answered on an emulated Neoverse N1 with a GICv3, where not 0.</summary>
    private const string NeoverseAnswers =
        "0=1 3=1 9=1 10=32767 14=1 15=1 16=1 21=1 23=1 25=4096 30=1 32=1 36=1 40=1 41=1 66=512 70=1 77=1 81=1 82=1 87=1 88=1 89=1 98=1 "
        + "102=1 105=1 119=6 120=4 122=1 126=1 127=1 128=512 136=1 144=1 158=1 162=1 165=48 168=3 174=1 177=1 178=1 182=1 187=1 "
        + "195=196611 198=1 203=1 215=1 216=1 223=1048576 225=1 227=1 229=1075843072 230=1 231=1 234=1 239=1 244=3 245=1 251=1";

    /// <summary>An emulated Neoverse N1 with a GICv3: no SVE, no pointer authentication, no nested virtualization.</summary>
    public static readonly Host Neoverse = Make("arm64-n1", []) with { Part = new Arm64Host { Vgics = VgicKinds.V3 | VgicKinds.Its } };

    /// <summary>A CPU with all features that guests can have, nested virtualization and memory tags among them, and a GICv3 that can be a GICv2.</summary>
    public static readonly Host Full = Make("arm64-full",
        [(Capabilities.ARM_SVE, 1), (Capabilities.ARM_PTRAUTH_ADDRESS, 1), (Capabilities.ARM_PTRAUTH_GENERIC, 1), (Capabilities.ARM_EL2, 1),
         (Capabilities.ARM_EL2_E2H0, 1), (Capabilities.ARM_MTE, 1), (Capabilities.ARM_EL1_32BIT, 1), (Capabilities.ARM_VM_IPA_SIZE, 52)]) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V2 | VgicKinds.V3 | VgicKinds.Its, VectorLengths = 0x808b },
    };

    /// <summary>A small machine: a GICv2, 36 bits of physical address, no PMU for guests, a target of its own.</summary>
    public static readonly Host Small = Make("arm64-gicv2",
        [(Capabilities.MAX_VCPUS, 8), (Capabilities.MAX_VCPU_ID, 8), (Capabilities.ARM_PMU_V3, 0), (Capabilities.ARM_PMU_V3_STRICT, 0),
         (Capabilities.ARM_VM_IPA_SIZE, 36), (Capabilities.ARM_EL1_32BIT, 1), (Capabilities.GUEST_MEMFD, 0), (Capabilities.GUEST_MEMFD_FLAGS, 0)]) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V2, Target = 2 },
        Settled = Facts((Devices.NoVfio, true)),
    };

    /// <summary>A GICv5 machine that can also be a GICv3 (FEAT_GCIE_LEGACY), with nested virtualization; the PPIs that its CPUs implement.</summary>
    public static readonly Host Gicv5 = Make("arm64-gicv5", [(Capabilities.ARM_EL2, 1), (Capabilities.ARM_EL2_E2H0, 1)]) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V3 | VgicKinds.Its | VgicKinds.V5, ImplementedPpis = 0x5c80_0008 },
        Settled = Facts((Arm64Features.NoDefaultPmu, true)),
    };

    public static readonly IReadOnlyList<Host> All = [Neoverse, Full, Small, Gicv5];

    private static Host Make(string name, (Symbol Capability, int Answer)[] changes)
    {
        int[] answers = new int[Host.Capabilities];
        foreach (string[] pair in NeoverseAnswers.Split(' ').Select(a => a.Split('=')))
        {
            answers[int.Parse(pair[0])] = int.Parse(pair[1]);
        }

        foreach ((Symbol capability, int answer) in changes)
        {
            answers[capability.Value] = answer;
        }

        return new Host
        {
            Name = name,
            Architecture = Architecture.Arm64,
            Release = Revisions.Linux73.Name,
            OnSystem = [.. answers],
            OnVm = [.. answers],
            UserAddressEnd = 1UL << 48,
            VcpuMapSize = 8192,
            Settled = Facts(),
        };
    }

    /// <summary>Model hosts know everything: what is not named true is false.</summary>
    private static ImmutableDictionary<Fact, bool> Facts(params (Fact Fact, bool Holds)[] named)
    {
        Fact[] all = [Arm64Features.NoDefaultPmu, Devices.NoVfio, EnableCaps.PageModificationLog];
        return all.ToImmutableDictionary(f => f, f => named.Any(n => n.Fact == f && n.Holds));
    }
}
