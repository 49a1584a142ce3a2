using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>How a translation failed.</summary>
internal enum Fault : byte
{
    None,

    /// <summary>A page fault of the VS-stage.</summary>
    Page,

    /// <summary>A guest-page fault of the G-stage.</summary>
    GuestPage,

    /// <summary>PMP or PMA forbade an access.</summary>
    Access,
}

/// <summary>For which access to a VS-stage table the G-stage failed.</summary>
internal enum TableAccess : byte
{
    None,
    Read,
    Write,
}

/// <summary>What a stage made of an address.</summary>
/// <param name="Stage">Which stage it was.</param>
/// <param name="Fault">None where it was translated.</param>
/// <param name="Table">The access to a VS-stage table on whose behalf the G-stage failed.</param>
/// <param name="Level">The leaf's level.</param>
/// <param name="Pbmt">The leaf's memory type.</param>
/// <param name="Address">What it was translated to; of a guest-page fault the guest physical address.</param>
/// <param name="Clause">The clause that refused.</param>
internal readonly record struct StageResult(Stage Stage, Fault Fault, TableAccess Table, byte Level, byte Pbmt, ulong Address, WalkClause? Clause)
{
    public static StageResult Untranslated(Stage stage, ulong address) => new(stage, Fault.None, TableAccess.None, 0, 0, address, null);

    public static StageResult Refused(Stage stage, Fault fault, ulong address, WalkClause clause) => new(stage, fault, TableAccess.None, 0, 0, address, clause);
}

/// <summary>What the two stages do differently.</summary>
internal interface IStage
{
    static abstract Stage Kind { get; }

    static abstract Fault PageFault { get; }

    static abstract WalkClause PbmtDisabled { get; }

    static abstract WalkClause SoftwareUpdates { get; }

    TranslationMode Mode { get; }

    /// <summary>Where the root table is, in the addresses in which the stage's entries are found.</summary>
    ulong Root { get; }

    StageSettings Settings { get; }

    /// <summary>Finds an entry in memory, through the G-stage where the entry is a VS-stage's; false where that refuses.</summary>
    bool Reach<TMemory, TSteps>(ulong entry, AccessKind kind, GuestPrivilege privilege, ref TMemory memory, ref TSteps steps, out Spa at, out StageResult failure)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps;

    /// <summary>U where a leaf needs it to be beyond question; 0 where it needs not to have it.</summary>
    ulong User(in StageRequest request);

