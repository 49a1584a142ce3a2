using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using Region = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion;
using Region2 = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion2;

namespace KvmSpec.Model.Arm64;

/// <summary>The guest's intermediate-physical addresses: KVM_CREATE_VM chooses how many bits they have, memslots must fit.</summary>
public static class Arm64Memory
{
    /// <summary>ARM64_MIN_PARANGE_BITS.</summary>
    public static readonly Limit SmallestIpa = new("ipa-smallest", "bits of intermediate-physical address that a VM has at least, where it chooses");

    /// <summary>KVM_CAP_ARM_VM_IPA_SIZE.</summary>
    public static readonly Limit LargestIpa = new("ipa-largest", "bits of intermediate-physical address that a VM has at most");

    /// <summary>KVM_PHYS_SHIFT.</summary>
    public static readonly Limit DefaultIpa = new("ipa-default", "bits of intermediate-physical address of a VM that does not choose");

    private const ulong IpaBits = 0xff;
    private const ulong Protected = 1UL << 31;

    /// <summary>kvm_arch_init_vm.</summary>
    public static readonly ImmutableArray<Rule> CreateVm =
    [
        Refuse(EINVAL, "arm64.create-vm.type-bits", (in n, in c) => (c[Ioctls.CreateVm.Type] & ~(IpaBits | Protected)) != 0),
        Refuse(EINVAL, "arm64.create-vm.ipa-default", (in n, in c) => (c[Ioctls.CreateVm.Type] & IpaBits) == 0 && n[DefaultIpa] > n[LargestIpa]),
        Refuse(EINVAL, "arm64.create-vm.ipa-smallest", (in n, in c) => (c[Ioctls.CreateVm.Type] & IpaBits) is not 0 and var bits && bits < n[SmallestIpa]),
        Refuse(EINVAL, "arm64.create-vm.ipa-largest", (in n, in c) => (c[Ioctls.CreateVm.Type] & IpaBits) > n[LargestIpa]),
        Refuse(EINVAL, "arm64.create-vm.protected", (in n, in c) => (c[Ioctls.CreateVm.Type] & Protected) != 0),
    ];

    /// <summary>Types around the bounds: the number of address bits is the type's lowest byte.</summary>
    public static ImmutableArray<Sample> Types => [40, 36, 36, .. Sample.Around(SmallestIpa), .. Sample.Around(LargestIpa), .. Sample.Around(DefaultIpa), 256, 0x1_0000_0028, Protected + 40];

    /// <summary>kvm_arch_prepare_memory_region.</summary>
    public static readonly ImmutableArray<Rule> Prepare =
    [
        Refuse(EFAULT, "arm64.memslot.ipa-end", (in n, in c) => c[Region.Gpa] + c[Region.Size] > IpaEnd(n)),
        Refuse(EINVAL, "arm64.memslot.guest-memfd-private", (in n, in c) => OfGuestMemory(n, c, out GuestMemory memory) && (memory.Flags & Mappable) == 0),
        Refuse(EINVAL, "arm64.memslot.guest-memfd-with-mte", (in n, in c) => OfGuestMemory(n, c, out _) && Arm64State.Of(n).Mte),
    ];

    /// <summary>GUEST_MEMFD_FLAG_MMAP: without it a guest_memfd holds only private memory.</summary>
    private const ulong Mappable = 1;

    /// <summary>The end of the VM's addresses in bytes.</summary>
    public static ulong IpaEnd(in Node n) => (n.Vm.Type & IpaBits) is not 0 and var bits ? 1UL << (int)bits : n[ArchitectureLimits.GpaEnd];

    private static bool OfGuestMemory(in Node n, in Call c, out GuestMemory memory)
    {
        memory = default;
        return c.Operation.Ioctl == Region2.Ioctl && (c[Region.Flags] & Memslots.GuestMemfd) != 0
            && Handle.TryFrom(c[Region2.MemoryFile], out Handle handle) && n.World.Open.TryFind(handle, out Descriptor file)
            && n.Vm.Memory.TryFind(file.Object, out memory);
    }
}
