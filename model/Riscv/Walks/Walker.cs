using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>
/// Two-stage address translation as the RISC-V privileged architecture has it: a function of tables, registers and the
/// access. It knows no translation caches; memory is little-endian.
/// </summary>
/// <param name="registers">What it depends on beside tables.</param>
public sealed class Walker(WalkRegisters registers)
{
    /// <summary>Pseudoinstructions for accesses to VS-stage tables.</summary>
    public const ushort PseudoRead32 = 0x2000;

    /// <inheritdoc cref="PseudoRead32"/>
    public const ushort PseudoRead64 = 0x3000;

    /// <summary>What makes a pseudoinstruction one for a write.</summary>
    public const ushort PseudoWrite = 0x20;

    private const int HtvalShift = 2;

    private readonly GStage gStage = new(registers);
    private readonly VsStage vsStage = new(registers, new GStage(registers));
    private readonly ushort pseudoRead = registers.Xlen == Xlen.Rv32 ? PseudoRead32 : PseudoRead64;

    public WalkRegisters Registers { get; } = registers;

    /// <summary>Translates an access; A and D in <paramref name="memory"/> change as it says.</summary>
    public WalkResult Translate<TMemory, TSteps>(in Access access, ref TMemory memory, ref TSteps steps)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        StageRequest request = new(access.Kind, access.Privilege, access.Hlvx, IsImplicit: false);
        if (!vsStage.Translate(access.Address, request, ref memory, ref steps, out StageResult vs))
        {
            return Trap(access, vs, pseudoRead, ref steps);
        }

        if (!gStage.Translate(new Gpa(vs.Address), request, ref memory, ref steps, out StageResult g))
        {
            return Trap(access, g, pseudoRead, ref steps);
        }

        return RefusedByMemory(access, new Spa(g.Address), ref memory, ref steps) is { } refused
            ? Trap(access, StageResult.Refused(Stage.GStage, Fault.Access, vs.Address, refused), 0, ref steps)
            : new WalkResult(new Spa(g.Address), new Gpa(vs.Address), TypeOf(vs, g, ref steps), vs.Level, g.Level);
    }

    /// <summary>
    /// Translates a guest physical address alone, as with vsatp Bare; for tables that nobody enters through a VS-stage.
    /// </summary>
    public WalkResult TranslateGuestPhysical<TMemory, TSteps>(Gpa gpa, in Access access, ref TMemory memory, ref TSteps steps)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        StageRequest request = new(access.Kind, access.Privilege, access.Hlvx, IsImplicit: false);
        if (!gStage.Translate(gpa, request, ref memory, ref steps, out StageResult g))
        {
            return Trap(access, g, pseudoRead, ref steps);
        }

        return RefusedByMemory(access, new Spa(g.Address), ref memory, ref steps) is { } refused
            ? Trap(access, StageResult.Refused(Stage.GStage, Fault.Access, gpa.Value, refused), 0, ref steps)
            : new WalkResult(new Spa(g.Address), gpa, TypeOf(default, g, ref steps), 0, g.Level);
    }

    /// <summary>The access itself: the clause by which PMP and PMA refuse it, or <c>null</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WalkClause? RefusedByMemory<TMemory, TSteps>(in Access access, Spa spa, ref TMemory memory, ref TSteps steps)
        where TMemory : struct, IPhysicalMemory
        where TSteps : struct, IWalkSteps
    {
        Permissions needed = access.Kind switch
        {
            AccessKind.Fetch => Permissions.Execute,
            AccessKind.Store => Permissions.Write,
            _ => Permissions.Read,
        };
        if (steps.Is(WalkClauses.FinalAccess, !memory.Allows(spa, access.Bytes, needed)))
        {
            return WalkClauses.FinalAccess;
        }

        return access.Hlvx && steps.Is(WalkClauses.FinalHlvx, !memory.Allows(spa, access.Bytes, Permissions.Execute)) ? WalkClauses.FinalHlvx : null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static MemoryType TypeOf<TSteps>(in StageResult vs, in StageResult g, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        MemoryType type = steps.Is(WalkClauses.GMemoryType, g.Pbmt != 0) ? (MemoryType)g.Pbmt : MemoryType.Pma;
        return steps.Is(WalkClauses.VsMemoryType, vs.Pbmt != 0) ? (MemoryType)vs.Pbmt : type;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WalkResult Trap<TSteps>(in Access access, in StageResult failed, ushort pseudoRead, ref TSteps steps)
        where TSteps : struct, IWalkSteps
    {
        bool guest = steps.Is(WalkClauses.CauseGuest, failed.Fault == Fault.GuestPage);
        steps.Is(WalkClauses.CauseOriginal, failed.Table != TableAccess.None);
        steps.Is(WalkClauses.CauseHlvx, access.Hlvx);
        TrapCause cause = failed.Fault switch
        {
            Fault.Access => access.Kind switch
            {
                AccessKind.Fetch => TrapCause.InstructionAccessFault,
                AccessKind.Load => TrapCause.LoadAccessFault,
                _ => TrapCause.StoreAccessFault,
            },
            Fault.GuestPage => access.Kind switch
            {
                AccessKind.Fetch => TrapCause.InstructionGuestPageFault,
                AccessKind.Load => TrapCause.LoadGuestPageFault,
                _ => TrapCause.StoreGuestPageFault,
            },
            _ => access.Kind switch
            {
                AccessKind.Fetch => TrapCause.InstructionPageFault,
                AccessKind.Load => TrapCause.LoadPageFault,
                _ => TrapCause.StorePageFault,
            },
        };
        if (!guest)
        {
            return new WalkResult
            {
                Cause = cause,
                Tval = access.Address,
                Gpa = new Gpa(failed.Stage == Stage.GStage ? failed.Address : 0),
                Stage = failed.Stage,
                IsTableAccess = failed.Table != TableAccess.None,
                Clause = failed.Clause,
            };
        }

        bool table = steps.Is(WalkClauses.TrapTableGpa, failed.Table != TableAccess.None);
        steps.Is(WalkClauses.TrapGpa, !table);
        int pseudo = 0;
        if (steps.Is(WalkClauses.TrapPseudo, table))
        {
            pseudo = pseudoRead | (steps.Is(WalkClauses.TrapPseudoWrite, failed.Table == TableAccess.Write) ? PseudoWrite : 0);
        }

        return new WalkResult
        {
            Cause = cause,
            Tval = access.Address,
            Gpa = new Gpa(failed.Address),
            Htval = failed.Address >> HtvalShift,
            Pseudo = (ushort)pseudo,
            Stage = failed.Stage,
            IsTableAccess = table,
            Clause = failed.Clause,
        };
    }
}
