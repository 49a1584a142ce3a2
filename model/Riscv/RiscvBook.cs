using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;

namespace KvmSpec.Model.Riscv;

/// <summary>What RISC-V puts into the common lists; both widths share every rule.</summary>
public static class RiscvBook
{
    public static readonly Book Newest64 = CommonBook.Of(PartOf(Architecture.Riscv64));

    public static readonly Book Newest32 = CommonBook.Of(PartOf(Architecture.Riscv32));

    private static ArchitecturePart PartOf(Architecture architecture) => new()
    {
        Architecture = architecture,
        UnknownOnVm = EINVAL,
        CreateVm = [],
        NewVm = RiscvState.New,
        CreateVcpu = [],
        AfterVcpu = (vm, _) => vm,
        NewMpState = RiscvVcpus.NewMpState,
        PrepareMemory = RiscvMemory.Prepare,
        MemslotGpas = RiscvMemory.Ends,
        GuestMemory = false,
        Vfio = false,
        RingWithBitmap = false,
        EnableCapPrefix = [EnableCaps.NoFlags],
        GetMpState = RiscvVcpus.GetMpState,
        SetMpState = RiscvVcpus.SetMpState,
        Run = RiscvVcpus.Run,
        Extensions = RiscvExtensions.Rows,
        Operations = [GpaBits.Select, RiscvVcpus.EnableReset, .. Aia.Operations],
        Limits = new Dictionary<Limit, Bound>
        {
            [CommonLimits.Memslots] = Bound.Fixed(32767),
            [CommonLimits.AddressSpaces] = Bound.Fixed(1),
            [CommonLimits.UserAddressEnd] = Bound.Probed(h => h.UserAddressEnd, "the end of user addresses"),
            [CommonLimits.VcpuIds] = Bound.Fixed(1024),
            [CommonLimits.Vcpus] = Bound.Fixed(1024),
            [CommonLimits.DirtyRingSmallest] = Bound.Fixed(Vm.PageSize),
            [CommonLimits.DirtyRingLargest] = Bound.Fixed(1 << 20),
            [CommonLimits.ManualDirtyLogBits] = Bound.Fixed(3),
            [CommonLimits.HaltPollNanoseconds] = Bound.Fixed(uint.MaxValue),
            [ArchitectureLimits.GpaEnd] = Bound.Probed(h => 1UL << h.GpaBits, "2 to KVM_CAP_VM_GPA_BITS on /dev/kvm"),
            [RiscvMemory.PagesKept] = Bound.Fixed(0),
        }.Concat(architecture.HasNarrowLong() ? [] : [new(CommonLimits.MemslotPages, Bound.Fixed(int.MaxValue))]).ToImmutableDictionary(),
    };
}
