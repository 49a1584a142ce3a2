using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// ID registers as the posting of 17 November 2021 has them: each vCPU keeps values of its own, every field of four bits
/// may be lowered, and a capability tells that they can be written.
/// </summary>
public static class OwnIdRegisters
{
    /// <summary>The number that the posting took; mainline gave it to another capability.</summary>
    public static readonly Symbol Configurable = new("KVM_CAP_ARM_ID_REG_CONFIGURABLE", 207);

    private const int FieldBits = 4;
    private const int RegisterBits = 64;
    private const string Writing = "vcpu/KVM_SET_ONE_REG";

    /// <summary>What the code of the posting does otherwise than the oldest release that is modelled.</summary>
    public static IReadOnlyList<Edit> AsPosted =>
    [
        new Introduce(OnSystem) { In = [Architecture.Arm64] },
        new Introduce(OnVm) { In = [Architecture.Arm64] },
        new Withdraw("vm/KVM_ARM_GET_REG_WRITABLE_MASKS"),
        new Withdraw("system/KVM_CHECK_EXTENSION(KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES)"),
        new Withdraw("vm/KVM_CHECK_EXTENSION(KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES)"),
        new Drop("arm64.id-reg.minimum"),
        new Drop("arm64.id-reg.granules"),
        new Drop("arm64.id-reg.unchanged-after-run"),
        new Replace("arm64.id-reg.after-run", rule => rule with { Errno = EINVAL, When = (in n, in c) => n.Vcpu.HasRun && !IsZero(c) },
            "the vCPU itself must not have run, and even what it reads is refused with EINVAL"),
        new Replace("arm64.id-reg.field", rule => rule with { Errno = E2BIG, When = Exceeds }, "every four bits are a field; E2BIG where one is above the limit's"),
        new Drop("arm64.id-reg.fixed"),
        new Replace("arm64.id-reg.set", rule => rule with { Then = StoreOwn }, "the value is the vCPU's own") { Only = Writing },
        new Replace("arm64.get-one-reg.id", rule => rule with { Writes = [new(OneReg.Get.Value, ReadOwn)] }, "the value is the vCPU's own"),
    ];

    /// <summary>What its cover letter and the documentation of KVM_SET_ONE_REG say.</summary>
    public static IReadOnlyList<Edit> AsPromised =>
    [
        new InsertBefore("arm64.id-reg.after-run", Accept("arm64.id-reg.unchanged-after-run", null, (in n, in c) => n.Vcpu.HasRun && Own(n, c) == c[OneReg.Set.Value])),
        new Replace("arm64.id-reg.field", rule => rule with { Errno = EINVAL }, "EINVAL, the errno that KVM_SET_ONE_REG has for values"),
    ];

    private static Operation OnSystem => Case(DescriptorKind.System, Gates.System);

    private static Operation OnVm => Case(DescriptorKind.Vm, Gates.Virtual);

    private static Operation Case(DescriptorKind on, ImmutableArray<Rule> gates) => new()
    {
        Ioctl = Ioctls.CheckExtension.Ioctl,
        On = on,
        Case = Configurable,
        Weight = 0,
        Rules = [.. gates, Return("check-extension.arm-id-reg-configurable", (in n, in c) => 1)],
    };

    private static IdRegister Register(in Call c) => IdRegisterTable.Find(c[OneReg.Set.Id])!;

    private static bool IsZero(in Call c) => Register(c).Kind == IdRegisterKind.Zero;

    private static bool Exceeds(in Node n, in Call c)
    {
        ulong limit = IdRegisters.Limit(n, Register(c));
        for (int shift = 0; shift < RegisterBits; shift += FieldBits)
        {
            if ((c[OneReg.Set.Value] >> shift & 0xf) > (limit >> shift & 0xf))
            {
                return true;
            }
        }

        return false;
    }

    private static ulong Own(in Node n, in Call c) => Value(n, Register(c));

    private static ulong Value(in Node n, IdRegister register) => register.Kind switch
    {
        IdRegisterKind.Affinity => VcpuOf(n).Mpidr ?? OneRegs.Affinity(n.Object),
        IdRegisterKind.CacheLevels => VcpuOf(n).Clidr ?? IdRegisters.Limit(n, register),
        _ => VcpuOf(n).Registers.TryFind(register.Index, out RegisterValue own) ? own.Value : IdRegisters.Value(n, register),
    };

    private static ulong ReadOwn(in Node n, in Call c) => Value(n, IdRegisterTable.Find(c[OneReg.Get.Id])!);

    private static World StoreOwn(in Node n, in Call c) =>
        Change(n, VcpuOf(n) with { Registers = VcpuOf(n).Registers.With(new RegisterValue(Register(c).Index, c[OneReg.Set.Value])) });
}
