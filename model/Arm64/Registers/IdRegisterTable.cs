using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>All registers of the feature ID space that KVM_GET_ONE_REG knows.</summary>
public static class IdRegisterTable
{
    /// <summary>KVM_REG_ARM64, KVM_REG_SIZE_U64 and KVM_REG_ARM64_SYSREG: what a system register's id begins with.</summary>
    public const ulong Prefix = 0x6030_0000_0013_0000;

    /// <summary>Which fields can be written: 1 as in 6.12, 2 as in 6.18, 3 as in 7.1, 4 as in 7.2, 5 as in 7.3.</summary>
    public static readonly Limit Release = new("id-register-table", "the ID registers' table in force: 1 is 6.12's, 2 is 6.18's, 3 is 7.1's, 4 is 7.2's, 5 is 7.3's");

    /// <summary>CRn 0 of op0 3: everything else is no feature ID register.</summary>
    private const int FeatureIdSpace = 0xc000;
    private const ulong CacheLevelMask = 0x0000_7fff_ffff_ffff;

    public static readonly ImmutableArray<IdRegister> All = Numbered(
    [
        Other("MIDR_EL1", 0xc000, IdRegisterKind.Implementation, 0, uint.MaxValue),
        Other("MPIDR_EL1", 0xc005, IdRegisterKind.Affinity, 0),
        Other("REVIDR_EL1", 0xc006, IdRegisterKind.Implementation, 0, ulong.MaxValue),
        .. Aarch32Registers.Rows,
        .. ProcessorRegisters.Rows,
        .. DebugRegisters.Rows,
        .. InstructionRegisters.Rows,
        .. MemoryRegisters.Rows,
        Other("CLIDR_EL1", 0xc801, IdRegisterKind.CacheLevels, CacheLevelMask),
        Other("AIDR_EL1", 0xc807, IdRegisterKind.Implementation, 0, ulong.MaxValue),
    ]);

    private static readonly IdRegister?[] ByEncoding = Indexed();

    /// <summary>The registers' names and ids.</summary>
    public static IReadOnlyList<Symbol> Symbols { get; } = [.. All.Select(r => r.Symbol)];

    public static readonly IdRegister Pfr0 = Named("ID_AA64PFR0_EL1");
    public static readonly IdRegister Pfr1 = Named("ID_AA64PFR1_EL1");
    public static readonly IdRegister Pfr2 = Named("ID_AA64PFR2_EL1");
    public static readonly IdRegister Zfr0 = Named("ID_AA64ZFR0_EL1");
    public static readonly IdRegister Dfr0 = Named("ID_AA64DFR0_EL1");
    public static readonly IdRegister Dfr1 = Named("ID_AA64DFR1_EL1");
    public static readonly IdRegister Isar2 = Named("ID_AA64ISAR2_EL1");
    public static readonly IdRegister Mmfr0 = Named("ID_AA64MMFR0_EL1");
    public static readonly IdRegister Mmfr1 = Named("ID_AA64MMFR1_EL1");
    public static readonly IdRegister Mmfr3 = Named("ID_AA64MMFR3_EL1");
    public static readonly IdRegister Mmfr4 = Named("ID_AA64MMFR4_EL1");
    public static readonly IdRegister Aarch32Pfr1 = Named("ID_PFR1_EL1");
    public static readonly IdRegister Ctr = Named("CTR_EL0");
    public static readonly IdRegister Clidr = Named("CLIDR_EL1");
    public static readonly IdRegister Midr = Named("MIDR_EL1");

    /// <summary>The register of that id; <c>null</c> where no feature ID register has it.</summary>
    public static IdRegister? Find(ulong id) => id >> 16 == Prefix >> 16 && (id & 0xffff) is >= FeatureIdSpace and var encoding
        && encoding - FeatureIdSpace < (ulong)ByEncoding.Length ? ByEncoding[encoding - FeatureIdSpace] : null;

    /// <summary>True where the id lies in the feature ID space, in which every id that is not in the table is unknown.</summary>
    public static bool IsFeatureId(ulong id) => id >> 16 == Prefix >> 16 && (id & 0xc7c0) == FeatureIdSpace && ((id >> 11) & 7) is 0 or 1 or 3;

    /// <summary>The register of that name.</summary>
    public static IdRegister Named(string name) => All.First(r => r.Symbol.Name == name);

    /// <summary>A field by its register's name and its own.</summary>
    public static IdField Field(this IdRegister register, string name)
    {
        ArgumentNullException.ThrowIfNull(register);
        return register.Fields.First(f => f.Name == name);
    }

    private static ImmutableArray<IdRegister> Numbered(ImmutableArray<IdRegister> registers)
    {
        for (int i = 0; i < registers.Length; i++)
        {
            registers[i].Index = (uint)i;
        }

        return registers;
    }

    private static IdRegister?[] Indexed()
    {
        IdRegister?[] table = new IdRegister?[All.Max(r => r.Encoding) - FeatureIdSpace + 1];
        foreach (IdRegister register in All)
        {
            table[register.Encoding - FeatureIdSpace] = register;
        }

        return table;
    }
}
