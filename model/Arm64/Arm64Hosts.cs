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

    /// <summary>The ID registers that it gave to a VM with all features, by encoding, where not 0.</summary>
    private const string NeoverseRegisters =
        "c000=414fd0c1 c008=10131 c009=10010000 c00a=4000008 c00c=10201105 c00d=40000000 c00e=1260000 c00f=2122211 c010=2101110 "
        + "c011=13112111 c012=21232042 c013=1112131 c014=10142 c015=1011121 c016=21110 c017=10 c018=10110222 c019=13211111 c01a=43 "
        + "c01c=11 c020=1100000011110112 c021=20 c028=10305408 c030=100010211120 c031=100001 c038=101125 c039=10212122 c03a=1011 "
        + "c801=2000021 d801=9444c004";

    /// <summary>The same of an emulated CPU with all that QEMU knows.</summary>
    private const string FullRegisters =
        "c000=f0510 c008=1020131 c009=10011001 c00a=600000a c00c=10101105 c00d=40000000 c00e=1260000 c00f=2122211 c010=2101110 "
        + "c011=13112111 c012=21232042 c013=1112131 c014=11142 c015=1011121 c016=20021110 c017=1111111 c018=10110222 c019=13211111 "
        + "c01a=43 c01c=11 c01e=2 c020=1101001121110222 c021=321 c024=110110100210021 c028=1030560a c030=1221111110212120 "
        + "c031=111211110211502 c032=110012 c038=2100032310201126 c039=10112010312122 c03a=1221011110011011 c801=401000004 d801=b444c004";

    /// <summary>And with nested virtualization.</summary>
    private const string NestedRegisters =
        "c000=f0510 c008=1020131 c009=10011001 c00a=600000a c00c=10101105 c00d=40000000 c00e=1260000 c00f=2122211 c010=2101110 "
        + "c011=13112111 c012=21232042 c013=1112131 c014=11142 c015=1011121 c016=20021110 c017=1111111 c018=10110222 c019=13211111 "
        + "c01a=43 c01c=11 c01e=2 c020=1101000121111111 c021=21 c024=110110100210021 c028=30560a c030=1221111110212120 "
        + "c031=111201110211502 c032=110012 c038=1100022210200125 c039=10110010312121 c03a=1201011100001011 c03c=e100000 "
        + "c801=401000004 d801=b444c004";

    /// <summary>And of an emulated Cortex-A72.</summary>
    private const string SmallRegisters =
        "c000=410fd083 c008=131 c009=11001 c00c=10201105 c00d=40000000 c00e=1260000 c00f=2102211 c00a=6 c010=2101110 c011=13112111 "
        + "c012=21232042 c013=1112131 c014=11142 c015=11121 c018=10110222 c019=12111111 c01a=43 c020=1000000000000222 c028=10305006 "
        + "c030=11120 c038=1124 c801=9200003 d801=8444c004";

    /// <summary>Those of a CPU with a GICv5's interface beside a GICv3's.</summary>
    private const string Gicv5Registers =
        "c000=414fd0c1 c020=1100000011110111 c021=20 c022=1000 c028=10305408 c030=100010211120 c031=100001 c038=101125 c039=10212122 "
        + "c03a=1011 c801=2000021 d801=9444c004";

    /// <summary>An emulated Neoverse N1 with a GICv3: no SVE, no pointer authentication, no nested virtualization.</summary>
    public static readonly Host Neoverse = Make("arm64-n1", []) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V3 | VgicKinds.Its, Registers = Parse(NeoverseRegisters) },
    };

    /// <summary>
    /// A CPU with all features that guests can have, nested virtualization and memory tags among them, and a GICv3 that can
    /// be a GICv2.
    /// </summary>
    public static readonly Host Full = Make("arm64-full", Everything) with
    {
        Part = new Arm64Host
        {
            Vgics = VgicKinds.V2 | VgicKinds.V3 | VgicKinds.Its,
            Registers = Parse(FullRegisters),
            NestedRegisters = Parse(NestedRegisters),
            HardwareFields = Parse("c03a=2000000"),
            VectorLengths = 0x808b,
        },
    };

    /// <summary>A small machine: a GICv2, no PMU for guests, a target of its own.</summary>
    public static readonly Host Small = Make("arm64-gicv2",
        [(Capabilities.MAX_VCPUS, 8), (Capabilities.MAX_VCPU_ID, 8), (Capabilities.ARM_PMU_V3, 0), (Capabilities.ARM_PMU_V3_STRICT, 0),
         (Capabilities.ARM_VM_IPA_SIZE, 44), (Capabilities.ARM_EL1_32BIT, 1), (Capabilities.GUEST_MEMFD, 0), (Capabilities.GUEST_MEMFD_FLAGS, 0)]) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V2, Target = 2, Registers = Parse(SmallRegisters) },
        Settled = Facts((Devices.NoVfio, true)),
    };

    /// <summary>
    /// A GICv5 machine that can also be a GICv3 (FEAT_GCIE_LEGACY), with nested virtualization and without AArch32; the PPIs
    /// that its CPUs implement.
    /// </summary>
    public static readonly Host Gicv5 = Make("arm64-gicv5", [(Capabilities.ARM_EL2, 1)]) with
    {
        Part = new Arm64Host
        {
            Vgics = VgicKinds.V3 | VgicKinds.Its | VgicKinds.V5,
            ImplementedPpis = 0x5c80_0008,
            Registers = Parse(Gicv5Registers),
            NestedRegisters = Parse(Gicv5Registers),
        },
        Settled = Facts((Arm64Features.NoDefaultPmu, true)),
    };

    /// <summary>
    /// What the emulated Neoverse N1 answers once it is made to answer as a GICv5 host without FEAT_GCIE_LEGACY. It has a PMU for
    /// guests, and AArch32.
    /// </summary>
    public static readonly Host Gicv5Only = Make("arm64-gicv5-only", []) with
    {
        Part = new Arm64Host { Vgics = VgicKinds.V5, ImplementedPpis = 0x5c80_0008, Registers = Parse(NeoverseRegisters + " c022=1000") },
    };

    public static readonly IReadOnlyList<Host> All = [Neoverse, Full, Small, Gicv5, Gicv5Only];

    /// <summary>
    /// A CPU whose hardware has what guests are not shown: MPAM, tags without asynchronous faults, no DoubleLock. No capability
    /// of E2H0, so that asking for it fails.
    /// </summary>
    public static Host Imagine(Host host)
    {
        ArgumentNullException.ThrowIfNull(host);
        foreach ((Symbol capability, int answer) in Everything)
        {
            host = host.Answering(capability, answer);
        }

        return host.Answering(Capabilities.ARM_EL2_E2H0, 0) with
        {
            Name = "arm64-imagined",
            Part = new Arm64Host
            {
                Vgics = VgicKinds.V3 | VgicKinds.V2,
                Registers = Parse(FullRegisters + " c021=f0000000221 c028=f01030560a c03b=10111 c032=1000000000110012 c036=0"),
                NestedRegisters = Parse(NestedRegisters + " c028=f00030560a"),
                HardwareFields = Parse("c020=10000000000 c021=10000 c03a=2000000"),
                VectorLengths = 0x3,
            },
        };
    }

    private static (Symbol Capability, int Answer)[] Everything =>
    [
        (Capabilities.ARM_SVE, 1), (Capabilities.ARM_PTRAUTH_ADDRESS, 1), (Capabilities.ARM_PTRAUTH_GENERIC, 1), (Capabilities.ARM_EL2, 1),
        (Capabilities.ARM_EL2_E2H0, 1), (Capabilities.ARM_MTE, 1), (Capabilities.ARM_EL1_32BIT, 1), (Capabilities.ARM_VM_IPA_SIZE, 52),
    ];

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
            UserAddressEnd = 1UL << 52,
            VcpuMapSize = 8192,
            Settled = Facts(),
        };
    }

    /// <summary>Registers by encoding, as the table has them by index; a later value replaces an earlier one.</summary>
    private static ImmutableArray<ulong> Parse(string values)
    {
        ulong[] registers = new ulong[IdRegisterTable.All.Length];
        foreach (string[] pair in values.Split(' ').Select(v => v.Split('=')))
        {
            IdRegister register = IdRegisterTable.Find(IdRegisterTable.Prefix | Convert.ToUInt64(pair[0], 16))!;
            registers[register.Index] = Convert.ToUInt64(pair[1], 16);
        }

        return [.. registers];
    }

    /// <summary>Model hosts know everything: what is not named true is false.</summary>
    private static ImmutableDictionary<Fact, bool> Facts(params (Fact Fact, bool Holds)[] named)
    {
        Fact[] all = [Arm64Features.NoDefaultPmu, Devices.NoVfio, EnableCaps.PageModificationLog];
        return all.ToImmutableDictionary(f => f, f => named.Any(n => n.Fact == f && n.Holds));
    }
}
