using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>The VS-stage: guest virtual addresses to guest physical ones, by vsatp. Its tables lie behind the G-stage.</summary>
internal readonly struct VsStage(WalkRegisters registers, GStage gStage) : IStage
{
    private readonly GStage gStage = gStage;
    private readonly bool mxr = registers.SstatusMxr || registers.VsstatusMxr;
    private readonly bool sum = registers.VsstatusSum;

    public static Stage Kind => Stage.VsStage;

    public static Fault PageFault => Fault.Page;

    public static WalkClause PbmtDisabled => WalkClauses.VsPbmtDisabled;

    public static WalkClause SoftwareUpdates => WalkClauses.VsUpdate;

    public TranslationMode Mode { get; } = registers.VsMode;

    public ulong Root { get; } = registers.VsPpn << Paging.OffsetBits;

    public StageSettings Settings { get; } = new(registers.VsPbmt, registers.VsUpdates, registers.Extensions.Svnapot,
        registers.Extensions.Svrsw60t59b ? Pte.SoftwareWhereSvrsw60t59b : 0);

    /// <summary>Translates; false where it is refused.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Translate<TMemory, TSteps>(Gva gva, in StageRequest request, ref TMemory memory, ref TSteps steps, out StageResult result)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        if (!steps.Is(WalkClauses.VsBare, Mode.IsBare))
        {
            return Walk(gva, request, ref memory, ref steps, out result);
        }

        result = StageResult.Untranslated(Stage.VsStage, gva.Value);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Walk<TMemory, TSteps>(Gva gva, in StageRequest request, ref TMemory memory, ref TSteps steps, out StageResult result)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        steps.Begin(Stage.VsStage, gva.Value, request.Kind, false);
        int above = 64 - Mode.Width;
        bool canonical = Mode.Xlen == Xlen.Rv32 || (ulong)((long)(gva.Value << above) >> above) == gva.Value;
        if (steps.Is(WalkClauses.VsCanonical, !canonical))
        {
            result = StageResult.Refused(Stage.VsStage, Fault.Page, gva.Value, WalkClauses.VsCanonical);
            return false;
        }

        return StageWalk.Run(this, gva.Value, request, ref memory, ref steps, out result);
    }

    public bool Reach<TMemory, TSteps>(ulong entry, AccessKind kind, GuestPrivilege privilege, ref TMemory memory, ref TSteps steps, out Spa at, out StageResult failure)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        AccessKind checkedAs = steps.Is(WalkClauses.VsUpdateStore, kind == AccessKind.Store) ? AccessKind.Store : AccessKind.Load;
        bool reached = gStage.Translate(new Gpa(entry), new StageRequest(checkedAs, privilege, Hlvx: false, IsImplicit: true), ref memory, ref steps, out failure);
        at = new Spa(failure.Address);
        if (!reached)
        {
            failure = failure with { Table = checkedAs == AccessKind.Store ? TableAccess.Write : TableAccess.Read };
        }

        return reached;
    }

    public ulong User(in StageRequest request) => request.Privilege == GuestPrivilege.Vu ? Pte.U : 0;

    public WalkClause? RefusedByUser<TSteps>(Pte pte, in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        if (request.Privilege == GuestPrivilege.Vu)
        {
            return steps.Is(WalkClauses.VsSupervisorPage, !pte.IsUser) ? WalkClauses.VsSupervisorPage : null;
        }

        if (request.Kind == AccessKind.Fetch)
        {
            return steps.Is(WalkClauses.VsUserFetch, pte.IsUser) ? WalkClauses.VsUserFetch : null;
        }

        return steps.Is(WalkClauses.VsUserPage, pte.IsUser && !sum) ? WalkClauses.VsUserPage : null;
    }

    public bool ReadsExecutable<TSteps>(in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps =>
        steps.Is(WalkClauses.VsMxr, mxr);
}
