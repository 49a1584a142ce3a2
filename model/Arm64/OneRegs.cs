using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_GET_ONE_REG and KVM_SET_ONE_REG for the registers of the feature ID space. Of other registers the model knows the
/// vector lengths of SVE; of all others it says nothing once their id is well formed.
/// </summary>
public static class OneRegs
{
    private const int ValueSize = 8;

    /// <summary>KVM_REG_ARCH_MASK without the size: the upper half of an id names the architecture and nothing else.</summary>
    private const ulong UpperHalf = 0xff0f_ffff_0000_0000;

    private const ulong Arm64Architecture = 0x6000_0000_0000_0000;
    private const ulong Coprocessor = 0x0fff_0000;
    private const ulong SystemRegister = 0x0013_0000;

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = OneReg.Get.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 50,
            Rules =
            [
                .. Known(OneReg.Get),
                .. VectorLengths.Get,
                .. OfSystem(OneReg.Get),
                Refuse(EFAULT, "arm64.get-one-reg.unwritable", (in n, in c) => Pointer.Of(c[OneReg.Get.Address]).FaultsWriting(ValueSize)),
                Answer("arm64.get-one-reg.id", [new(OneReg.Get.Value, Read)]),
            ],
            Alphabet = OneRegAlphabet.Of(OneReg.Get),
        },
        new()
        {
            Ioctl = OneReg.Set.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 250,
            Rules =
            [
                .. Known(OneReg.Set),
                .. VectorLengths.Set,
                Refuse(EFAULT, "arm64.set-one-reg.unreadable",
                    (in n, in c) => (IsSystem(c, OneReg.Set) || IsUnknownGroup(c[OneReg.Set.Id])) && Pointer.Of(c[OneReg.Set.Address]).FaultsReading(ValueSize), stops: true),
                .. OfSystem(OneReg.Set),
                .. IdRegisterWrites.Rules,
            ],
            Alphabet = OneRegAlphabet.Of(OneReg.Set),
            Together = OneRegAlphabet.Together(OneReg.Set),
        },
    ];

    /// <summary>What both ioctls ask of a vCPU and of any register's id.</summary>
    private static ImmutableArray<Rule> Known(OneReg shape) =>
    [
        .. Gates.Virtual,
        Arm64Vcpus.NotInitialized,
        Gates.CopyIn,
        Refuse(EINVAL, "arm64.one-reg.architecture", (in n, in c) => (c[shape.Id] & UpperHalf) != Arm64Architecture, stops: true),
    ];

    private static ImmutableArray<Rule> OfSystem(OneReg shape) =>
    [
        LeaveOpen("arm64.one-reg.other-group", (in n, in c) => !IsSystem(c, shape) && !IsUnknownGroup(c[shape.Id])),
        Refuse(ENOENT, "arm64.one-reg.unknown", (in n, in c) => IsUnknown(c[shape.Id]), stops: true),
        LeaveOpen("arm64.one-reg.other", (in n, in c) => IdRegisterTable.Find(c[shape.Id]) is null),
    ];

    private static bool IsSystem(in Call c, OneReg shape) => (c[shape.Id] & Coprocessor) == SystemRegister;

    /// <summary>Groups: core 0x10, demultiplexed 0x11, system 0x13, firmware 0x14 and 0x16, SVE 0x15.</summary>
    private static bool IsUnknownGroup(ulong id) => (id & Coprocessor) >> 16 is not (0x10 or 0x11 or 0x13 or 0x14 or 0x15 or 0x16);

    /// <summary>A size other than 64 bits, bits that mean nothing, or a place in the feature ID space that has no register.</summary>
    private static bool IsUnknown(ulong id) =>
        IsUnknownGroup(id) || (id & ~0xffffUL) != IdRegisterTable.Prefix || (IdRegisterTable.IsFeatureId(id) && IdRegisterTable.Find(id) is null);

    private static ulong Read(in Node n, in Call c)
    {
        IdRegister register = IdRegisterTable.Find(c[OneReg.Get.Id])!;
        return register.Kind switch
        {
            IdRegisterKind.Affinity => VcpuOf(n).Mpidr ?? Affinity(n.Object),
            IdRegisterKind.CacheLevels => VcpuOf(n).Clidr ?? IdRegisters.Limit(n, register),
            _ => IdRegisters.Value(n, register),
        };
    }

    /// <summary>What MPIDR_EL1 is made with: four bits, eight and eight of the vCPU's id, and bit 31.</summary>
    public static ulong Affinity(uint id) => (1UL << 31) | (id & 0xf) | (((id >> 4) & 0xffUL) << 8) | (((id >> 12) & 0xffUL) << 16);
}
