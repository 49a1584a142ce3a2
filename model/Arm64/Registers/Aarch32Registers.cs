using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdField;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>ID registers that describe AArch32: ID_PFR0_EL1 to ID_MMFR5_EL1. They read as zero and ignore writes where the host has no 32-bit EL0.</summary>
internal static class Aarch32Registers
{
    public static ImmutableArray<IdRegister> Rows =>
    [
        Aarch32("ID_PFR0_EL1", 0xc008, [
            Lower("State0", 0),
            Lower("State1", 4),
            Lower("State2", 8),
            Lower("State3", 12),
            Lower("CSV2", 16),
            Lower("DIT", 24)
        ]),
        Aarch32("ID_PFR1_EL1", 0xc009, [
            Lower("ProgMod", 0),
            Lower("Security", 4),
            Lower("MProgMod", 8),
            Lower("Virtualization", 12),
            Lower("GenTimer", 16),
            Lower("Sec_frac", 20),
            Lower("Virt_frac", 24),
            Lower("GIC", 28)
        ]),
        Aarch32("ID_DFR0_EL1", 0xc00a, [
            Lower("CopDbg", 0, minimum: 6),
            Lower("CopSDbg", 4),
            Lower("MMapDbg", 8),
            Lower("CopTrc", 12),
            Lower("MMapTrc", 16),
            Lower("MProfDbg", 20),
            Lower("PerfMon", 24, minimum: 3, orZero: true, needs: Pmu, ignored: ImplementationDefined)
        ]),
        Zero("ID_AFR0_EL1", 0xc00b),
        Aarch32("ID_MMFR0_EL1", 0xc00c, [
            Lower("VMSA", 0),
            Lower("PMSA", 4),
            SignedLower("OuterShr", 8),
            Lower("ShareLvl", 12),
            Lower("TCM", 16),
            Lower("AuxReg", 20),
            Lower("FCSE", 24),
            SignedLower("InnerShr", 28)
        ]),
        Aarch32("ID_MMFR1_EL1", 0xc00d, Unnamed),
        Aarch32("ID_MMFR2_EL1", 0xc00e, Unnamed),
        Aarch32("ID_MMFR3_EL1", 0xc00f, Unnamed),
        Aarch32("ID_ISAR0_EL1", 0xc010, [
            Lower("Swap", 0),
            Lower("BitCount", 4),
            Lower("BitField", 8),
            Lower("CmpBranch", 12),
            Lower("Coproc", 16),
            Lower("Debug", 20),
            Lower("Divide", 24)
        ]),
        Aarch32("ID_ISAR1_EL1", 0xc011, Unnamed),
        Aarch32("ID_ISAR2_EL1", 0xc012, Unnamed),
        Aarch32("ID_ISAR3_EL1", 0xc013, Unnamed),
        Aarch32("ID_ISAR4_EL1", 0xc014, [
            Lower("Unpriv", 0),
            Lower("WithShifts", 4),
            Lower("Writeback", 8),
            Lower("SMC", 12),
            Lower("Barrier", 16),
            Lower("SynchPrim_frac", 20),
            Lower("PSR_M", 24),
            Lower("SWP_frac", 28)
        ]),
        Aarch32("ID_ISAR5_EL1", 0xc015, [
            Lower("SEVL", 0),
            Lower("AES", 4),
            Lower("SHA1", 8),
            Lower("SHA2", 12),
            Lower("CRC32", 16),
            Lower("RDM", 24)
        ]),
        Aarch32("ID_MMFR4_EL1", 0xc016, [
            Higher("SpecSEI", 0),
            Lower("AC2", 4),
            Lower("XNX", 8),
            Lower("CnP", 12),
            Lower("HPDS", 16),
            Lower("LSM", 20),
            Lower("CCIDX", 24),
            Lower("EVT", 28)
        ]),
        Aarch32("ID_ISAR6_EL1", 0xc017, [
            Lower("JSCVT", 0),
            Lower("DP", 4),
            Lower("FHM", 8),
            Lower("SB", 12),
            Lower("SPECRES", 16),
            Lower("BF16", 20),
            Lower("I8MM", 24)
        ]),
        Aarch32("MVFR0_EL1", 0xc018, [
            Lower("SIMDReg", 0),
            Lower("FPSP", 4),
            Lower("FPDP", 8),
            Lower("FPTrap", 12),
            Lower("FPDivide", 16),
            Lower("FPSqrt", 20),
            Lower("FPShVec", 24),
            Lower("FPRound", 28)
        ]),
        Aarch32("MVFR1_EL1", 0xc019, [
            Lower("FPFtZ", 0),
            Lower("FPDNaN", 4),
            Lower("SIMDLS", 8),
            Lower("SIMDInt", 12),
            Lower("SIMDSP", 16),
            Lower("SIMDHP", 20),
            Lower("FPHP", 24),
            Lower("SIMDFMAC", 28)
        ]),
        Aarch32("MVFR2_EL1", 0xc01a, [
            Lower("SIMDMisc", 0),
            Lower("FPMisc", 4)
        ]),
        Zero("S3_0_0_3_3", 0xc01b),
        Aarch32("ID_PFR2_EL1", 0xc01c, [
            Lower("CSV3", 0),
            Lower("SSBS", 4)
        ]),
        Zero("ID_DFR1_EL1", 0xc01d),
        Aarch32("ID_MMFR5_EL1", 0xc01e, [
            Lower("ETS", 0)
        ]),
        Zero("S3_0_0_3_7", 0xc01f),
    ];

    /// <summary>Eight fields of four bits that the kernel's table does not name.</summary>
    private static ImmutableArray<IdField> Unnamed => [.. Enumerable.Range(0, 8).Select(i => Lower($"bits {(4 * i) + 3}:{4 * i}", 4 * i))];
}
