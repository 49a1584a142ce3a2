using System.Globalization;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// The memory that the walk server shares with its host. The program is assembled with these numbers, so that both sides
/// have one source.
/// </summary>
internal static class ServerLayout
{
    /// <summary>Where RAM begins, and the program in it.</summary>
    public const ulong MemoryFrom = 0x80000000;

    /// <summary>Bytes of RAM. Its last part is left alone: the machine puts its device tree there.</summary>
    public const long MemorySize = 32L << 20;

    public const ulong Control = MemoryFrom + 0x10000;
    public const int ControlReady = 0;
    public const int ControlGo = 4;
    public const int ControlDone = 8;

    /// <summary>Where a batch's number of cases is, and then where they are, both of 4 bytes; those of the second batch follow.</summary>
    public const int ControlCount = 16;
    public const int ControlCases = 20;
    public const int ControlBatch = 8;

    /// <summary>What the program writes when it is ready.</summary>
    public const uint Ready = 0x4b57414c;

    /// <summary>Cases handed over at once.</summary>
    public const int BatchSize = 512;

    /// <summary>Two batches lie side by side: one is written while the other runs.</summary>
    public const ulong Batches = MemoryFrom + 0x100000;

    public const int CaseSize = 1024;
    public const int CaseHgatp = 0;
    public const int CaseVsatp = 8;
    public const int CaseAddress = 16;
    public const int CaseOperation = 24;
    public const int CasePrivilege = 32;
    public const int CaseMstatus = 40;
    public const int CaseVsstatus = 48;
    public const int CaseMenvcfg = 56;
    public const int CaseHenvcfg = 64;
    public const int CaseWatch = 72;
    public const int CaseStore = 80;
    public const int CasePatches = 88;
    public const int CaseCause = 96;
    public const int CaseTval = 104;
    public const int CaseTval2 = 112;
    public const int CaseTinst = 120;
    public const int CaseValue = 128;
    public const int CaseWatched = 136;
    public const int CasePatch = 144;
    public const int PatchSize = 24;

    public const int OperationLoad = 0;
    public const int OperationExecuteLoad = 1;
    public const int OperationStore = 2;
    public const int OperationFetch = 3;

    /// <summary>Loads of each address of a list, which is at the case's address; the word to store is how many.</summary>
    public const int OperationMany = 4;

    /// <summary>Where such a list is: after the batches.</summary>
    public const ulong List = MemoryFrom + 0x500000;

    private const int PmpShift = 2;
    private const ulong PmpNapot = 3 << 3;
    private const ulong PmpAll = PmpNapot | 7;

    /// <summary>The macros of the program.</summary>
    public static IEnumerable<string> Macros()
    {
        (string Name, ulong Value)[] numbers =
        [
            ("CONTROL", Control), ("READY", Ready), ("CONTROL_READY", ControlReady), ("CONTROL_GO", ControlGo), ("CONTROL_DONE", ControlDone),
            ("CONTROL_COUNT", ControlCount), ("CONTROL_CASES", ControlCases), ("CASE_HGATP", CaseHgatp), ("CASE_VSATP", CaseVsatp),
            ("CASE_ADDRESS", CaseAddress), ("CASE_OPERATION", CaseOperation), ("CASE_PRIVILEGE", CasePrivilege), ("CASE_MSTATUS", CaseMstatus),
            ("CASE_VSSTATUS", CaseVsstatus), ("CASE_MENVCFG", CaseMenvcfg), ("CASE_HENVCFG", CaseHenvcfg), ("CASE_WATCH", CaseWatch),
            ("CASE_STORE", CaseStore), ("CASE_PATCHES", CasePatches), ("CASE_CAUSE", CaseCause), ("CASE_TVAL", CaseTval), ("CASE_TVAL2", CaseTval2),
            ("CASE_TINST", CaseTinst), ("CASE_VALUE", CaseValue), ("CASE_WATCHED", CaseWatched), ("CASE_PATCH", CasePatch), ("PATCH_SIZE", PatchSize),
            ("CASE_SIZE", CaseSize), ("OPERATION_LOAD", OperationLoad), ("OPERATION_EXECUTE_LOAD", OperationExecuteLoad),
            ("OPERATION_STORE", OperationStore), ("OPERATION_FETCH", OperationFetch), ("OPERATION_MANY", OperationMany), ("CASE_ADDRESS_SIZE", sizeof(ulong)),
            .. WalkArena.Protected.Select((range, i) => ($"PMP_ADDRESS_{i}", (range.From.Value >> PmpShift) | (((range.To.Value - range.From.Value) >> (PmpShift + 1)) - 1))),
            ("PMP_CONFIGURATION", PmpConfiguration()),
        ];
        return numbers.Select(n => string.Create(CultureInfo.InvariantCulture, $"-D{n.Name}=0x{n.Value:x}"));
    }

    /// <summary>A data page's word: it puts its own place into a0 and makes an environment call.</summary>
    public static ulong DataUnit(Spa address)
    {
        const ulong LoadUpperA0 = 0x537;
        const ulong EnvironmentCall = 0x73;
        return (Place(address) << 12) | LoadUpperA0 | (EnvironmentCall << 32);
    }

    /// <summary>The number of the 8-byte unit in the pool of pages.</summary>
    public static ulong Place(Spa address) => (address.Value - WalkArena.Data.Value) / sizeof(ulong);

    private static ulong PmpConfiguration() => WalkArena.Protected
        .Select((range, i) => (PmpNapot | (ulong)range.Allowed) << (i * 8))
        .Aggregate(PmpAll << (WalkArena.Protected.Count * 8), (a, b) => a | b);
}
