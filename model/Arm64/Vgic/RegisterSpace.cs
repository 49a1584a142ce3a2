using System.Collections.Immutable;

namespace KvmSpec.Model.Arm64;

/// <summary>Registers beside each other in a frame: where they begin, how far they reach, and how many bits each interrupt has in them.</summary>
/// <param name="Offset">Bytes from the frame's start.</param>
/// <param name="Length">Bytes; for registers with bits for each interrupt those of 1024 interrupts.</param>
/// <param name="BitsPerInterrupt">0 where they are about no interrupt.</param>
public readonly record struct RegisterRange(uint Offset, uint Length, uint BitsPerInterrupt = 0)
{
    private const uint MostInterrupts = 1024;

    /// <summary>Registers with so many bits for each of 1024 interrupts.</summary>
    public static RegisterRange ForEach(uint offset, uint bits) => new(offset, bits * MostInterrupts / 8, bits);

    /// <summary>True where the word at that offset exists in a controller of so many interrupts.</summary>
    public bool Holds(ulong offset, uint interrupts) => offset >= Offset && offset < Offset + Length
        && (BitsPerInterrupt == 0 || (offset - Offset) * 8 / BitsPerInterrupt < interrupts);
}

/// <summary>The registers that userspace can save and restore, by the kernel's tables.</summary>
public static class RegisterSpace
{
    /// <summary>GICD_IIDR, at the same place in both architectures.</summary>
    public const ulong Identification = 8;

    /// <summary>GICD_TYPER2.</summary>
    public const ulong Type2 = 0xc;

    public static readonly ImmutableArray<RegisterRange> DistributorOfV2 =
    [
        new(0, 12),
        .. PerInterrupt,
        new(0xf00, 4), new(0xf10, 16), new(0xf20, 16),
    ];

    public static readonly ImmutableArray<RegisterRange> CpuInterfaceOfV2 =
        [new(0, 4), new(4, 4), new(8, 4), new(0x1c, 4), new(0xd0, 16), new(0xfc, 4), new(0x1000, 4)];

    /// <summary>Until 6.18 a vGICv2 had no GICC_DIR.</summary>
    public static readonly ImmutableArray<RegisterRange> CpuInterfaceWithoutDeactivation = CpuInterfaceOfV2.RemoveAt(CpuInterfaceOfV2.Length - 1);

    public static readonly ImmutableArray<RegisterRange> DistributorOfV3 =
    [
        new(0, 16), new(0x10, 4),
        .. PerInterrupt,
        RegisterRange.ForEach(0xd00, 1), RegisterRange.ForEach(0x6000, 64), new(0xffd0, 48),
    ];

    public static readonly ImmutableArray<RegisterRange> RedistributorOfV3 =
    [
        new(0, 4), new(0x10, 4), new(4, 4), new(8, 8), new(0x14, 4), new(0x70, 8), new(0x78, 8), new(0xa0, 8), new(0xb0, 8), new(0xc0, 4), new(0xffd0, 48),
        new(0x10080, 4), new(0x10100, 4), new(0x10180, 4), new(0x10200, 4), new(0x10280, 4), new(0x10300, 4), new(0x10380, 4), new(0x10400, 32),
        new(0x10c00, 8), new(0x10d00, 4), new(0x10e00, 4),
    ];

    public static readonly ImmutableArray<RegisterRange> TranslationService =
        [new(0, 4), new(4, 4), new(8, 8), new(0x80, 8), new(0x88, 8), new(0x90, 8), new(0x100, 0x40), new(0xffd0, 48)];

    /// <summary>The registers that both versions' distributors have for each interrupt: groups, enables, pending, active, priorities, targets, triggers.</summary>
    private static ImmutableArray<RegisterRange> PerInterrupt =>
    [
        RegisterRange.ForEach(0x80, 1), RegisterRange.ForEach(0x100, 1), RegisterRange.ForEach(0x180, 1), RegisterRange.ForEach(0x200, 1), RegisterRange.ForEach(0x280, 1),
        RegisterRange.ForEach(0x300, 1), RegisterRange.ForEach(0x380, 1), RegisterRange.ForEach(0x400, 8), RegisterRange.ForEach(0x800, 8), RegisterRange.ForEach(0xc00, 2),
    ];

    /// <summary>True where an aligned word at that offset is one of the registers.</summary>
    public static bool Has(ImmutableArray<RegisterRange> registers, ulong offset, uint interrupts)
    {
        foreach (RegisterRange range in registers)
        {
            if (range.Holds(offset, interrupts))
            {
                return offset % 4 == 0;
            }
        }

        return false;
    }

    private const uint FirstSystemRegister = 0xc230;

    /// <summary>
    /// The system registers of a vGICv3's CPU interface as KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS spells them, op0 to op2 in 16 bits:
    /// ICC_PMR, BPR0, BPR1, CTLR, SRE, IGRPEN0, IGRPEN1, and the first active-priority registers.
    /// </summary>
    public static bool IsCpuRegister(ulong instruction) => (instruction & 0xffff) is FirstSystemRegister or 0xc643 or 0xc663 or 0xc664 or 0xc665 or 0xc666 or 0xc667 or 0xc644 or 0xc648;

    /// <summary>The further active-priority registers, which a host has or not by how many priorities it knows.</summary>
    public static bool IsFurtherPriority(ulong instruction) => (instruction & 0xffff) is (>= 0xc645 and <= 0xc647) or (>= 0xc649 and <= 0xc64b);

    /// <summary>The registers of a nested hypervisor's CPU interface: ICH_* and ICC_SRE_EL2.</summary>
    public static bool IsHypervisorRegister(ulong instruction) => (instruction & 0xffff) is (>= 0xe640 and <= 0xe643) or (>= 0xe648 and <= 0xe64b)
        or 0xe64d or 0xe658 or 0xe659 or 0xe65f or (>= 0xe660 and <= 0xe66f);
}
