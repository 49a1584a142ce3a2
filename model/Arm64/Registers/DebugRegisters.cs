using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdField;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>ID_AA64DFR0_EL1 to ID_AA64AFR1_EL1: debug and performance monitors.</summary>
internal static class DebugRegisters
{
    public static ImmutableArray<IdRegister> Rows =>
    [
        Feature("ID_AA64DFR0_EL1", 0xc028, [0xf000f00f0f], [
            Lower("DebugVer", 0, minimum: 6),
            Lower("PMUVer", 8, needs: Pmu, ignored: ImplementationDefined),
            Lower("BRPs", 12, writable: Never),
            Lower("WRPs", 20),
            Lower("CTX_CMPs", 28, writable: Never),
            Lower("PMSVer", 32, writable: Never),
            SignedLower("DoubleLock", 36)
        ]),
        Feature("ID_AA64DFR1_EL1", 0xc029, [0], []),
        Zero("S3_0_0_5_2", 0xc02a),
        Zero("S3_0_0_5_3", 0xc02b),
        Zero("ID_AA64AFR0_EL1", 0xc02c),
        Zero("ID_AA64AFR1_EL1", 0xc02d),
        Zero("S3_0_0_5_6", 0xc02e),
        Zero("S3_0_0_5_7", 0xc02f),
    ];
}
