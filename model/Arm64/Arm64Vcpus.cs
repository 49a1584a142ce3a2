using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Arm64;

/// <summary>Creating and running vCPUs, and the states a vCPU can be put into.</summary>
public static class Arm64Vcpus
{
    /// <summary>KVM_MP_STATE_RUNNABLE.</summary>
    public const byte Runnable = 0;

    /// <summary>KVM_MP_STATE_STOPPED.</summary>
    public const byte Stopped = 5;

    /// <summary>KVM_MP_STATE_SUSPENDED.</summary>
    public const byte Suspended = 10;

    /// <summary>Refuses what only an initialised vCPU can do, before anything of the argument is read.</summary>
    public static readonly Rule NotInitialized =
        Refuse(ENOEXEC, "arm64.vcpu.not-initialized", (in n, in c) => !VcpuOf(n).Initialized, stops: true);

    /// <summary>kvm_arch_vcpu_precreate.</summary>
    public static readonly ImmutableArray<Rule> Create =
    [
        .. Vgic.CreateVcpu,
        Refuse(EINVAL, "arm64.create-vcpu.id-limit-of-vm", (in n, in c) => c[Ioctls.CreateVcpu.Id] >= VcpuLimit(n)),
        .. Vgic.CreateRedistributor,
    ];

    /// <summary>kvm_arch_vcpu_run_pid_change, then the way out before the guest is entered.</summary>
    public static readonly ImmutableArray<Rule> Run =
    [
        NotInitialized,
        Refuse(EPERM, "arm64.run.not-finalized", (in n, in c) => IsUnfinalized(n), stops: true),
        .. Vgic.FirstRun,
        RefuseLeaving(EINVAL, "arm64.run.pmu-not-created", "the ID registers tell of the interrupt controller that the VM has",
            HasPassedTimers,
            (in n, in c) => !n.Vcpu.HasRun && Of(n).Has(VcpuFeatures.PmuV3) && !VcpuOf(n).Pmu),
        RefuseLeaving(EINVAL, "arm64.run.pmu-without-interrupt", "the ID registers tell of the interrupt controller that the VM has",
            HasPassedTimers,
            (in n, in c) => !n.Vcpu.HasRun && VcpuOf(n) is { Pmu: true, PmuInterrupt: false } && Of(n).Vgic is not null),
        RefuseLeaving(EINTR, "arm64.run.immediate-exit", "the vCPU counts as having run, and so does the VM",
            (in n, in c) => HasRun(n), (in n, in c) => c[Ioctls.Run.ImmediateExit] != 0),
        LeaveOpen("run.guest"),
    ];

    public static readonly ImmutableArray<Rule> GetMpState =
    [
        Refuse(EFAULT, "get-mp-state.unwritable", (in n, in c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size)),
        Answer("get-mp-state.answer", [new(Ioctls.GetMpState.State, (in n, in c) => n.Vcpu.MpState)]),
    ];

    public static readonly ImmutableArray<Rule> SetMpState =
    [
        Refuse(EINVAL, "set-mp-state.unknown", (in n, in c) => c[Ioctls.SetMpState.State] is not (Runnable or Stopped or Suspended)),
        Accept("set-mp-state.set", (in n, in c) => n.With(WithState(n.Vm, n.Vcpu, (byte)c[Ioctls.SetMpState.State]))),
    ];

    /// <summary>True where SVE is on and its vector lengths can still change.</summary>
    public static bool IsUnfinalized(in Node n) => Of(n).Has(VcpuFeatures.Sve) && !VcpuOf(n).Finalized;

    /// <summary>The VM with another state of one of its vCPUs.</summary>
    public static Vm WithState(Vm vm, Vcpu vcpu, byte state)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return vm with { Vcpus = vm.Vcpus.With(vcpu with { MpState = state }) };
    }

    private static ulong VcpuLimit(in Node n) => n.Vm.MaxVcpus == 0 ? n[CommonLimits.Vcpus] : n.Vm.MaxVcpus;

    private static World HasPassedTimers(in Node n, in Call c) => Change(n, IdRegisters.Completed(n, Vgic.AfterTimers(Of(n))));

    private static World HasRun(in Node n) => n.With(n.Vm with
    {
        Vcpus = n.Vm.Vcpus.With(n.Vcpu with { HasRun = true }),
        Architecture = n.Vcpu.HasRun ? Of(n) : IdRegisters.Completed(n, Vgic.AfterTimers(Of(n))) with { HasRun = true },
    });
}
