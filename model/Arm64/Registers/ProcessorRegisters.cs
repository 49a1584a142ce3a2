using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdField;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>ID_AA64PFR0_EL1 to ID_AA64FPFR0_EL1: processor features, SVE, SME and floating point.</summary>
internal static class ProcessorRegisters
{
    public static ImmutableArray<IdRegister> Rows =>
    [
        Feature("ID_AA64PFR0_EL1", 0xc020, [0xffff00f00f00ffff, 0xffff00f0ff00ffff], [
            Lower("EL0", 0, minimum: 1, minimumSince: Since618),
            Lower("EL1", 4, minimum: 1, minimumSince: Since618),
            Lower("EL2", 8, minimum: 1, minimumSince: Since618, minimumWith: VcpuFeatures.HasEl2),
            Lower("EL3", 12),
            SignedLower("FP", 16, writable: Never),
            SignedLower("AdvSIMD", 20, writable: Never),
            Lower("GIC", 24),
            Lower("RAS", 28, writable: Since618),
            Lower("SVE", 32, writable: Never, needs: Sve),
            Lower("SEL2", 36),
            Lower("MPAM", 40, writable: Never, ignored: AsHardware),
            Lower("AMU", 44, writable: Never),
            Lower("DIT", 48),
            Lower("CSV2", 56),
            Lower("CSV3", 60)
        ]),
        Feature("ID_AA64PFR1_EL1", 0xc021, [0xf000000ff, 0xf00000f0000f0ff], [
            Lower("BT", 0),
            Lower("SSBS", 4),
            Lower("MTE", 8, writable: Never, needs: Mte),
            Lower("RAS_frac", 12, writable: Since618),
            Lower("MPAM_frac", 16, writable: Never, ignored: AsHardware),
            Lower("SME", 24, writable: Never),
            SignedLower("MTE_frac", 40, writable: Never, needs: Mte),
            Lower("GCS", 44, writable: Never),
            Lower("DF2", 56, writable: Since618)
        ]),
        Feature("ID_AA64PFR2_EL1", 0xc022, [0xf00000000, 0xf00000ff0, 0xf0000fff0], [
            Lower("MTESTOREONLY", 4, writable: Since618, needs: Mte),
            Lower("MTEFAR", 8, writable: Since618, needs: Mte),
            Lower("GCIE", 12, writable: Since71),
            Lower("FPMR", 32)
        ]),
        Zero("S3_0_0_4_3", 0xc023),
        Feature("ID_AA64ZFR0_EL1", 0xc024, [0xff0ff0f0fff00ff, 0xfffff0f0ffff0ff], [
            Lower("SVEver", 0),
            Lower("AES", 4),
            Lower("EltPerm", 12, writable: Since618),
            Lower("BitPerm", 16),
            Lower("BF16", 20),
            Lower("B16B16", 24),
            Lower("SHA3", 32),
            Lower("SM4", 40),
            Lower("I8MM", 44),
            Lower("F16MM", 48, writable: Since618),
            Lower("F32MM", 52),
            Lower("F64MM", 56)
        ]),
        Zero("ID_AA64SMFR0_EL1", 0xc025),
        Zero("S3_0_0_4_6", 0xc026),
        Feature("ID_AA64FPFR0_EL1", 0xc027, [0xf0000003, 0xfc000003, 0xfc0080ff], [
            Exact("F8E5M2", 0, width: 1, safe: 0),
            Exact("F8E4M3", 1, width: 1, safe: 0),
            Exact("F16MM2", 15, width: 1, safe: 0, writable: Since72),
            Exact("F8MM4", 26, width: 1, safe: 0, writable: Since618),
            Exact("F8MM8", 27, width: 1, safe: 0, writable: Since618),
            Exact("F8DP2", 28, width: 1, safe: 0),
            Exact("F8DP4", 29, width: 1, safe: 0),
            Exact("F8FMA", 30, width: 1, safe: 0),
            Exact("F8CVT", 31, width: 1, safe: 0)
        ]),
    ];
}
