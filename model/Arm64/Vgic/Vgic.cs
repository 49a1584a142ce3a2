using System.Collections.Immutable;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Arm64;

/// <summary>The interrupt controller's part of the common lists: what it refuses where other ioctls ask it.</summary>
public static class Vgic
{
    /// <summary>VGIC_V5_NR_PRIVATE_IRQS.</summary>
    public static readonly Limit Ppis = new("vgic-v5-ppis", "PPIs of a vGICv5 from here on are refused by KVM_IRQ_LINE");

    /// <summary>GICV5_ARCH_PPI_SW_PPI, where the host implements it.</summary>
    public static readonly Limit UserspacePpis = new("vgic-v5-userspace-ppis", "the PPIs of a vGICv5 that KVM_IRQ_LINE may drive, bit N for PPI N");

    /// <summary>What a VGIC with no number chosen has: 256 interrupts less the 32 private ones.</summary>
    private const ushort DefaultSharedInterrupts = 224;

    /// <summary>DEFAULT_MI_INTID, and the PPIs that the timers have.</summary>
    private const byte DefaultMaintenance = 25;

    private const string Dead = "the VM is dead: every ioctl on it, its vCPUs and its devices answers EIO";
    private const string Mapped = "the interrupt controller is in place as after a run, and the ID registers tell of it";

    /// <summary>What KVM_CREATE_VCPU asks before the architecture's own limit.</summary>
    public static readonly ImmutableArray<Rule> CreateVcpu =
        [Refuse(EBUSY, "vgic.create-vcpu.initialized", (in n, in c) => Of(n).Vgic is { Initialized: true })];

    /// <summary>What KVM_CREATE_VCPU asks once the number is one that the VM may have: the place of its redistributor.</summary>
    public static readonly ImmutableArray<Rule> CreateRedistributor =
        [Refuse(EINVAL, "vgic.create-vcpu.redistributor", (in n, in c) => Of(n).Vgic is { } vgic && Redistributors.HasRoom(vgic) && !Fits(n, vgic))];

    /// <summary>Until 7.2 a used id is noticed after the new vCPU has taken its redistributor, which nobody gives back.</summary>
    public static readonly Rule LateDuplicate = RefuseLeaving(EEXIST, "vgic.create-vcpu.exists", "a place for a redistributor is taken, though by no vCPU",
        (in n, in c) => Change(n, Of(n) with { Vgic = Redistributors.Take(Of(n).Vgic!) }),
        (in n, in c) => n.Vm.Vcpus.Has((uint)c[Ioctls.CreateVcpu.Id]) && Of(n).Vgic is { } vgic && Redistributors.HasRoom(vgic) && Fits(n, vgic));

    /// <summary>What the first KVM_RUN of a vCPU asks after INIT and FINALIZE were found done: kvm_vgic_map_resources, then nesting and timers.</summary>
    public static readonly ImmutableArray<Rule> FirstRun =
    [
        Kills(ENXIO, "vgic.run.redistributors", (in n, in vgic) => IsModel(vgic, VgicModel.V3) && vgic.Redistributors < n.Vm.Vcpus.Count()),
        Kills(ENXIO, "vgic.run.addresses", (in n, in vgic) => !IsModel(vgic, VgicModel.V5) && (vgic.Distributor == VgicState.NoAddress
            || (IsModel(vgic, VgicModel.V2) && vgic.CpuInterface == VgicState.NoAddress))),
        Kills(EINVAL, "vgic.run.overlap", (in n, in vgic) => IsModel(vgic, VgicModel.V2) ? FramesMeet(vgic) : IsModel(vgic, VgicModel.V3) && !Fits(n, vgic)),
        Kills(EBUSY, "vgic.run.not-initialized", (in n, in vgic) => !vgic.Initialized && !IsModel(vgic, VgicModel.V2)),
        RefuseLeaving(EAGAIN, "vgic.run.nested-without-vgic", Mapped, Ran, (in n, in c) => RunsNested(n) && Of(n).Vgic is null),
        RefuseLeaving(EINVAL, "vgic.run.nested-on-v5", Mapped, Ran, (in n, in c) => RunsNested(n) && IsModel(Of(n).Vgic, VgicModel.V5)),
        RefuseLeaving(EINVAL, "vgic.run.timers-of-v5", Mapped, Ran, TimersWrong),
        RefuseLeaving(EINVAL, "vgic.run.maintenance-of-timer", Mapped, Ran, (in n, in c) => RunsNested(n) && Of(n).MaintenanceInterrupt is 26 or 27 or 28 or 30),
    ];

    /// <summary>All operations of interrupt controllers.</summary>
    public static IEnumerable<Operation> Operations =>
        [.. VgicDevices.Operations, .. VgicAttributes.Operations, .. TranslationServices.Operations, LegacyAddresses.Set, .. IrqLines.Operations];

    public static IEnumerable<KeyValuePair<Limit, Bound>> Limits =>
    [
        new(VgicAttributes.LeastInterrupts, Bound.Fixed(64)),
        new(VgicAttributes.MostInterrupts, Bound.Fixed(1023)),
        new(Ppis, Bound.Fixed(64)),
        new(UserspacePpis, Bound.Probed(h => Arm64Host.Of(h).ImplementedPpis & SoftwarePpi, "PPI 3, where the host implements it")),
    ];

