namespace KvmSpec.Model.Common;

/// <summary>The bounds that the architecture-neutral rules compare with.</summary>
public static class CommonLimits
{
    /// <summary>KVM_USER_MEM_SLOTS: slot ids from here on are refused.</summary>
    public static readonly Limit Memslots = new("memslots", "slot ids from here on are refused (KVM_USER_MEM_SLOTS)");

    /// <summary>KVM_MEM_MAX_NR_PAGES.</summary>
    public static readonly Limit MemslotPages = new("memslot-pages", "a memslot has at most this many pages of 4 KiB (KVM_MEM_MAX_NR_PAGES)");

    public static readonly Limit AddressSpaces = new("address-spaces", "address space numbers from here on are refused");

    /// <summary>The first user address that access_ok() refuses.</summary>
    public static readonly Limit UserAddressEnd = new("user-address-end", "a range of user memory ends here at the latest, in bytes");

    /// <summary>KVM_MAX_VCPU_IDS.</summary>
    public static readonly Limit VcpuIds = new("vcpu-ids", "vCPU ids from here on are refused (KVM_MAX_VCPU_IDS)");

    /// <summary>KVM_MAX_VCPUS.</summary>
    public static readonly Limit Vcpus = new("vcpus", "a VM has at most this many vCPUs (KVM_MAX_VCPUS)");

    public static readonly Limit DirtyRingSmallest = new("dirty-ring-smallest", "a dirty ring has at least this many bytes");

    public static readonly Limit DirtyRingLargest = new("dirty-ring-largest", "a dirty ring has at most this many bytes");

    public static readonly Limit ManualDirtyLogBits = new("manual-dirty-log-bits", "the bits that KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 takes");

    public static readonly Limit HaltPollNanoseconds = new("halt-poll-nanoseconds", "the largest polling time that KVM_CAP_HALT_POLL takes");
}
