namespace KvmSpec.Model.Arm64;

/// <summary>Which of two values of a field is safe to show to a guest, by the kernel's names (enum ftr_type).</summary>
public enum SafeValue : byte
{
    /// <summary>FTR_LOWER_SAFE: the lower one.</summary>
    Lower,

    /// <summary>FTR_HIGHER_SAFE: the higher one.</summary>
    Higher,

    /// <summary>FTR_HIGHER_OR_ZERO_SAFE: the higher one, or 0 where either is 0.</summary>
    HigherOrZero,

    /// <summary>FTR_EXACT: the limit itself, or the one value that the table names.</summary>
    Exact,
}

/// <summary>What a VM must have for a field to be anything but zero.</summary>
public enum FieldNeed : byte
{
    Nothing,

    /// <summary>KVM_ARM_VCPU_SVE.</summary>
    Sve,

    /// <summary>KVM_ARM_VCPU_PTRAUTH_ADDRESS and _GENERIC.</summary>
    PointerAuthentication,

    /// <summary>KVM_ARM_VCPU_PMU_V3.</summary>
    Pmu,

    /// <summary>KVM_CAP_ARM_MTE.</summary>
    Mte,

    /// <summary>Not KVM_ARM_VCPU_HAS_EL2 with KVM_ARM_VCPU_HAS_EL2_E2H0.</summary>
    VirtualizationHostExtensions,
}

/// <summary>Values of a field that a write may give, though the field is stored as 0: older kernels showed them.</summary>
public enum IgnoredValue : byte
{
    None,

    /// <summary>What the hardware has.</summary>
    AsHardware,

    /// <summary>0xf: an implementation defined PMU.</summary>
    ImplementationDefined,
}

/// <summary>A field of an ID register: one row of the table, to be read beside the architecture's manual.</summary>
public sealed record IdField
{
    /// <summary>Written in no release: the value is the limit's.</summary>
    public const byte Never = byte.MaxValue;

    /// <summary>Written in all modelled releases, from 6.12 on.</summary>
    public const byte Always = 1;

    public const byte Since618 = 2;
    public const byte Since71 = 3;
    public const byte Since72 = 4;

    /// <summary>The newest table: no field is new in it, but a first run clears fields that lack what they build on.</summary>
    public const byte Since73 = 5;

    public const FieldNeed Sve = FieldNeed.Sve;
    public const FieldNeed PointerAuthentication = FieldNeed.PointerAuthentication;
    public const FieldNeed Pmu = FieldNeed.Pmu;
    public const FieldNeed Mte = FieldNeed.Mte;
    public const FieldNeed VirtualizationHostExtensions = FieldNeed.VirtualizationHostExtensions;
    public const IgnoredValue AsHardware = IgnoredValue.AsHardware;
    public const IgnoredValue ImplementationDefined = IgnoredValue.ImplementationDefined;

    /// <summary>The manual's name.</summary>
    public required string Name { get; init; }

    /// <summary>The lowest bit.</summary>
    public required int Shift { get; init; }

    /// <summary>Bits.</summary>
    public int Width { get; init; } = 4;

    /// <summary>True where the values are compared as signed numbers of the width.</summary>
    public bool Signed { get; init; }

    public SafeValue Type { get; init; }

    /// <summary>For <see cref="SafeValue.Exact"/>: the value that is safe whatever the limit.</summary>
    public int Safe { get; init; }

    /// <summary>The first release, by <see cref="IdRegisterTable.Release"/>, in which userspace may write it.</summary>
    public byte WritableSince { get; init; } = Always;

    /// <summary>Values below this are refused, also once the VM has run.</summary>
    public int Minimum { get; init; }

    /// <summary>The first release with the minimum.</summary>
    public byte MinimumSince { get; init; } = Always;

    /// <summary>The feature without which there is no minimum.</summary>
    public VcpuFeatures MinimumWith { get; init; }

    /// <summary>True where 0 is accepted below the minimum.</summary>
    public bool OrZero { get; init; }

    public FieldNeed Needs { get; init; }

    public IgnoredValue Ignored { get; init; }

    /// <summary>The field's bits in the register.</summary>
    public ulong Mask => ((1UL << Width) - 1) << Shift;

    public static IdField Lower(
        string name, int shift, int width = 4, byte writable = Always, int minimum = 0, byte minimumSince = Always,
        VcpuFeatures minimumWith = VcpuFeatures.None, bool orZero = false, FieldNeed needs = FieldNeed.Nothing, IgnoredValue ignored = IgnoredValue.None) => new()
        {
            Name = name,
            Shift = shift,
            Width = width,
            WritableSince = writable,
            Minimum = minimum,
            MinimumSince = minimumSince,
            MinimumWith = minimumWith,
            OrZero = orZero,
            Needs = needs,
            Ignored = ignored,
        };

    public static IdField SignedLower(string name, int shift, byte writable = Always, FieldNeed needs = FieldNeed.Nothing) =>
        Lower(name, shift, writable: writable, needs: needs) with { Signed = true };

    public static IdField Higher(string name, int shift) => Lower(name, shift) with { Type = SafeValue.Higher };

    public static IdField HigherOrZero(string name, int shift, byte writable = Always) =>
        Lower(name, shift, writable: writable) with { Type = SafeValue.HigherOrZero };

    public static IdField Exact(
        string name, int shift, int safe, int width = 4, byte writable = Always, int minimum = 0, byte minimumSince = Always, FieldNeed needs = FieldNeed.Nothing) =>
        Lower(name, shift, width, writable, minimum, minimumSince, needs: needs) with { Type = SafeValue.Exact, Safe = safe };

    /// <summary>The field's value in a register.</summary>
    public int Of(ulong register)
    {
        int value = (int)((register >> Shift) & ((1UL << Width) - 1));
        return Signed && value >> (Width - 1) != 0 ? value - (1 << Width) : value;
    }

    /// <summary>True where a guest may be shown this value instead of the limit (arm64_ftr_safe_value).</summary>
    public bool Accepts(ulong value, ulong limit)
    {
        int asked = Of(value);
        int most = Of(limit);
        return asked == most || Type switch
        {
            SafeValue.Lower => asked < most,
            SafeValue.Higher => asked > most,
            SafeValue.HigherOrZero => asked == 0 || (most != 0 && asked > most),
            _ => asked == Safe,
        };
    }

    /// <summary>True where the value is below what a special setter demands.</summary>
    public bool IsBelowMinimum(ulong value, VcpuFeatures features, ulong release) =>
        Minimum > 0 && Of(value) < Minimum && release >= MinimumSince && (MinimumWith == VcpuFeatures.None || (features & MinimumWith) != 0)
            && !(OrZero && Of(value) == 0);
}