    /// <summary>GICV5_ARCH_PPI_SW_PPI, the only PPI that no device in the kernel drives.</summary>
    private const ulong SoftwarePpi = 1 << 3;

    /// <summary>True where the VM's controller is of that kind.</summary>
    public static bool IsModel(VgicState? vgic, VgicModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return vgic is not null && vgic.Model == model.Type.Value;
    }

    /// <summary>The interrupts that the controller has, the 32 private ones included.</summary>
    public static uint Interrupts(VgicState vgic)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        return 32u + vgic.SharedInterrupts;
    }

    /// <summary>What a new vCPU takes of the controller.</summary>
    public static Vm AfterVcpu(Vm vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        return vm.Architecture is Arm64State { Vgic: { Regions: not null } vgic } state
            ? vm with { Architecture = state with { Vgic = Redistributors.Serve(vgic, vm.Vcpus.Count()) } }
            : vm;
    }

    /// <summary>What a vCPU's first run leaves in the interrupt controller.</summary>
    public static Arm64State AfterRun(Arm64State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        bool nested = state.Has(VcpuFeatures.HasEl2) && state.MaintenanceInterrupt == 0;
        return state with
        {
            Vgic = state.Vgic is { } vgic ? AfterInit(vgic, 0) with { Ready = true } : null,
            MaintenanceInterrupt = nested ? DefaultMaintenance : state.MaintenanceInterrupt,
        };
    }

    /// <summary>The same once the timers were found right.</summary>
    public static Arm64State AfterTimers(Arm64State state)
    {
        Arm64State ran = AfterRun(state);
        return IsModel(ran.Vgic, VgicModel.V5) ? ran with { Vgic = ran.Vgic! with { TimersFixed = true } } : ran;
    }

    /// <summary>Until 7.2 the first timer whose interrupt is wrong has become its owner when that is found.</summary>
    public static World RanAndTaken(in Node n, in Call c)
    {
        Arm64Vcpu vcpu = VcpuOf(n);
        Arm64State ran = IdRegisters.Completed(n, AfterRun(Of(n)));
        bool taken = vcpu.PmuInterruptTaken || (!vcpu.Pmu && Of(n).Vgic!.Timers.FirstWrong == TimerInterrupts.Pmu);
        return Change(n, ran with { Vcpus = ran.Vcpus.With(vcpu with { PmuInterruptTaken = taken }) });
    }

    /// <summary>vgic_init: what an initialised controller has; one that is initialised stays as it is.</summary>
    public static VgicState AfterInit(VgicState vgic, ulong userspacePpis)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        return vgic.Initialized ? vgic : vgic with
        {
            Initialized = true,
            SharedInterrupts = IsModel(vgic, VgicModel.V5) ? (ushort)0 : vgic.SharedInterrupts == 0 ? DefaultSharedInterrupts : vgic.SharedInterrupts,
            UserspacePpis = userspacePpis,
        };
    }

    /// <summary>A vGICv2 after it was used; others need an attribute to be initialised.</summary>
    public static VgicState AfterUse(VgicState vgic) => IsModel(vgic, VgicModel.V2) ? AfterInit(vgic, 0) : vgic;

    /// <summary>The world after a vGICv2 was used that nobody had initialised; others need an attribute for it.</summary>
    public static World UsedLazily(in Node n) => Of(n).Vgic is { Initialized: false } vgic && IsModel(vgic, VgicModel.V2)
        ? Change(n, Of(n) with { Vgic = AfterInit(vgic, 0) })
        : n.World;

    /// <summary>True where the controller needs an attribute to be initialised, and nobody has set it.</summary>
    public static bool IsUninitialized(in Node n) => Of(n).Vgic is { Initialized: false } vgic && !IsModel(vgic, VgicModel.V2);

    private delegate bool Finds(in Node n, in VgicState vgic);

    /// <summary>A check of the first run of any vCPU in the VM.</summary>
    private static Rule Kills(Errno errno, string id, Finds finds) => RefuseLeaving(errno, id, Dead,
        (in n, in c) => n.With(n.Vm with { Dead = true }),
        (in n, in c) => !n.Vcpu.HasRun && Of(n).Vgic is { Ready: false } vgic && finds(n, vgic));

    private static World Ran(in Node n, in Call c) => Change(n, IdRegisters.Completed(n, AfterRun(Of(n))));

    private static bool TimersWrong(in Node n, in Call c) =>
        !n.Vcpu.HasRun && IsModel(Of(n).Vgic, VgicModel.V5) && !Of(n).Vgic!.Timers.CanRun;

    private static bool RunsNested(in Node n) => !n.Vcpu.HasRun && Of(n).Has(VcpuFeatures.HasEl2);

    private static bool Fits(in Node n, VgicState vgic) => Redistributors.Fit(vgic, Arm64Memory.IpaEnd(n), n.Vm.Vcpus.Count());

    private static bool FramesMeet(VgicState vgic) =>
        vgic.Distributor + VgicModel.V2.Addresses[0].Size > vgic.CpuInterface && vgic.CpuInterface + VgicModel.V2.Addresses[1].Size > vgic.Distributor;
}
