using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.X86;

/// <summary>What x86 puts into the common lists.</summary>
public static class X86Book
{
    /// <summary>Bits of KVM_CREATE_VM's type that can name a type at all.</summary>
    private const ulong Types = 32;

    public static readonly ArchitecturePart Part = new()
    {
        Architecture = Architecture.X86,
        UnknownOnVm = ENOTTY,
        CreateVm =
        [
            Refuse(EINVAL, "create-vm.type", (in n, in c) => c[Ioctls.CreateVm.Type] is var type
                && (type >= Types || ((uint)n.Host.System(Capabilities.VM_TYPES) >> (int)type & 1) == 0)),
            LeaveOpen("create-vm.other-type", (in n, in c) => c[Ioctls.CreateVm.Type] != 0),
        ],
        NewVm = X86State.New,
        CreateVcpu = X86Vcpus.Create,
        AfterVcpu = (vm, limit) => X86Vcpus.AfterCreate(vm, limit),
        NewMpState = X86Vcpus.NewMpState,
        ReservedMemory = KernelMemory.Reserved,
        PrepareMemory = KernelMemory.Prepare,
        RingWithBitmap = false,
        DirtyRingSizes = [EnableCaps.SmallestWithModificationLog],
        EnableCapPrefix = [EnableCaps.NoFlags],
        GetMpState = X86Vcpus.GetMpState,
        SetMpState = X86Vcpus.SetMpState,
        Run = X86Vcpus.Run,
        Extensions = X86Extensions.Rows,
        Operations = [.. InterruptControllers.Operations, .. X86Vcpus.Operations, .. KernelMemory.Operations, .. X86EnableCaps.Operations, .. MsrFilters.Operations, .. DeviceAttributes.Operations],
        Limits = new Dictionary<Limit, Bound>
        {
            [CommonLimits.Memslots] = Bound.Fixed(32764),
            [CommonLimits.MemslotPages] = Bound.Fixed(int.MaxValue),
            [CommonLimits.AddressSpaces] = Bound.Probed(h => (ulong)Math.Max(1, h.Vm(Capabilities.MULTI_ADDRESS_SPACE)), "KVM_CAP_MULTI_ADDRESS_SPACE"),
            [CommonLimits.UserAddressEnd] = Bound.Probed(h => h.UserAddressEnd, "the end of user addresses"),
            [CommonLimits.VcpuIds] = Bound.Probed(h => (ulong)h.System(Capabilities.MAX_VCPU_ID), "KVM_CAP_MAX_VCPU_ID"),
            [CommonLimits.Vcpus] = Bound.Probed(h => (ulong)h.System(Capabilities.MAX_VCPUS), "KVM_CAP_MAX_VCPUS"),
            [CommonLimits.DirtyRingSmallest] = Bound.Fixed(Vm.PageSize),
            [CommonLimits.DirtyRingLargest] = Bound.Fixed(1 << 20),
            [CommonLimits.ManualDirtyLogBits] = Bound.Fixed(3),
            [CommonLimits.HaltPollNanoseconds] = Bound.Fixed(uint.MaxValue),
            [ArchitectureLimits.GpaEnd] = Bound.Probed(h => 1UL << h.GpaBits, "2 to the host's physical address bits, or 2^52 without two-dimensional paging"),
            [InterruptControllers.ReservedPins] = Bound.Fixed(4096),
            [InterruptControllers.BusCycleLargest] = Bound.Fixed(ulong.MaxValue / (uint.MaxValue * 128UL)),
            [KernelMemory.TaskStateHighest] = Bound.Fixed(0xffffd000),
            [MsrFilters.Registers] = Bound.Fixed(0x600 * 8),
            [DeviceAttributes.EncryptionAttributes] = Bound.Fixed(3),
            [MsrFilters.TscFrequency] = Bound.Fixed(int.MaxValue),
        }.ToImmutableDictionary(),
    };

    public static readonly Book Newest = CommonBook.Of(Part);
}