    /// <summary>The clause by which the U bit refuses an access, or <c>null</c>.</summary>
    WalkClause? RefusedByUser<TSteps>(Pte pte, in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps;

    /// <summary>True where execute permission is permission to read.</summary>
    bool ReadsExecutable<TSteps>(in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps;
}

/// <summary>The switches of one stage.</summary>
/// <param name="Pbmt">Memory types are honoured.</param>
/// <param name="Updates">Hardware sets A and D.</param>
/// <param name="Napot">N is honoured.</param>
/// <param name="SoftwareBits">Bits 60:54 that are software's.</param>
internal readonly record struct StageSettings(bool Pbmt, bool Updates, bool Napot, ulong SoftwareBits);

/// <summary>
/// The manual's virtual address translation process, for either stage. The numbers are those of its steps; step 7, of
/// shadow stacks, has no part in this.
/// </summary>
internal static class StageWalk
{
    /// <summary>What an entry comes to.</summary>
    private enum Outcome
    {
        Refused,

        /// <summary>The walk goes on with the table below.</summary>
        Pointer,

        /// <summary>Somebody changed the entry: it is to be read again.</summary>
        Again,
        Translated,
    }

    private const ulong NapotPattern = 1UL << (Pte.NapotBits - 1);
    private const ulong NapotMask = (1UL << Pte.NapotBits) - 1;

    /// <summary>Translates an address; false where it is refused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Run<TStage, TMemory, TSteps>(in TStage of, ulong address, in StageRequest request, ref TMemory memory, ref TSteps steps, out StageResult result)
        where TStage : struct, IStage
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        // Stages are read only: calls on them need no copies, which the compiler would make of what is only `in`.
        ref TStage stage = ref Unsafe.AsRef(in of);

        // 1
        TranslationMode mode = stage.Mode;
        int level = mode.Levels - 1;
        ulong table = stage.Root;
        ulong needed = TSteps.Follows ? 0 : request.Needed | stage.User(request);
        while (true)
        {
            // 2
            ulong entry = table + (mode.Index(address, level) * (ulong)mode.PteBytes);
            if (!stage.Reach(entry, AccessKind.Load, request.Privilege, ref memory, ref steps, out Spa at, out result))
            {
                return false;
            }

            if (steps.Is(WalkClauses.EntryRead, !memory.Allows(at, mode.PteBytes, Permissions.Read)))
            {
                Refuse<TStage>(WalkClauses.EntryRead, address, out result);
                return false;
            }

            Pte pte = new(memory.Read(at, mode.PteBytes));
            steps.Read(TStage.Kind, level, entry, at, pte);

            // Where all answers are no, and nobody waits to hear them one by one.
            if (!TSteps.Follows && level > 0 && pte.IsPlainPointer)
            {
                level--;
                table = pte.Ppn << Paging.OffsetBits;
                continue;
            }

            if (!TSteps.Follows && level == 0 && pte.IsPlainLeaf(needed))
            {
                result = new StageResult(TStage.Kind, Fault.None, TableAccess.None, 0, 0, (pte.Ppn << Paging.OffsetBits) | (address & (Paging.PageSize - 1)), null);
                return true;
            }

            switch (Decide(ref stage, address, entry, pte, level, request, ref memory, ref steps, out result))
            {
                case Outcome.Refused:
                    return false;
                case Outcome.Translated:
                    return true;
                case Outcome.Pointer:
                    level--;
                    table = pte.Ppn << Paging.OffsetBits;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>What an entry that was read comes to: steps 3 to 10.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Outcome Decide<TStage, TMemory, TSteps>(
        ref TStage stage, ulong address, ulong entry, Pte pte, int level, in StageRequest request, ref TMemory memory, ref TSteps steps, out StageResult result)
        where TStage : struct, IStage
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        // 3
        TranslationMode mode = stage.Mode;
        if (RefusedAsInvalid(ref stage, pte, ref steps) is { } invalid)
        {
            return Refuse<TStage>(invalid, address, out result);
        }

        // 4
        if (!pte.IsLeaf)
        {
            if (RefusedAsPointer(pte, level, ref steps) is { } pointer)
            {
                return Refuse<TStage>(pointer, address, out result);
            }

            result = default;
            return Outcome.Pointer;
        }

        // 3 and 5 to 8
        if ((RefusedAsLeaf(ref stage, mode, pte, level, ref steps) ?? stage.RefusedByUser(pte, request, ref steps)
            ?? RefusedByPermission(ref stage, pte, request, ref steps)) is { } leaf)
        {
            return Refuse<TStage>(leaf, address, out result);
        }

        // 9
        bool stores = request.Kind == AccessKind.Store;
        if (steps.Is(WalkClauses.AccessedClear, !pte.IsAccessed) | steps.Is(WalkClauses.DirtyClear, stores && !pte.IsDirty))
        {
            if (steps.Is(TStage.SoftwareUpdates, !stage.Settings.Updates))
            {
                return Refuse<TStage>(TStage.SoftwareUpdates, address, out result);
            }

            if (!stage.Reach(entry, AccessKind.Store, request.Privilege, ref memory, ref steps, out Spa at, out result))
            {
                return Outcome.Refused;
            }

            if (steps.Is(WalkClauses.EntryWrite, !memory.Allows(at, mode.PteBytes, Permissions.Read | Permissions.Write)))
            {
                return Refuse<TStage>(WalkClauses.EntryWrite, address, out result);
            }

            Pte updated = pte.With(stores ? Pte.A | Pte.D : Pte.A);
            if (steps.Is(WalkClauses.EntryChanged, !memory.CompareAndSwap(at, mode.PteBytes, pte.Bits, updated.Bits)))
            {
                return Outcome.Again;
            }

            steps.Updated(TStage.Kind, level, at, updated);
        }

        // 10
        result = new StageResult(TStage.Kind, Fault.None, TableAccess.None, (byte)level, (byte)pte.Pbmt, Output(mode, pte, level, address, ref steps), null);
        steps.End(TStage.Kind, result.Address);
        return Outcome.Translated;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedAsInvalid<TStage, TSteps>(ref TStage stage, Pte pte, ref TSteps steps)
        where TStage : struct, IStage
        where TSteps : struct, IWalkSteps
    {
        if (steps.Is(WalkClauses.EntryValid, !pte.IsValid))
        {
            return WalkClauses.EntryValid;
        }

        if (steps.Is(WalkClauses.EntryWriteOnly, pte.IsWritable && !pte.IsReadable))
        {
            return WalkClauses.EntryWriteOnly;
        }

        ulong reserved = pte.Bits & Pte.Reserved;
        if (reserved != 0)
        {
            ulong software = reserved & stage.Settings.SoftwareBits;
            reserved = steps.Is(WalkClauses.EntrySoftware, software != 0) ? reserved & ~software : reserved;
        }

        return steps.Is(WalkClauses.EntryReserved, reserved != 0) ? WalkClauses.EntryReserved : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedAsPointer<TSteps>(Pte pte, int level, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        if (steps.Is(WalkClauses.PointerAttributes, (pte.Bits & (Pte.U | Pte.A | Pte.D)) != 0))
        {
            return WalkClauses.PointerAttributes;
        }

        if (steps.Is(WalkClauses.PointerPbmt, pte.Pbmt != 0))
        {
            return WalkClauses.PointerPbmt;
        }

        if (steps.Is(WalkClauses.PointerNapot, pte.IsNapot))
        {
            return WalkClauses.PointerNapot;
        }

        return steps.Is(WalkClauses.PointerLast, level == 0) ? WalkClauses.PointerLast : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedAsLeaf<TStage, TSteps>(ref TStage stage, TranslationMode mode, Pte pte, int level, ref TSteps steps)
        where TStage : struct, IStage
        where TSteps : struct, IWalkSteps
    {
        if (steps.Is(TStage.PbmtDisabled, pte.Pbmt != 0 && !stage.Settings.Pbmt))
        {
            return TStage.PbmtDisabled;
        }

        if (steps.Is(WalkClauses.LeafPbmt, pte.Pbmt == 3))
        {
            return WalkClauses.LeafPbmt;
        }

        if (steps.Is(WalkClauses.NapotAbsent, pte.IsNapot && !stage.Settings.Napot))
        {
            return WalkClauses.NapotAbsent;
        }

        if (steps.Is(WalkClauses.NapotEncoding, pte.IsNapot && (level != 0 || (pte.Ppn & NapotMask) != NapotPattern)))
        {
            return WalkClauses.NapotEncoding;
        }

        ulong below = (1UL << (level * mode.IndexBits)) - 1;
        return steps.Is(WalkClauses.LeafMisaligned, (pte.Ppn & below) != 0) ? WalkClauses.LeafMisaligned : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedByPermission<TStage, TSteps>(ref TStage stage, Pte pte, in StageRequest request, ref TSteps steps)
        where TStage : struct, IStage
        where TSteps : struct, IWalkSteps
    {
        switch (request.Kind)
        {
            case AccessKind.Fetch:
                return steps.Is(WalkClauses.LeafFetch, !pte.IsExecutable) ? WalkClauses.LeafFetch : null;
            case AccessKind.Store:
                return steps.Is(WalkClauses.LeafStore, !pte.IsWritable) ? WalkClauses.LeafStore : null;
            default:
                if (request.Hlvx)
                {
                    return steps.Is(WalkClauses.LeafHlvx, !pte.IsExecutable) ? WalkClauses.LeafHlvx : null;
                }

                bool readable = pte.IsReadable || (pte.IsExecutable && stage.ReadsExecutable(request, ref steps));
                return steps.Is(WalkClauses.LeafLoad, !readable) ? WalkClauses.LeafLoad : null;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Output<TSteps>(TranslationMode mode, Pte pte, int level, ulong address, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        int fromAddress = Paging.OffsetBits;
        if (steps.Is(WalkClauses.LeafSuperpage, level > 0))
        {
            fromAddress = mode.LeafBits(level);
        }
        else if (steps.Is(WalkClauses.LeafNapot, pte.IsNapot))
        {
            fromAddress += Pte.NapotBits;
        }

        ulong low = (1UL << fromAddress) - 1;
        return ((pte.Ppn << Paging.OffsetBits) & ~low) | (address & low);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Outcome Refuse<TStage>(WalkClause clause, ulong address, out StageResult result)
        where TStage : struct, IStage
    {
        result = StageResult.Refused(TStage.Kind, clause.Effect == ClauseEffect.AccessFault ? Fault.Access : TStage.PageFault, address, clause);
        return Outcome.Refused;
    }
}
