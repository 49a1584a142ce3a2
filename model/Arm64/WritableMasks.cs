using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_ARM_GET_REG_WRITABLE_MASKS: which bits of the ID registers userspace may write. It clears 192 masks and then writes
/// those that are not zero, so that a short buffer is left partly cleared.
/// </summary>
public static class WritableMasks
{
    /// <summary>192 masks of 64 bits.</summary>
    private const int Size = 192 * 8;

    private const string Cleared = "the part of the array before the fault may have been cleared";

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = GetRegWritableMasks.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 4,
            Rules =
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "arm64.writable-masks.range", (in n, in c) => c[GetRegWritableMasks.Range] != 0),
                Refuse(EINVAL, "arm64.writable-masks.reserved", (in n, in c) => c[GetRegWritableMasks.Reserved] != 0 || c[GetRegWritableMasks.LastReserved] != 0),
                RefuseLeaving(EFAULT, "arm64.writable-masks.unwritable", Cleared, (in n, in c) => n.World,
                    (in n, in c) => Pointer.Of(c[GetRegWritableMasks.Address]).FaultsWriting(Size),
                    new(GetRegWritableMasks.Implementation, null), new(GetRegWritableMasks.Unwritable, null), new(GetRegWritableMasks.Features, null), new(GetRegWritableMasks.Cache, null)),
                Answer("arm64.writable-masks.answer",
                [
                    new(GetRegWritableMasks.Implementation, (in n, in c) => IdRegisterTable.Midr.Mask(n[IdRegisterTable.Release])),
                    new(GetRegWritableMasks.Unwritable, (in n, in c) => IdRegisterTable.Dfr1.Mask(n[IdRegisterTable.Release])),
                    new(GetRegWritableMasks.Features, (in n, in c) => IdRegisterTable.Pfr0.Mask(n[IdRegisterTable.Release])),
                    new(GetRegWritableMasks.Cache, (in n, in c) => IdRegisterTable.Ctr.Mask(n[IdRegisterTable.Release])),
                ]),
            ],
            Alphabet = Alphabets.Of(
                (GetRegWritableMasks.Address, [Pointer.Fine, Pointer.Fine, Pointer.Fine, Pointer.Unmapped, Pointer.ReadOnly, Pointer.FaultsAfter(8), Pointer.FaultsAfter(Size - 8), Pointer.FaultsAfter(Size)]),
                (GetRegWritableMasks.Range, [0, 0, 0, 0, 0, 1, 1UL << 31]),
                (GetRegWritableMasks.Reserved, [0, 0, 0, 0, 0, 1]),
                (GetRegWritableMasks.LastReserved, [0, 0, 0, 0, 0, 1UL << 31]),
                (GetRegWritableMasks.Unwritable, [0, 0, 1]),
                (GetRegWritableMasks.Features, [0, 0, 5])),
        },
    ];
}
