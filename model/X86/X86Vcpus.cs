using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;
using static KvmSpec.Model.X86.X86State;

namespace KvmSpec.Model.X86;

/// <summary>vCPU ids, the boot vCPU, and the states a vCPU can be put into.</summary>
public static class X86Vcpus
{
    private const byte Runnable = 0;
    private const byte Uninitialized = 1;
    private const byte InitReceived = 2;
    private const byte Halted = 3;
    private const byte SipiReceived = 4;
    private const byte ResetHold = 9;

    /// <summary>Beside the state: a start-up interrupt is pending.</summary>
    private const byte StartUpPending = 0x80;

    /// <summary>kvm_arch_vcpu_precreate, then the memory that the first vCPU brings with it.</summary>
    public static readonly ImmutableArray<Rule> Create =
    [
        Refuse(EINVAL, "create-vcpu.id-limit-of-vm", (in n, in c) =>
            Of(n).MaxVcpuIds is not 0 and uint limit && c[Ioctls.CreateVcpu.Id] >= limit),
        .. KernelMemory.WithVcpu,
    ];

    /// <summary>What a vCPU brings with it.</summary>
    public static Vm AfterCreate(Vm vm, uint limit)
    {
        Vm after = FixLimit(vm, limit);
        X86State state = (X86State)after.Architecture!;
        return state.IdentityMapSlot ? after : after with { Architecture = KernelMemory.AfterVcpu(state) };
    }

    /// <summary>The first vCPU fixes the limit that KVM_CAP_MAX_VCPU_ID left open.</summary>
    public static Vm FixLimit(Vm vm, uint limit)
    {
        ArgumentNullException.ThrowIfNull(vm);
        X86State state = (X86State)vm.Architecture!;
        return state.MaxVcpuIds != 0 ? vm : vm with { Architecture = state with { MaxVcpuIds = limit } };
    }

    /// <summary>With an in-kernel APIC only the boot vCPU starts runnable.</summary>
    public static byte NewMpState(Vm vm, uint id)
    {
        ArgumentNullException.ThrowIfNull(vm);
        X86State state = (X86State)vm.Architecture!;
        return state.Irqchip == Irqchip.None || id == state.BootCpu ? Runnable : Uninitialized;
    }

    /// <summary>immediate_exit returns before the guest runs, whatever the vCPU's state.</summary>
    public static readonly ImmutableArray<Rule> Run =
    [
        Refuse(EINTR, "run.immediate-exit", (in n, in c) => c[Ioctls.Run.ImmediateExit] != 0, stops: true),
        LeaveOpen("run.guest"),
    ];

    /// <summary>Asking for the state delivers a pending start-up interrupt first, also where the answer cannot be written.</summary>
    public static readonly ImmutableArray<Rule> GetMpState =
    [
        RefuseLeaving(EFAULT, "get-mp-state.unwritable", "a pending start-up interrupt was delivered: the vCPU is runnable",
            (in n, in c) => Delivered(n), (in n, in c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size)),
        Answer("get-mp-state.answer", [new(Ioctls.GetMpState.State, (in n, in c) => Visible(n.Vcpu.MpState))], (in n, in c) => Delivered(n)),
    ];

    public static readonly ImmutableArray<Rule> SetMpState =
    [
        Refuse(EINVAL, "set-mp-state.unknown", (in n, in c) =>
            c[Ioctls.SetMpState.State] is not (Runnable or Uninitialized or InitReceived or Halted or SipiReceived or ResetHold)),
        Refuse(EINVAL, "set-mp-state.needs-apic", (in n, in c) =>
            c[Ioctls.SetMpState.State] != Runnable && Of(n).Irqchip == Irqchip.None),
        Accept("set-mp-state.set", (in n, in c) =>
        {
            byte state = (byte)c[Ioctls.SetMpState.State];
            byte pending = (byte)(n.Vcpu.MpState & StartUpPending);
            return Store(n, state == SipiReceived ? (byte)(InitReceived | StartUpPending) : (byte)(state | pending));
        }),
    ];

    public static IEnumerable<Operation> Operations =>
    [
        EnableCaps.Case(Capabilities.MAX_VCPU_ID, 6,
            [
                .. X86EnableCaps.Prefix,
                Refuse(EINVAL, "max-vcpu-id.limit", (in n, in c) => c[Argument0] > n[CommonLimits.VcpuIds]),
                Refuse(EINVAL, "max-vcpu-id.below-boot-cpu", (in n, in c) => Of(n).BootCpu > c[Argument0]),
                Accept("max-vcpu-id.same", null, (in n, in c) => Of(n).MaxVcpuIds == c[Argument0]),
                Refuse(EINVAL, "max-vcpu-id.once", (in n, in c) => Of(n).MaxVcpuIds != 0),
                Accept("max-vcpu-id.set", (in n, in c) => Change(n, Of(n) with { MaxVcpuIds = (uint)c[Argument0] })),
            ],
            [0, 1, 2, 8, 8, .. Sample.Around(CommonLimits.VcpuIds), 1UL << 32]),
        new()
        {
            Ioctl = X86Ioctls.SetBootCpuId.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 5,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(EBUSY, "boot-cpu.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Refuse(EINVAL, "boot-cpu.limit", (in n, in c) => c[X86Ioctls.SetBootCpuId.Id] > n[CommonLimits.VcpuIds]),
                Refuse(EINVAL, "boot-cpu.limit-of-vm", (in n, in c) =>
                    Of(n).MaxVcpuIds is not 0 and uint limit && c[X86Ioctls.SetBootCpuId.Id] > limit),
                Accept("boot-cpu.set", (in n, in c) => Change(n, Of(n) with { BootCpu = (uint)c[X86Ioctls.SetBootCpuId.Id] })),
            ],
            Alphabet = Alphabets.Of((X86Ioctls.SetBootCpuId.Id, [0, 1, 1, 2, 5, 8, 9, .. Sample.Around(CommonLimits.VcpuIds), 1UL << 32])),
        },
    ];

    private static ulong Visible(byte state) => state == (InitReceived | StartUpPending) ? Runnable : (ulong)(state & ~StartUpPending);

    private static World Delivered(in Node n) => (n.Vcpu.MpState & StartUpPending) == 0 ? n.World : Store(n, (byte)Visible(n.Vcpu.MpState));

    private static World Store(in Node n, byte state) => n.With(n.Vm with { Vcpus = n.Vm.Vcpus.With(n.Vcpu with { MpState = state }) });
}
