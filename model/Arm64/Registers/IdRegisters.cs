using static KvmSpec.Model.Arm64.IdRegisterTable;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// The values that a VM's ID registers have. The first KVM_ARM_VCPU_INIT gives each its limit: what the host can give,
/// without what the VM's features leave out. Only differences from that are kept.
/// </summary>
public static class IdRegisters
{
    private const int GicShift = 24;
    private const int GcieShift = 12;
    private const int Aarch32GicShift = 28;
    private const ulong Nibble = 0xf;

    /// <summary>Where the tag type of CLIDR_EL1's cache levels lies: zero without MTE.</summary>
    private const ulong TagTypes = 0x0000_7ffe_0000_0000;

    /// <summary>The most that a VM's register may show: its value after the first INIT, and what writes are held against.</summary>
    public static ulong Limit(in Node n, IdRegister register) => Limit(n.Host, Arm64State.Of(n), register);

    /// <inheritdoc cref="Limit(in Node, IdRegister)"/>
    public static ulong Limit(Host host, Arm64State state, IdRegister register)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(register);
        Arm64Host known = Arm64Host.Of(host);
        bool nested = state.Has(VcpuFeatures.HasEl2);
        ulong limit = known.Register(register, nested);
        if (!state.Has(VcpuFeatures.Sve))
        {
            limit = register == Zfr0 ? 0 : limit & ~register.Needing(FieldNeed.Sve);
        }

        if (!state.Has(VcpuFeatures.PointerAuthentication))
        {
            limit &= ~register.Needing(FieldNeed.PointerAuthentication);
        }

        if (!state.Has(VcpuFeatures.PmuV3))
        {
            limit &= ~register.Needing(FieldNeed.Pmu);
        }

        if (!state.Mte)
        {
            limit &= ~(register == Clidr ? TagTypes : register.Needing(FieldNeed.Mte));
        }

        if (nested && state.Has(VcpuFeatures.HasEl2E2H0))
        {
            limit = register == Mmfr4 ? 0 : limit & ~register.Needing(FieldNeed.VirtualizationHostExtensions);
        }

        return limit;
    }

    /// <summary>What KVM_GET_ONE_REG answers for a register that the VM's vCPUs share.</summary>
    public static ulong Value(in Node n, IdRegister register) => Value(n, Arm64State.Of(n), register);

    /// <summary>What a write is taken for: values that older kernels showed are stored as what this one shows.</summary>
    public static ulong Normalized(in Node n, IdRegister register, ulong value)
    {
        ArgumentNullException.ThrowIfNull(register);
        Arm64Host known = Arm64Host.Of(n.Host);
        Arm64State state = Arm64State.Of(n);
        if (register.IgnoredAsHardware != 0 && (value & register.IgnoredAsHardware) == (known.Ignored(register) & register.IgnoredAsHardware))
        {
            value &= ~register.IgnoredAsHardware;
        }

        if (register.ImplementationDefined != 0 && (value & register.ImplementationDefined) == register.ImplementationDefined)
        {
            value &= ~register.ImplementationDefined;
        }

        if (register == Pfr1 && n[Release] >= IdField.Since618)
        {
            value = WithTagFraction(known, value);
        }

        return register == Dfr0 && state.Has(VcpuFeatures.HasEl2) && n[Release] >= IdField.Since618 ? WithoutDoubleLock(known, value) : value;
    }

    /// <summary>The state after a write that was accepted.</summary>
    public static Arm64State Stored(Host host, Arm64State state, IdRegister register, ulong value)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(register);
        return state with
        {
            Registers = value == Limit(host, state, register)
                ? state.Registers.Without(register.Index)
                : state.Registers.With(new RegisterValue(register.Index, value)),
        };
    }

    /// <summary>
    /// The state with the fields that tell of an interrupt controller as the one that the VM has demands. Before the first
    /// INIT there is nothing to change: INIT gives the registers what the host has.
    /// </summary>
    /// <param name="n">Where a call meets the model.</param>
    /// <param name="state">The VM's state.</param>
    public static Arm64State WithController(in Node n, Arm64State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        bool system = Vgic.IsModel(state.Vgic, VgicModel.V3);
        bool five = Vgic.IsModel(state.Vgic, VgicModel.V5);
        if (!state.Configured)
        {
            return state;
        }

        state = With(n, state, Pfr0, GicShift, system);
        state = With(n, state, Pfr2, GcieShift, five);
        return With(n, state, Aarch32Pfr1, Aarch32GicShift, system && Arm64Host.Of(n.Host).HasAarch32);
    }

    /// <summary>What a vCPU's first run makes of the ID registers: kvm_finalize_sys_regs. Later runs change nothing.</summary>
    public static Arm64State Completed(in Node n, Arm64State state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.HasRun)
        {
            return state;
        }

        bool told = n[Release] >= IdField.Since618;
        if (state.Vgic is null || n[Release] >= IdField.Since71 || (!told && !Vgic.IsModel(state.Vgic, VgicModel.V3)))
        {
            state = WithController(n, state);
        }

        return n[Release] >= IdField.Since73 ? WithDependencies(n, state) : state;
    }

    /// <summary>Permission indirection and overlays are cleared where what they build on was taken away.</summary>
    private static Arm64State WithDependencies(in Node n, Arm64State state)
    {
        ulong features = Value(n, state, Mmfr3);
        bool extended = ExtendedControl.Of(features) != 0 && Translation.Of(Value(n, state, Isar2)) != 0;
        if (!extended)
        {
            features &= ~Indirection.Mask;
        }

        if (!extended || Hierarchy.Of(Value(n, state, Mmfr1)) == 0)
        {
            features &= ~Overlay.Mask;
        }

        return Stored(n.Host, state, Mmfr3, features);
    }

    private static ulong Value(in Node n, Arm64State state, IdRegister register)
    {
        ArgumentNullException.ThrowIfNull(register);
        return state.Registers.TryFind(register.Index, out RegisterValue stored) ? stored.Value : Limit(n.Host, state, register);
    }

    private static Arm64State With(in Node n, Arm64State state, IdRegister register, int shift, bool there) =>
        Stored(n.Host, state, register, (Value(n, state, register) & ~(Nibble << shift)) | ((there ? 1UL : 0) << shift));

    /// <summary>MTE_frac was hidden once: 0 is taken where the hardware has MTE2 without asynchronous faults.</summary>
    private static ulong WithTagFraction(Arm64Host known, ulong value)
    {
        ulong hardware = known.Register(Pfr1, false);
        bool hidden = Tags.Of(hardware) == 2 && TagFraction.Of(hardware) == -1 && TagFraction.Of(value) == 0;
        return hidden ? value | TagFraction.Mask : value;
    }

    /// <summary>Nested VMs were once shown a DoubleLock that the hardware lacks.</summary>
    private static ulong WithoutDoubleLock(Arm64Host known, ulong value) =>
        DoubleLock.Of(known.Register(Dfr0, false)) == -1 && DoubleLock.Of(value) == 0 ? value | DoubleLock.Mask : value;

    private static readonly IdField Tags = Pfr1.Field("MTE");
    private static readonly IdField TagFraction = Pfr1.Field("MTE_frac");
    private static readonly IdField DoubleLock = Dfr0.Field("DoubleLock");
    private static readonly IdField ExtendedControl = Mmfr3.Field("TCRX");
    private static readonly IdField Indirection = Mmfr3.Field("S1PIE");
    private static readonly IdField Overlay = Mmfr3.Field("S1POE");
    private static readonly IdField Translation = Isar2.Field("ATS1A");
    private static readonly IdField Hierarchy = Mmfr1.Field("HPDS");
}
