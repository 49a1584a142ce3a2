using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.IdField;
using static KvmSpec.Model.Arm64.IdRegister;

namespace KvmSpec.Model.Arm64;

/// <summary>ID_AA64MMFR0_EL1 to ID_AA64MMFR4_EL1: the memory model, and CTR_EL0 for the caches.</summary>
internal static class MemoryRegisters
{
    public static ImmutableArray<IdRegister> Rows =>
    [
        Feature("ID_AA64MMFR0_EL1", 0xc038, [0xff00f000ffffff0f, 0xff00ffffffffff0f], [
            Lower("PARANGE", 0),
            Lower("ASIDBITS", 4, writable: Never),
            Lower("BIGEND", 8),
            Lower("SNSMEM", 12),
            Lower("BIGENDEL0", 16),
            Lower("TGRAN16", 20),
            SignedLower("TGRAN64", 24),
            SignedLower("TGRAN4", 28),
            Exact("TGRAN16_2", 32, safe: 1, writable: Since618),
            Exact("TGRAN64_2", 36, safe: 1, writable: Since618),
            Exact("TGRAN4_2", 40, safe: 1, writable: Since618),
            Lower("EXS", 44),
            Lower("FGT", 56),
            Lower("ECV", 60)
        ]),
        Feature("ID_AA64MMFR1_EL1", 0xc039, [0xfffff0f00ffff00f, 0xffffffff0ffff00f], [
            Lower("HAFDBS", 0),
            Lower("VMIDBits", 4, writable: Never),
            Lower("VH", 8, writable: Never, needs: VirtualizationHostExtensions),
            Lower("HPDS", 12),
            Lower("LO", 16),
            Lower("PAN", 20),
            Higher("SpecSEI", 24),
            Lower("XNX", 28, writable: Never),
            Lower("TWED", 32, writable: Since618),
            Lower("ETS", 36),
            Lower("HCX", 40, writable: Since618),
            Lower("AFP", 44),
            Lower("TIDCP1", 52),
            Lower("ECBHB", 60)
        ]),
        Feature("ID_AA64MMFR2_EL1", 0xc03a, [0xf0ff000ff00fffff], [
            Lower("CnP", 0),
            Lower("UAO", 4),
            Lower("LSM", 8),
            Lower("IESB", 12),
            Lower("VARange", 16),
            Lower("CCIDX", 20, writable: Never),
            Lower("NV", 24, writable: Never, ignored: AsHardware),
            Lower("ST", 28),
            Lower("AT", 32),
            Lower("IDS", 36, writable: Never),
            Lower("FWB", 40, writable: Never),
            Lower("TTL", 48),
            Lower("BBM", 52),
            Lower("EVT", 56, writable: Never),
            Lower("E0PD", 60)
        ]),
        Feature("ID_AA64MMFR3_EL1", 0xc03b, [0xf0f0f, 0xf0fff], [
            Lower("TCRX", 0),
            Lower("SCTLRX", 4, writable: Since618),
            Lower("S1PIE", 8),
            Lower("S1POE", 16)
        ]),
        Feature("ID_AA64MMFR4_EL1", 0xc03c, [0, 0xf00000], [
            Lower("NV_frac", 20, writable: Since618),
            SignedLower("E2H0", 24, writable: Never)
        ]),
        Zero("S3_0_0_7_5", 0xc03d),
        Zero("S3_0_0_7_6", 0xc03e),
        Zero("S3_0_0_7_7", 0xc03f),
        Feature("CTR_EL0", 0xd801, [0x300f000f, 0x300fc00f], [
            Lower("IminLine", 0),
            Exact("L1Ip", 14, width: 2, safe: 2, writable: Since618, minimum: 2, minimumSince: Since618),
            Lower("DminLine", 16),
            HigherOrZero("ERG", 20, writable: Never),
            HigherOrZero("CWG", 24, writable: Never),
            Lower("IDC", 28, width: 1),
            Lower("DIC", 29, width: 1),
            Exact("RES1", 31, width: 1, safe: 1, writable: Never)
        ]),
    ];
}
