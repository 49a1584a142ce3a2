using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.VcpuFeatures;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// How VMs are set up whose vCPUs have features: each is chosen before the first vCPU or in the first KVM_ARM_VCPU_INIT, so
/// calls drawn one by one seldom get to what a feature allows.
/// </summary>
public static class Arm64Openings
{
    private const ulong PmuGroup = 0;
    private const ulong PmuInterrupt = 0;
    private const ulong PmuInit = 1;
    private const ulong StolenTimeGroup = 2;
    private const ulong RingSize = 0x10000;
    private const ulong MemoryStart = 0x1000;

    /// <summary>One page more than a word of the bitmap has bits.</summary>
    private const ulong LoggedSize = 0x41000;

    /// <summary>The book with these openings and those of interrupt controllers.</summary>
    public static Book In(Book book)
    {
        book = VgicEmphasis.In(book);
        Arm64Calls make = new(book);
        return book with { Openings = [.. OfFeatures(make), .. VgicOpenings.Of(make)] };
    }

    private static ImmutableArray<ImmutableArray<Call>> OfFeatures(Arm64Calls make)
    {
        ImmutableArray<Call> vcpu = [make.Vm(), make.Vcpu(0)];
        ImmutableArray<Call> sve = [.. vcpu, make.Init(0, Psci02 | Sve)];
        ImmutableArray<Call> pmu = [.. vcpu, make.Init(0, Psci02 | PmuV3)];
        ImmutableArray<Call> tags = [make.Vm(), make.Enable(Capabilities.ARM_MTE), make.Vcpu(0)];
        ImmutableArray<Call> implementation = [make.Vm(), make.Enable(Capabilities.ARM_WRITABLE_IMP_ID_REGS), make.Vcpu(0), make.Init(0, Psci02)];
        ImmutableArray<Call> controlled = [make.Vm(), make.Device(DeviceTypes.ArmVgicV3), make.Vcpu(0), make.Init(0, Psci02 | PmuV3)];
        return
        [
            [.. vcpu, make.Init(0, Psci02)],
            sve,
            [.. sve, make.Finalize(0)],
            [.. sve, make.Lengths(0, set: false)],
            [.. sve, make.Lengths(0, set: true)],
            [.. vcpu, make.Init(0, Psci02 | PointerAuthentication)],
            pmu,
            [.. pmu, make.SetOfVcpu(0, PmuGroup, PmuInit, 0)],
            [.. vcpu, make.Init(0, Psci02 | PmuV3 | PmuV3Strict)],
            [.. controlled, make.SetOfVcpu(0, PmuGroup, PmuInterrupt, 0).With(Ioctls.DeviceAttribute.Set.Address, Pointer.Unmapped.Word)],
            [.. controlled, make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Control, 0, 0)],
            tags,
            [.. tags, make.Init(0, Psci02)],
            [.. tags, make.Init(0, Psci02 | El1In32Bit)],
            [make.Vm(), make.Enable(Capabilities.ARM_MTE), make.GuestMemory(), make.BoundMemory()],
            [make.Vm(), make.GuestMemory(), make.BoundMemory(), make.Enable(Capabilities.ARM_MTE)],
            [.. vcpu, make.Init(0, Psci02 | HasEl2 | HasEl2E2H0)],
            implementation,
            [.. implementation, make.Vcpu(1), make.Init(1, Psci02)],
            [.. implementation, make.Run(0)],
            [make.Vm(), make.Memory(MemoryStart, MemoryStart), make.Vcpu(0), make.Init(0, Psci02), make.SetOfVcpu(0, StolenTimeGroup, 0, MemoryStart)],
            [make.Vm(), make.Enable(Capabilities.DIRTY_LOG_RING_ACQ_REL, RingSize)],
            [make.Vm(), make.Enable(Capabilities.DIRTY_LOG_RING_ACQ_REL, RingSize), make.Enable(Capabilities.DIRTY_LOG_RING_WITH_BITMAP).With(Ioctls.EnableCap.Flags, 1)],
            [make.Vm(), make.Memory(0, LoggedSize).With(Ioctls.SetUserMemoryRegion.Flags, Memslots.LogDirtyPages)],
            [make.Vm(), make.GuestMemory(), make.BoundMemory(), make.BoundMemory().With(Ioctls.SetUserMemoryRegion2.Slot, 1).With(Ioctls.SetUserMemoryRegion2.Gpa, MemoryStart << 8)],
        ];
    }
}
