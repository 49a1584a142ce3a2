using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_ARM_PREFERRED_TARGET, KVM_ARM_VCPU_INIT and KVM_ARM_VCPU_FINALIZE: what a vCPU can do is chosen once, for all vCPUs
/// of the VM.
/// </summary>
public static class Arm64Features
{
    /// <summary>KVM_VCPU_MAX_FEATURES.</summary>
    public static readonly Limit FeatureBits = new("vcpu-feature-bits", "feature bits from here on are unknown to KVM_ARM_VCPU_INIT (KVM_VCPU_MAX_FEATURES)");

    /// <summary>The CPU that runs the call has no PMU that KVM can use, though others have.</summary>
    public static readonly Fact NoDefaultPmu = new("no-default-pmu", "no PMU can be chosen for a VM that asks for one without naming it");

    private const string FeaturesStay = "the features asked for are the VM's until a later call asks for others";

    private static readonly Field FirstWord = VcpuInit.Features[0];

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = PreferredTarget.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 3,
            Rules =
            [
                .. Gates.Virtual,
                RefuseLeaving(EFAULT, "arm64.preferred-target.unwritable", "the part of the struct before the fault may have been written",
                    (in n, in c) => n.World, (in n, in c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size),
                    [new(PreferredTarget.Target, null), .. PreferredTarget.Features.Select(f => new Write(f, null))]),
                Answer("arm64.preferred-target.answer",
                    [new(PreferredTarget.Target, (in n, in c) => Arm64Host.GenericTarget), .. PreferredTarget.Features.Select(f => new Write(f, (in n, in c) => 0))]),
            ],
            Alphabet = Alphabets.Of((PreferredTarget.Target, [0, 7]), (PreferredTarget.Features[0], [0, 0xff])),
        },
        new()
        {
            Ioctl = VcpuInit.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 40,
            Rules = [.. Gates.VirtualStruct, .. Init],
            Alphabet = Alphabets.Of([
                (VcpuInit.Target, [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 0, 1, 2, 3, 4, 6, uint.MaxValue]),
                (FirstWord, [0, 0, 0, 0, 4, 4, 5, 1, 8, 8, 0xc, 0x10, 0x14, 0x60, 0x64, 0x7c, 0x20, 0x40, 2, 0x82, 0x80, 0x180, 0x100, 0x200, 0x208, 0x400, 0x800, 1UL << 31, 0x7f, 0xff, 0x1ff]),
                (VcpuInit.Features[1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
                (VcpuInit.Features[6], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1UL << 31])]),
        },
        new()
        {
            Ioctl = VcpuFinalize.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 12,
            Rules =
            [
                .. Gates.Virtual,
                Arm64Vcpus.NotInitialized,
                Gates.CopyIn,
                Refuse(EINVAL, "arm64.finalize.feature", (in n, in c) => c[VcpuFinalize.Feature] != SveFeature),
                Refuse(EINVAL, "arm64.finalize.no-sve", (in n, in c) => !Of(n).Has(VcpuFeatures.Sve), stops: true),
                Refuse(EPERM, "arm64.finalize.once", (in n, in c) => VcpuOf(n).Finalized),
                Accept("arm64.finalize.done", (in n, in c) => Change(n, VcpuOf(n) with { Finalized = true })),
            ],
            Alphabet = Alphabets.Of((VcpuFinalize.Feature, [4, 4, 4, 4, 0, 3, 5, 7, 0x80000004])),
        },
    ];

    /// <summary>KVM_ARM_VCPU_SVE as a number.</summary>
    private const ulong SveFeature = 4;

    private static ImmutableArray<Rule> Init =>
    [
        Refuse(EINVAL, "arm64.vcpu-init.target", (in n, in c) => c[VcpuInit.Target] != Arm64Host.GenericTarget && c[VcpuInit.Target] != Arm64Host.Of(n.Host).Target),
        Refuse(ENOENT, "arm64.vcpu-init.unknown-feature", (in n, in c) => Asked(c) >> (int)n[FeatureBits] != 0),
        Refuse(ENOENT, "arm64.vcpu-init.unknown-word", (in n, in c) => OtherWords(c)),
        Refuse(EINVAL, "arm64.vcpu-init.unsupported", (in n, in c) => ((VcpuFeatures)Asked(c) & VcpuFeatureSupport.Unsupported(n.Host)) != 0),
        Refuse(EINVAL, "arm64.vcpu-init.half-of-pointer-authentication", (in n, in c) =>
            Asks(c, VcpuFeatures.PointerAuthenticationOfAddresses) != Asks(c, VcpuFeatures.PointerAuthenticationGeneric)),
        Refuse(EINVAL, "arm64.vcpu-init.strict-without-pmu", (in n, in c) => Asks(c, VcpuFeatures.PmuV3Strict) && !Asks(c, VcpuFeatures.PmuV3)),
        Refuse(EINVAL, "arm64.vcpu-init.aarch32-with-mte", (in n, in c) => Asks(c, VcpuFeatures.El1In32Bit) && Of(n).Mte),
        Refuse(EINVAL, "arm64.vcpu-init.aarch32-with-el2", (in n, in c) => Asks(c, VcpuFeatures.El1In32Bit) && Asks(c, VcpuFeatures.HasEl2)),
        Refuse(EINVAL, "arm64.vcpu-init.other-features", (in n, in c) => Of(n).Configured && Of(n).Features != Asked(c), stops: true),
        RefuseLeaving(ENODEV, "arm64.vcpu-init.no-pmu", FeaturesStay, (in n, in c) => Change(n, Of(n) with { Features = (ushort)Asked(c) }),
            (in n, in c) => !Of(n).Configured && Asks(c, VcpuFeatures.PmuV3) && !Asks(c, VcpuFeatures.PmuV3Strict)) with { Given = NoDefaultPmu },
        RefuseLeaving(EINVAL, "arm64.vcpu-init.no-e2h0", FeaturesStay, (in n, in c) => Change(n, Of(n) with { Features = (ushort)Asked(c) }),
            (in n, in c) => !Of(n).Configured && Asks(c, VcpuFeatures.HasEl2) && Asks(c, VcpuFeatures.HasEl2E2H0) && n.Host.System(Uapi.Capabilities.ARM_EL2_E2H0) <= 0),
        Accept("arm64.vcpu-init.again", Initialized, (in n, in c) => VcpuOf(n).Initialized),
        Accept("arm64.vcpu-init.done", Initialized),
    ];

    /// <summary>The bits that choose features: POWER_OFF is taken off before anything is looked at.</summary>
    private static ulong Asked(in Call c) => c[FirstWord] & ~(ulong)VcpuFeatures.PowerOff;

    private static bool Asks(in Call c, VcpuFeatures feature) => (c[FirstWord] & (ulong)feature) != 0;

    private static bool OtherWords(in Call c)
    {
        for (int i = 1; i < VcpuInit.Features.Count; i++)
        {
            if (c[VcpuInit.Features[i]] != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static World Initialized(in Node n, in Call c)
    {
        byte state = Asks(c, VcpuFeatures.PowerOff) ? Arm64Vcpus.Stopped : Arm64Vcpus.Runnable;
        Arm64State before = Of(n);
        return n.With(Arm64Vcpus.WithState(n.Vm, n.Vcpu, state) with
        {
            Architecture = before with
            {
                Features = (ushort)Asked(c),
                Configured = true,
                Vcpus = before.Vcpus.With(VcpuOf(n) with { Initialized = true }),
            },
        });
    }
}
