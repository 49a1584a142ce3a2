using System.Collections.Immutable;
using System.Numerics;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;

namespace KvmSpec.Model.Arm64;

/// <summary>KVM_ENABLE_CAP's arm64 cases: settings of a VM, some of them only while it is empty.</summary>
public static class Arm64EnableCaps
{
    /// <summary>All arm64 cases check the flags first.</summary>
    public static ImmutableArray<Rule> Prefix => [.. Gates.VirtualStruct, .. Flagless];

    /// <summary>What stands between the struct and the capability.</summary>
    public static readonly ImmutableArray<Rule> Flagless = [Refuse(EINVAL, "enable-cap.flags", (in n, in c) => c[Flags] != 0)];

    private static readonly ImmutableArray<Sample> Booleans = [0, 0, 1, ulong.MaxValue];

    public static IEnumerable<Operation> Operations =>
    [
        EnableCaps.Case(Capabilities.ARM_NISV_TO_USER, 2, [.. Prefix, Accept("arm64.nisv-to-user.set")], Booleans),
        EnableCaps.Case(Capabilities.ARM_SYSTEM_SUSPEND, 2, [.. Prefix, Accept("arm64.system-suspend.set")], Booleans),
        EnableCaps.Case(Capabilities.ARM_SEA_TO_USER, 2, [.. Prefix, Accept("arm64.sea-to-user.set")], Booleans),
        EnableCaps.Case(Capabilities.ARM_MTE, 5,
            [
                .. Prefix,
                Refuse(EINVAL, "arm64.mte.absent", (in n, in c) => n.Host.System(Capabilities.ARM_MTE) <= 0),
                Refuse(EINVAL, "arm64.mte.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Refuse(EINVAL, "arm64.mte.guest-memfd", (in n, in c) => HasGuestMemory(n.Vm)),
                Accept("arm64.mte.set", (in n, in c) => Change(n, Of(n) with { Mte = true })),
            ],
            Booleans),
        EnableCaps.Case(Capabilities.ARM_EAGER_SPLIT_CHUNK_SIZE, 6,
            [
                .. Prefix,
                Refuse(EINVAL, "arm64.eager-split.before-memslots", (in n, in c) => n.Vm.Memslots is not null),
                Refuse(EINVAL, "arm64.eager-split.size", (in n, in c) => c[Argument0] != 0
                    && (!BitOperations.IsPow2(c[Argument0]) || (c[Argument0] & (uint)n.Host.System(Capabilities.ARM_SUPPORTED_BLOCK_SIZES)) == 0)),
                Accept("arm64.eager-split.set", (in n, in c) => Change(n, Of(n) with { ChunkSize = c[Argument0] })),
            ],
            [0, 0x1000, 0x200000, 0x200000, 0x40000000, 0x2000, 0x201000, 0x8000, 1UL << 25, 1UL << 32, ulong.MaxValue]),
        EnableCaps.Case(Capabilities.ARM_WRITABLE_IMP_ID_REGS, 6,
            [
                .. Prefix,
                Refuse(EINVAL, "arm64.writable-imp.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("arm64.writable-imp.set", (in n, in c) => Change(n, Of(n) with { WritableImplementation = true })),
            ],
            Booleans),
    ];

    private static bool HasGuestMemory(Vm vm)
    {
        foreach (Memslot slot in vm.Memslots)
        {
            if ((slot.Flags & Memslots.GuestMemfd) != 0)
            {
                return true;
            }
        }

        return false;
    }
}
