using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Riscv.RiscvState;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Riscv;

/// <summary>Running RISC-V vCPUs, and the two states they can be in.</summary>
public static class RiscvVcpus
{
    private const byte Runnable = 0;
    private const byte InitReceived = 2;
    private const byte Stopped = 5;

    /// <summary>The first vCPU of a VM, whatever its id, starts runnable; all later ones are stopped.</summary>
    public static byte NewMpState(Vm vm, uint id)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return vm.HasVcpus ? Stopped : Runnable;
    }

    /// <summary>immediate_exit returns before the guest runs, and the vCPU counts as having run.</summary>
    public static readonly ImmutableArray<Rule> Run =
    [
        RefuseLeaving(EINTR, "run.immediate-exit", "on RISC-V the vCPU counts as having run", (in n, in c) => Ran(n),
            (in n, in c) => c[Ioctls.Run.ImmediateExit] != 0),
        LeaveOpen("run.guest"),
    ];

    public static readonly ImmutableArray<Rule> GetMpState =
    [
        Refuse(EFAULT, "get-mp-state.unwritable", (in n, in c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size)),
        Answer("get-mp-state.answer", [new(Ioctls.GetMpState.State, (in n, in c) => n.Vcpu.MpState)]),
    ];

    public static readonly ImmutableArray<Rule> SetMpState =
    [
        Refuse(EINVAL, "set-mp-state.unknown", (in n, in c) =>
            c[Ioctls.SetMpState.State] is not (Runnable or Stopped) && !Resets(n, c)),
        Accept("set-mp-state.reset", null, (in n, in c) => Resets(n, c)),
        Accept("set-mp-state.set", (in n, in c) =>
            n.With(n.Vm with { Vcpus = n.Vm.Vcpus.With(n.Vcpu with { MpState = (byte)c[Ioctls.SetMpState.State] }) })),
    ];

    /// <summary>KVM_CAP_RISCV_MP_STATE_RESET: one more value of KVM_SET_MP_STATE means something, for good.</summary>
    public static readonly Operation EnableReset = EnableCaps.Case(Capabilities.RISCV_MP_STATE_RESET, 6,
        [
            .. Gates.VirtualStruct,
            EnableCaps.NoFlags,
            Accept("mp-state-reset.set", (in n, in c) => Change(n, Of(n) with { MpStateReset = true })),
        ],
        [0, 0, 1, ulong.MaxValue]);

    private static bool Resets(in Node n, in Call c) => c[Ioctls.SetMpState.State] == InitReceived && Of(n).MpStateReset;

    private static World Ran(in Node n) =>
        n.Vcpu.HasRun ? n.World : n.With(n.Vm with { Vcpus = n.Vm.Vcpus.With(n.Vcpu with { HasRun = true }) });
}
