using System.Collections.Immutable;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Where emulators are known to differ from the manual, clause by clause, with the versions in which that was seen.</summary>
internal static class WalkExcuses
{
    private const ulong FirstPageFault = 12;
    private const ulong FirstGuestPageFault = 20;

    /// <summary>All of them. The order is that in which they change an answer.</summary>
    public static ImmutableArray<Excuse> All { get; } =
    [
        new()
        {
            Clause = WalkClauses.GMxrImplicit.Id,
            By = Emulator.Qemu,
            Reason = "sstatus.MXR lets the G-stage read execute-only pages of VS-stage tables too",
            Without = WalkClauseSet.Of(WalkClauses.GMxrImplicit),
        },
        new()
        {
            Clause = WalkClauses.VsUpdateStore.Id,
            By = Emulator.Qemu,
            Reason = "A and D of a VS-stage entry are set without asking the G-stage for a store",
            Until = new Version(11, 0),
            Without = WalkClauseSet.Of(WalkClauses.VsUpdateStore),
        },
        new()
        {
            Clause = WalkClauses.VsUpdate.Id,
            By = Emulator.Qemu,
            Reason = "HLV, HLVX and HSV take ADUE and PBMTE of menvcfg for the VS-stage, not those of henvcfg",
            Instead = walk => walk.Access.Kind == AccessKind.Fetch || HasTheSameEnvcfg(walk.Registers) ? walk : walk with
            {
                Registers = walk.Registers with { HenvcfgAdue = walk.Registers.MenvcfgAdue, HenvcfgPbmte = walk.Registers.MenvcfgPbmte },
            },
        },
        new()
        {
            Clause = WalkClauses.VsUserFetch.Id,
            By = Emulator.Qemu,
            Reason = "HLVX is taken for a fetch where the U bit is judged",
            Instead = walk => walk.Access.Hlvx ? walk with { Access = walk.Access with { Kind = AccessKind.Fetch, Hlvx = false } } : walk,
        },
        new()
        {
            Clause = WalkClauses.NapotEncoding.Id,
            By = Emulator.Qemu,
            Only = Xlen.Rv64,
            Reason = "A and D are set in a leaf before its N is found to be reserved",
            Until = new Version(11, 0),
            Reports = UpdatedBeforeNapot,
        },
        new()
        {
            Clause = WalkClauses.LeafPbmt.Id,
            By = Emulator.Qemu,
            Only = Xlen.Rv64,
            Reason = "the memory type 3 is taken for a valid one",
            Without = WalkClauseSet.Of(WalkClauses.LeafPbmt),
        },
        new()
        {
            Clause = WalkClauses.EntryWrite.Id,
            By = Emulator.Qemu,
            Reason = "PMP is not asked when A and D are set",
            Without = WalkClauseSet.Of(WalkClauses.EntryWrite),
        },
        new()
        {
            Clause = WalkClauses.EntryRead.Id,
            By = Emulator.Qemu,
            Reason = "an entry where no memory is, and one that the G-stage may not read for a VS-stage table, are page faults, as entries that are not valid",
            Reports = EntryUnreadable,
        },
        new()
        {
            Clause = WalkClauses.CauseHlvx.Id,
            By = Emulator.Qemu,
            Reason = "HLVX reports causes of fetches, and a page fault where it is a guest-page fault",
            Reports = (walk, _, answer) => walk.Access.Hlvx
                ? answer with { Cause = answer.Cause switch { 13 or 20 or 21 => 12, 5 => 1, _ => answer.Cause } }
                : answer,
        },
    ];

    /// <summary>Those of an emulator and a register width.</summary>
    public static ImmutableArray<Excuse> Of(SecondOpinion opinion, Xlen xlen) => [.. All.Where(e => e.Concerns(opinion, xlen))];

    private static bool HasTheSameEnvcfg(WalkRegisters registers) =>
        registers.HenvcfgAdue == registers.MenvcfgAdue && registers.HenvcfgPbmte == registers.MenvcfgPbmte;

    private static WalkAnswer EntryUnreadable(WalkCase walk, Understood understood, WalkAnswer answer)
    {
        WalkResult result = understood.Result;
        if (result.Clause != WalkClauses.EntryRead || (!result.IsTableAccess && !IsMissing(understood)))
        {
            return answer;
        }

        ulong kind = walk.Access.Kind switch { AccessKind.Fetch => 0, AccessKind.Load => 1, _ => 3 };
        ulong pseudo = walk.Registers.Xlen == Xlen.Rv32 ? Walker.PseudoRead32 : Walker.PseudoRead64;
        return result.Stage == Stage.GStage
            ? answer with { Cause = FirstGuestPageFault + kind, Htval = result.Gpa.Value >> 2, Pseudo = result.IsTableAccess ? pseudo : 0 }
            : answer with { Cause = FirstPageFault + kind };
    }

    /// <summary>True where the entry that could not be read is outside RAM, and not merely under PMP.</summary>
    private static bool IsMissing(Understood understood)
    {
        RefusingMemory memory = new(new Dictionary<ulong, ulong>(understood.Walk.Words));
        WithoutClauses steps = new(understood.Without);
        new Walker(understood.Walk.Registers).Translate(understood.Walk.Access, ref memory, ref steps);
        return memory.Refused is { } at && at.Value >= WalkArena.MemoryEnd.Value;
    }

    /// <summary>The arena's memory, which remembers where it last refused an access.</summary>
    private record struct RefusingMemory(Dictionary<ulong, ulong> Words) : IPhysicalMemory
    {
        public Spa? Refused { get; private set; }

        public bool Allows(Spa address, int bytes, Permissions needed)
        {
            bool allows = new SparseMemory(Words, WalkArena.Ranges).Allows(address, bytes, needed);
            Refused = allows ? Refused : address;
            return allows;
        }

        public readonly ulong Read(Spa address, int bytes) => Words.GetValueOrDefault(address.Value);

        public readonly bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement) =>
            new SparseMemory(Words, []).CompareAndSwap(address, bytes, expected, replacement);
    }

    /// <summary>The tables as if the faulty leaf's A and D were set where everything else about it is in order.</summary>
    private static WalkAnswer UpdatedBeforeNapot(WalkCase walk, Understood understood, WalkAnswer answer)
    {
        if (understood.Result.Clause != WalkClauses.NapotEncoding)
        {
            return answer;
        }

        LeafWithoutNapot leaf = new(understood.Without);
        understood.Walk.Run(ref leaf, out Dictionary<ulong, ulong> after);
        ulong[] words = [.. answer.After];
        int i = 0;
        foreach (ulong address in walk.Words.Keys)
        {
            words[i] = address == leaf.Faulty?.Value ? after[address] : words[i];
            i++;
        }

        return answer with { After = words };
    }

    /// <summary>A walk that does not ask about N and remembers the first entry where that mattered.</summary>
    private struct LeafWithoutNapot(WalkClauseSet without) : IWalkSteps
    {
        private Spa last;

        public Spa? Faulty { get; private set; }

        public bool Is(WalkClause clause, bool holds)
        {
            if (clause != WalkClauses.NapotEncoding)
            {
                return holds && !without.Contains(clause);
            }

            Faulty ??= holds ? last : null;
            return false;
        }

        public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
        {
        }

        public void Read(Stage stage, int level, ulong entry, Spa at, Pte pte) => last = at;

        public readonly void Updated(Stage stage, int level, Spa at, Pte pte)
        {
        }

        public readonly void End(Stage stage, ulong address)
        {
        }
    }
}
