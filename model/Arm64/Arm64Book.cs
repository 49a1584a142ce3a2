using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;

namespace KvmSpec.Model.Arm64;

/// <summary>What arm64 puts into the common lists.</summary>
public static class Arm64Book
{
    public static readonly ArchitecturePart Part = new()
    {
        Architecture = Architecture.Arm64,
        UnknownOnVm = EINVAL,
        CreateVm = Arm64Memory.CreateVm,
        VmTypes = Arm64Memory.Types,
        NewVm = Arm64State.New,
        CreateVcpu = Arm64Vcpus.Create,
        AfterVcpu = (vm, _) => Vgic.AfterVcpu(vm),
        NewMpState = (_, _) => Arm64Vcpus.Runnable,
        PrepareMemory = Arm64Memory.Prepare,
        RingWithBitmap = true,
        EnableCapPrefix = Arm64EnableCaps.Flagless,
        GetMpState = Arm64Vcpus.GetMpState,
        SetMpState = Arm64Vcpus.SetMpState,
        Run = Arm64Vcpus.Run,
        Extensions = Arm64Extensions.Rows,
        Operations = [.. Arm64Extensions.OfVmOnly, .. Arm64Features.Operations, .. OneRegs.Operations, .. WritableMasks.Operations, .. Arm64Attributes.Operations, .. Arm64EnableCaps.Operations, .. Vgic.Operations],
        Limits = new Dictionary<Limit, Bound>
        {
            [CommonLimits.Memslots] = Bound.Fixed(32767),
            [CommonLimits.MemslotPages] = Bound.Fixed(int.MaxValue),
            [CommonLimits.AddressSpaces] = Bound.Fixed(1),
            [CommonLimits.UserAddressEnd] = Bound.Probed(h => h.UserAddressEnd, "the end of user addresses"),
            [CommonLimits.VcpuIds] = Bound.Fixed(512),
            [CommonLimits.Vcpus] = Bound.Probed(h => (ulong)h.System(Capabilities.MAX_VCPUS), "KVM_CAP_MAX_VCPUS"),
            [CommonLimits.DirtyRingSmallest] = Bound.Fixed(Vm.PageSize),
            [CommonLimits.DirtyRingLargest] = Bound.Fixed(1 << 20),
            [CommonLimits.ManualDirtyLogBits] = Bound.Fixed(3),
            [CommonLimits.HaltPollNanoseconds] = Bound.Fixed(uint.MaxValue),
            [ArchitectureLimits.GpaEnd] = Bound.Fixed(1UL << 40),
            [Arm64Memory.SmallestIpa] = Bound.Fixed(32),
            [Arm64Memory.DefaultIpa] = Bound.Fixed(40),
            [Arm64Memory.LargestIpa] = Bound.Probed(h => (ulong)h.System(Capabilities.ARM_VM_IPA_SIZE), "KVM_CAP_ARM_VM_IPA_SIZE"),
            [Arm64Features.FeatureBits] = Bound.Fixed(10),
            [Arm64Attributes.PmuAttributes] = Bound.Fixed(5),
            [IdRegisterTable.Release] = Bound.Fixed(IdField.Since73),
        }.Concat(Vgic.Limits).ToImmutableDictionary(),
    };

    public static readonly Book Newest = Arm64Openings.In(CommonBook.Of(Part));
}
