using System.Collections.Immutable;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>One line of a walk: an entry that was read, a question and its answer, where a translation began or ended.</summary>
/// <param name="What">begin, read, asked, stored (by another hart), updated or end.</param>
/// <param name="Stage">Whose.</param>
/// <param name="Level">The table's level; -1 where there is none.</param>
/// <param name="Address">The address that is translated or was come to, or where the entry is in the stage's own addresses.</param>
/// <param name="At">Where the entry is in memory.</param>
/// <param name="Entry">The entry.</param>
/// <param name="Clause">The question.</param>
/// <param name="Holds">The answer.</param>
/// <param name="Depth">1 within a translation on behalf of a VS-stage table, else 0.</param>
internal sealed record WalkStep(string What, Stage Stage, int Level, ulong Address, Spa At, Pte Entry, WalkClause? Clause, bool Holds, int Depth)
{
    /// <summary>As which access a translation began.</summary>
    public string? As { get; init; }

    /// <summary>How many bytes PMP and PMA were asked for, at <see cref="At"/>; 0 where they were not asked.</summary>
    public int Bytes { get; init; }

    /// <summary>What they were asked to allow.</summary>
    public Permissions Needed { get; init; }
}

/// <summary>Writes down every step of a walk, and what another hart stores in between.</summary>
internal struct WalkRecorder(WalkCase walk) : IWalkSteps
{
    private readonly AskedOfMemory memory = new();
    private Stage stage = Stage.VsStage;
    private int level = -1;
    private int depth;

    /// <summary>The steps in order.</summary>
    public List<WalkStep> Steps { get; } = [];

    /// <summary>How often the walk tried to set A or D in an entry.</summary>
    public int Attempts { get; private set; }

    /// <summary>Walks, and returns what was written down.</summary>
    public static WalkRecorder Follow(WalkCase walk, out WalkResult result, out Dictionary<ulong, ulong> after)
    {
        WalkRecorder recorder = new(walk);
        WatchedMemory memory = new(walk.Memory(), recorder.memory);
        after = memory.Words;
        result = new Walker(walk.Registers).Translate(walk.Access, ref memory, ref recorder);
        return recorder;
    }

    public bool Is(WalkClause clause, bool holds)
    {
        if (clause == WalkClauses.EntryChanged)
        {
            Attempts++;
            foreach ((ulong address, ulong word) in walk.Meanwhile.GetValueOrDefault(Attempts) ?? ImmutableSortedDictionary<ulong, ulong>.Empty)
            {
                Add(new WalkStep("stored", stage, level, 0, new Spa(address), new Pte(word), null, false, depth));
            }
        }

        bool ofMemory = clause.Effect == ClauseEffect.AccessFault;
        Add(new WalkStep("asked", stage, level, 0, ofMemory ? memory.At : default, default, clause, holds, depth)
        {
            Bytes = ofMemory ? memory.Bytes : 0,
            Needed = ofMemory ? memory.Needed : Permissions.None,
        });
        return holds;
    }

    public void Begin(Stage begun, ulong address, AccessKind kind, bool isImplicit)
    {
        (stage, level, depth) = (begun, -1, isImplicit ? 1 : 0);
        Add(new WalkStep("begin", begun, -1, address, default, default, null, false, depth) { As = $"{(isImplicit ? "implicit " : "")}{kind.ToString().ToLowerInvariant()}" });
    }

    public void Read(Stage reading, int read, ulong entry, Spa at, Pte pte)
    {
        (stage, level, depth) = (reading, read, reading == Stage.VsStage ? 0 : depth);
        Add(new WalkStep("read", reading, read, entry, at, pte, null, false, depth));
    }

    public void Updated(Stage updating, int updated, Spa at, Pte pte)
    {
        (stage, level, depth) = (updating, updated, updating == Stage.VsStage ? 0 : depth);
        Add(new WalkStep("updated", updating, updated, 0, at, pte, null, false, depth));
    }

    public void End(Stage ended, ulong address)
    {
        Add(new WalkStep("end", ended, -1, address, default, default, null, false, depth));
        (stage, level, depth) = (Stage.VsStage, -1, 0);
    }

    private readonly void Add(WalkStep step) => Steps.Add(step);
}
