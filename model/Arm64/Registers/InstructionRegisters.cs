using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdField;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>ID_AA64ISAR0_EL1 to ID_AA64ISAR3_EL1: instruction sets.</summary>
internal static class InstructionRegisters
{
    public static ImmutableArray<IdRegister> Rows =>
    [
        Feature("ID_AA64ISAR0_EL1", 0xc030, [0xfffffffffffffff0, 0xfffffffffffffff0, 0xfffffffff0fffff0], [
            Lower("AES", 4),
            Lower("SHA1", 8),
            Lower("SHA2", 12),
            Lower("CRC32", 16),
            Lower("ATOMIC", 20),
            Lower("RDM", 28),
            Lower("SHA3", 32),
            Lower("SM3", 36),
            Lower("SM4", 40),
            Lower("DP", 44),
            Lower("FHM", 48),
            Lower("TS", 52),
            Lower("TLB", 56),
            Lower("RNDR", 60)
        ]),
        Feature("ID_AA64ISAR1_EL1", 0xc031, [0xffffffff00fff00f], [
            Lower("DPB", 0),
            Exact("APA", 4, safe: 0, writable: Never, needs: PointerAuthentication),
            Exact("API", 8, safe: 0, writable: Never, needs: PointerAuthentication),
            Lower("JSCVT", 12),
            Lower("FCMA", 16),
            Lower("LRCPC", 20),
            Lower("GPA", 24, writable: Never, needs: PointerAuthentication),
            Lower("GPI", 28, writable: Never, needs: PointerAuthentication),
            Lower("FRINTTS", 32),
            Lower("SB", 36),
            Lower("SPECRES", 40),
            Lower("BF16", 44),
            Lower("DGH", 48),
            Lower("I8MM", 52),
            Lower("XS", 56),
            Lower("LS64", 60, writable: Since71)
        ]),
        Feature("ID_AA64ISAR2_EL1", 0xc032, [0xffff0fffffff00ff, 0xffffffffffff00ff], [
            Lower("WFxT", 0),
            Lower("RPRES", 4),
            Lower("GPA3", 8, writable: Never, needs: PointerAuthentication),
            Exact("APA3", 12, safe: 0, writable: Never, needs: PointerAuthentication),
            Lower("MOPS", 16),
            Lower("BC", 20),
            Lower("CLRBHB", 28),
            Lower("RPRFM", 48),
            Lower("CSSC", 52),
            Lower("LUT", 56),
            Lower("ATS1A", 60, writable: Since72)
        ]),
        Feature("ID_AA64ISAR3_EL1", 0xc033, [0, 0xf00f00f0, 0xff0f00f0], [
            Lower("FAMINMAX", 4, writable: Since618),
            Lower("LSFE", 16, writable: Since618),
            Lower("LSUI", 24, writable: Since71),
            Lower("FPRCVT", 28, writable: Since618)
        ]),
        Zero("S3_0_0_6_4", 0xc034),
        Zero("S3_0_0_6_5", 0xc035),
        Zero("S3_0_0_6_6", 0xc036),
        Zero("S3_0_0_6_7", 0xc037),
    ];
}
