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

    /// <summary>Finds an entry in memory: through the G-stage, where the entry is a VS-stage's.</summary>
    bool Reach<TMemory, TSteps>(ulong entry, AccessKind kind, GuestPrivilege privilege, ref TMemory memory, ref TSteps steps, out Spa at, out StageResult failure)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps;

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
    private const ulong NapotPattern = 1UL << (Pte.NapotBits - 1);
    private const ulong NapotMask = (1UL << Pte.NapotBits) - 1;

    public static StageResult Run<TStage, TMemory, TSteps>(in TStage stage, ulong address, in StageRequest request, ref TMemory memory, ref TSteps steps)
        where TStage : struct, IStage
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        // 1
        TranslationMode mode = stage.Mode;
        int level = mode.Levels - 1;
        ulong table = stage.Root;
        while (true)
        {
            // 2
            ulong entry = table + (mode.Index(address, level) * (ulong)mode.PteBytes);
            if (!stage.Reach(entry, AccessKind.Load, request.Privilege, ref memory, ref steps, out Spa at, out StageResult unreachable))
            {
                return unreachable;
            }

            if (steps.Is(WalkClauses.EntryRead, !memory.Allows(at, mode.PteBytes, Permissions.Read)))
            {
                return Refuse<TStage>(WalkClauses.EntryRead, address);
            }

            Pte pte = new(memory.Read(at, mode.PteBytes));
            steps.Read(TStage.Kind, level, entry, at, pte);

            // 3
            if (RefusedAsInvalid(stage, pte, ref steps) is { } invalid)
            {
                return Refuse<TStage>(invalid, address);
            }

            // 4
            if (!pte.IsLeaf)
            {
                if (RefusedAsPointer(pte, level, ref steps) is { } pointer)
                {
                    return Refuse<TStage>(pointer, address);
                }

                level--;
                table = pte.Ppn << Paging.OffsetBits;
                continue;
            }

            // 3 and 5 to 8
            if ((RefusedAsLeaf(stage, mode, pte, level, ref steps) ?? stage.RefusedByUser(pte, request, ref steps)
                ?? RefusedByPermission(stage, pte, request, ref steps)) is { } leaf)
            {
                return Refuse<TStage>(leaf, address);
            }

            // 9
            bool stores = request.Kind == AccessKind.Store;
            if (steps.Is(WalkClauses.AccessedClear, !pte.IsAccessed) | steps.Is(WalkClauses.DirtyClear, stores && !pte.IsDirty))
            {
                if (steps.Is(TStage.SoftwareUpdates, !stage.Settings.Updates))
                {
                    return Refuse<TStage>(TStage.SoftwareUpdates, address);
                }

                if (!stage.Reach(entry, AccessKind.Store, request.Privilege, ref memory, ref steps, out at, out unreachable))
                {
                    return unreachable;
                }

                if (steps.Is(WalkClauses.EntryWrite, !memory.Allows(at, mode.PteBytes, Permissions.Read | Permissions.Write)))
                {
                    return Refuse<TStage>(WalkClauses.EntryWrite, address);
                }

                Pte updated = pte.With(stores ? Pte.A | Pte.D : Pte.A);
                if (steps.Is(WalkClauses.EntryChanged, !memory.CompareAndSwap(at, mode.PteBytes, pte.Bits, updated.Bits)))
                {
                    continue;
                }

                steps.Updated(TStage.Kind, level, at, updated);
            }

            // 10
            return new StageResult(TStage.Kind, Fault.None, TableAccess.None, (byte)level, (byte)pte.Pbmt, Output(mode, pte, level, address, ref steps), null);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedAsInvalid<TStage, TSteps>(in TStage stage, Pte pte, ref TSteps steps)
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
    private static WalkClause? RefusedAsLeaf<TStage, TSteps>(in TStage stage, TranslationMode mode, Pte pte, int level, ref TSteps steps)
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
    private static WalkClause? RefusedByPermission<TStage, TSteps>(in TStage stage, Pte pte, in StageRequest request, ref TSteps steps)
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

    private static StageResult Refuse<TStage>(WalkClause clause, ulong address)
        where TStage : struct, IStage =>
        StageResult.Refused(TStage.Kind, clause.Effect == ClauseEffect.AccessFault ? Fault.Access : TStage.PageFault, address, clause);
}
