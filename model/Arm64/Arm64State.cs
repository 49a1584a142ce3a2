namespace KvmSpec.Model.Arm64;

/// <summary>What a vCPU keeps that later calls can tell. One that KVM_ARM_VCPU_INIT has not seen has no entry.</summary>
/// <param name="Id">What KVM_CREATE_VCPU was given.</param>
public readonly record struct Arm64Vcpu(uint Id) : IKeyed
{
    public uint Key => Id;

    /// <summary>True once KVM_ARM_VCPU_INIT has succeeded.</summary>
    public bool Initialized { get; init; }

    /// <summary>True once KVM_ARM_VCPU_FINALIZE fixed the vector lengths.</summary>
    public bool Finalized { get; init; }

    /// <summary>The longest vector in units of 128 bits that SVE_VLS chose; 0 is the host's longest.</summary>
    public byte VectorQuads { get; init; }

    /// <summary>True once the vCPU's PMU was initialised by attribute.</summary>
    public bool Pmu { get; init; }

    /// <summary>True once the vCPU's PMU has the interrupt that it has on a vGICv5; those on older controllers are not modelled.</summary>
    public bool PmuInterrupt { get; init; }

    /// <summary>Until 7.2, true once a timer has the interrupt of the vCPU's PMU for good.</summary>
    public bool PmuInterruptTaken { get; init; }

    /// <summary>Where the vCPU's stolen time is told, where somebody asked for it.</summary>
    public ulong? StolenTime { get; init; }

    /// <summary>What was written to MPIDR_EL1, where something was.</summary>
    public ulong? Mpidr { get; init; }

    /// <summary>Only where ID registers are each vCPU's own, as in the posting of 2021: those whose value is not their limit.</summary>
    public Chain<RegisterValue>? Registers { get; init; }

    /// <summary>What was written to CLIDR_EL1, where something was.</summary>
    public ulong? Clidr { get; init; }
}

/// <summary>The value of a register that is not what it was made with.</summary>
/// <param name="Register">The register's index in its table.</param>
/// <param name="Value">What a read answers.</param>
public readonly record struct RegisterValue(uint Register, ulong Value) : IKeyed
{
    public uint Key => Register;
}

/// <summary>What an arm64 VM keeps that later calls can tell.</summary>
public sealed record Arm64State : ArchitectureState
{
    public static readonly Arm64State New = new();

    /// <summary>The feature bits of the last KVM_ARM_VCPU_INIT that came so far as to store them.</summary>
    public ushort Features { get; init; }

    /// <summary>True once an INIT has succeeded: the features are those of every vCPU, and the ID registers have values.</summary>
    public bool Configured { get; init; }

    /// <summary>True once a vCPU has run: the ID registers can no longer change.</summary>
    public bool HasRun { get; init; }

    /// <summary>KVM_CAP_ARM_MTE is enabled.</summary>
    public bool Mte { get; init; }

    /// <summary>KVM_CAP_ARM_WRITABLE_IMP_ID_REGS is enabled.</summary>
    public bool WritableImplementation { get; init; }

    /// <summary>What KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE was set to, in bytes.</summary>
    public ulong ChunkSize { get; init; }

    /// <summary>The ID registers whose value is not their limit.</summary>
    public Chain<RegisterValue>? Registers { get; init; }

    /// <summary>The vCPUs that INIT has seen.</summary>
    public Chain<Arm64Vcpu>? Vcpus { get; init; }

    /// <summary>The in-kernel interrupt controller; <c>null</c> where there is none.</summary>
    public VgicState? Vgic { get; init; }

    /// <summary>The interrupt translation services, which need no controller.</summary>
    public Chain<TranslationService>? Services { get; init; }

    /// <summary>The maintenance interrupt of nested virtualization; 0 while nobody has chosen one.</summary>
    public byte MaintenanceInterrupt { get; init; }

    /// <summary>The state of an arm64 VM.</summary>
    public static Arm64State Of(in Node n) => n.Vm.Architecture as Arm64State ?? New;

    /// <summary>What the vCPU behind the descriptor keeps.</summary>
    public static Arm64Vcpu VcpuOf(in Node n) => Of(n).Vcpus.TryFind(n.Object, out Arm64Vcpu vcpu) ? vcpu : new Arm64Vcpu(n.Object);

    /// <summary>The world with this VM's arm64 state changed.</summary>
    public static World Change(in Node n, Arm64State state) => n.With(n.Vm with { Architecture = state });

    /// <summary>The world with the vCPU behind the descriptor changed.</summary>
    public static World Change(in Node n, Arm64Vcpu vcpu) => Change(n, Of(n) with { Vcpus = Of(n).Vcpus.With(vcpu) });

    /// <summary>True where the features in force include this one.</summary>
    public bool Has(VcpuFeatures feature) => (Features & (ushort)feature) != 0;
}
