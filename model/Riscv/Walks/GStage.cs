using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>The G-stage: guest physical addresses to supervisor physical ones, by hgatp.</summary>
internal readonly struct GStage(WalkRegisters registers) : IStage
{
    private readonly bool mxr = registers.SstatusMxr;

    public static Stage Kind => Stage.GStage;

    public static Fault PageFault => Fault.GuestPage;

    public static WalkClause PbmtDisabled => WalkClauses.GPbmtDisabled;

    public static WalkClause SoftwareUpdates => WalkClauses.GUpdate;

    public TranslationMode Mode { get; } = registers.Hgatp.Mode;

    public ulong Root { get; } = registers.Hgatp.Root.Value & ~(Paging.GStageRootSize - 1);

    public StageSettings Settings { get; } = new(registers.GPbmt, registers.GUpdates, registers.Extensions.Svnapot,
        registers.Extensions.Svrsw60t59b ? Pte.SoftwareWhereSvrsw60t59b : 0);

    public bool IsBare => Mode.IsBare;

    /// <summary>Translates; false where it is refused. A guest-page fault names the whole guest physical address.</summary>
    public bool Translate<TMemory, TSteps>(Gpa gpa, in StageRequest request, ref TMemory memory, ref TSteps steps, out StageResult result)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        steps.Begin(Stage.GStage, gpa.Value, request.Kind, request.IsImplicit);
        if (steps.Is(WalkClauses.GBare, Mode.IsBare))
        {
            result = StageResult.Untranslated(Stage.GStage, gpa.Value);
            steps.End(Stage.GStage, gpa.Value);
            return true;
        }

        if (steps.Is(WalkClauses.GWidth, gpa.Value >> Mode.Width != 0))
        {
            result = StageResult.Refused(Stage.GStage, Fault.GuestPage, gpa.Value, WalkClauses.GWidth);
            return false;
        }

        steps.Is(WalkClauses.GRoot, gpa.Value >> (Mode.Width - Paging.RootExtraBits) != 0);
        return StageWalk.Run(this, gpa.Value, request, ref memory, ref steps, out result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Reach<TMemory, TSteps>(ulong entry, AccessKind kind, GuestPrivilege privilege, ref TMemory memory, ref TSteps steps, out Spa at, out StageResult failure)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        at = new Spa(entry);
        Unsafe.SkipInit(out failure);
        return true;
    }

    public ulong User(in StageRequest request) => Pte.U;

    public WalkClause? RefusedByUser<TSteps>(Pte pte, in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps =>
        steps.Is(WalkClauses.GUser, !pte.IsUser) ? WalkClauses.GUser : null;

    public bool ReadsExecutable<TSteps>(in StageRequest request, ref TSteps steps)
        where TSteps : struct, IWalkSteps =>
        steps.Is(WalkClauses.GMxr, mxr) && !steps.Is(WalkClauses.GMxrImplicit, request.IsImplicit);
}
