using System.Collections.Immutable;

namespace KvmSpec.Model.Arm64;

/// <summary>How a register of the feature ID space is stored and written.</summary>
public enum IdRegisterKind : byte
{
    /// <summary>One value for the VM, field by field below its limit.</summary>
    Feature,

    /// <summary>The same for AArch32; without 32-bit EL0 it reads as zero and ignores writes.</summary>
    Aarch32,

    /// <summary>Unallocated or hidden: reads as zero and takes nothing else.</summary>
    Zero,

    /// <summary>MIDR_EL1, REVIDR_EL1, AIDR_EL1: one value for the VM, any within a mask where a capability allows it.</summary>
    Implementation,

    /// <summary>MPIDR_EL1: each vCPU's own, any value at any time.</summary>
    Affinity,

    /// <summary>CLIDR_EL1: each vCPU's own, any that fits the host's caches, at any time.</summary>
    CacheLevels,
}

/// <summary>A register of the feature ID space: op0 3, op1 0, 1 or 3, CRn 0, CRm up to 7.</summary>
public sealed class IdRegister
{
    private readonly ulong[] writable;
    private readonly ulong[] masks;
    private readonly ulong[] needs;

    private IdRegister(string name, int encoding, IdRegisterKind kind, ReadOnlySpan<ulong> masks, ImmutableArray<IdField> fields)
    {
        Symbol = new Symbol(name, IdRegisterTable.Prefix | (uint)encoding);
        Encoding = encoding;
        Kind = kind;
        Fields = fields;
        this.masks = new ulong[IdField.Since73 + 1];
        writable = new ulong[IdField.Since73 + 1];
        for (int release = 1; release <= IdField.Since73; release++)
        {
            this.masks[release] = masks[Math.Min(release, masks.Length) - 1];
            writable[release] = Union(f => f.WritableSince <= release);
        }

        needs = [.. Enum.GetValues<FieldNeed>().Select(need => need == FieldNeed.Nothing ? 0 : Union(f => f.Needs == need))];
        IgnoredAsHardware = Union(f => f.Ignored == IgnoredValue.AsHardware);
        ImplementationDefined = Union(f => f.Ignored == IgnoredValue.ImplementationDefined);
    }

    /// <summary>The manual's name, and the id that KVM_GET_ONE_REG takes.</summary>
    public Symbol Symbol { get; }

    /// <summary>op0, op1, CRn, CRm and op2 as they stand in the lower 16 bits of the id.</summary>
    public int Encoding { get; }

    public IdRegisterKind Kind { get; }

    public ImmutableArray<IdField> Fields { get; }

    /// <summary>Its index in the table.</summary>
    public uint Index { get; internal set; }

    /// <summary>Fields that a write may give as the hardware has them, and that are stored as 0.</summary>
    public ulong IgnoredAsHardware { get; }

    /// <summary>Fields where a write may say 0xf, stored as 0.</summary>
    public ulong ImplementationDefined { get; }

    /// <summary>What KVM_ARM_GET_REG_WRITABLE_MASKS says of it.</summary>
    /// <param name="release">The table's release.</param>
    public ulong Mask(ulong release) => masks[Math.Min((int)release, IdField.Since73)];

    /// <summary>The bits of the fields that can be written in fact: all others must be the limit's.</summary>
    /// <param name="release">The table's release.</param>
    public ulong Writable(ulong release) => writable[Math.Min((int)release, IdField.Since73)];

    /// <summary>The bits that are zero without something.</summary>
    public ulong Needing(FieldNeed need) => needs[(int)need];

    internal static IdRegister Feature(string name, int encoding, ReadOnlySpan<ulong> masks, ImmutableArray<IdField> fields) =>
        new(name, encoding, IdRegisterKind.Feature, masks, fields);

    internal static IdRegister Aarch32(string name, int encoding, ImmutableArray<IdField> fields) =>
        new(name, encoding, IdRegisterKind.Aarch32, [uint.MaxValue], fields);

    internal static IdRegister Zero(string name, int encoding) => new(name, encoding, IdRegisterKind.Zero, [0], []);

    internal static IdRegister Other(string name, int encoding, IdRegisterKind kind, params ReadOnlySpan<ulong> masks) => new(name, encoding, kind, masks, []);

    /// <inheritdoc/>
    public override string ToString() => Symbol.Name;

    private ulong Union(Func<IdField, bool> chosen) => Fields.Where(chosen).Aggregate(0UL, (bits, field) => bits | field.Mask);
}
