using FsCheck.Xunit;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Laws;
using Xunit;

namespace KvmSpec.Properties.Walks;

/// <summary>What holds of every walk, over drawn tables. w is a walk, t its tables.</summary>
[Properties(QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class WalkLaws
{
    private const int Drawn = 3000;

    [Law("walk.reads-are-bounded", "∀ w: reads(w) ≤ (levels(vs) + 1) · levels(g) + levels(vs), and levels(g) more where a VS-stage entry is updated")]
    [Property(MaxTest = Drawn)]
    public bool ReadsAreBounded(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        CountingSteps steps = new();
        walk.Run(ref steps, out _);
        int g = walk.Registers.Hgatp.Mode.Levels;
        int vs = walk.Registers.VsMode.Levels;
        return steps.Reads <= ((vs + 1) * g) + vs + (steps.VsUpdates ? g : 0);
    }

    [Law("walk.width-before-memory", "∀ w: refused(w) by the width or the sign extension of the address itself ⇒ reads(w) = 0")]
    [Property(MaxTest = Drawn)]
    public bool WidthIsFirst(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        CountingSteps steps = new();
        WalkResult result = walk.Run(ref steps, out _);
        bool first = result.Clause == WalkClauses.VsCanonical || (result.Clause == WalkClauses.GWidth && walk.Registers.VsMode.IsBare);
        return !first || steps.Reads == 0;
    }

    [Law("walk.sets-accessed-and-dirty-alone", "∀ w, word of t: after(w) \\ before(w) ⊆ {A, D} and before(w) ⊆ after(w); each changed word is a valid leaf")]
    [Property(MaxTest = Drawn)]
    public bool SetsNothingElse(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        walk.Run(out Dictionary<ulong, ulong> after);
        return walk.Words.All(w => (after[w.Key] & ~(Pte.A | Pte.D)) == (w.Value & ~(Pte.A | Pte.D)) && (w.Value & ~after[w.Key]) == 0
            && (after[w.Key] == w.Value || new Pte(w.Value) is { IsValid: true, IsLeaf: true }));
    }

    [Law("walk.updates-at-success", "∀ w: w updates an entry ⇒ that entry's translation passed every check: it is the last thing asked of it")]
    [Property(MaxTest = Drawn)]
    public bool UpdatesComeLast(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        OrderSteps steps = new();
        walk.Run(ref steps, out _);
        return !steps.Broken;
    }

    [Law("walk.updates-stay", "∀ w, entry that w updates: it is so afterwards, also where w goes on to a trap")]
    [Property(MaxTest = Drawn)]
    public bool UpdatesStay(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        UpdateSteps steps = new();
        walk.Run(ref steps, out Dictionary<ulong, ulong> after);
        return steps.Updates.All(u => (after[u.Key] & u.Value) == u.Value);
    }

    [Law("walk.updates-before-a-trap", "Σ over 5000 drawn walks: some update an entry and then trap")]
    [Fact]
    public void TrapsFollowUpdates() => Assert.Contains(Enumerable.Range(0, 5_000), i =>
    {
        UpdateSteps steps = new();
        return Generators[0].Generate(Mixer.SeedOf(9, (ulong)i)).Run(ref steps, out _).IsTrap && steps.Updates.Count > 0;
    });

    [Law("walk.idempotent", "∀ w: w on the tables that w left gives the same and leaves them as they are")]
    [Property(MaxTest = Drawn)]
    public bool IsIdempotent(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        WalkResult first = walk.Run(out Dictionary<ulong, ulong> after);
        WalkResult second = (walk with { Words = after }).Run(out Dictionary<ulong, ulong> again);
        return first == second && after.All(w => again[w.Key] == w.Value);
    }

    [Law("walk.is-function", "∀ w: w = w, in result, clause and tables")]
    [Property(MaxTest = Drawn)]
    public bool IsFunction(int high, int low)
    {
        WalkResult one = Draw(high, low).Run(out Dictionary<ulong, ulong> after);
        WalkResult other = Draw(high, low).Run(out Dictionary<ulong, ulong> again);
        return one == other && after.All(w => again[w.Key] == w.Value);
    }

    [Law("walk.same-unfollowed", "∀ w: w followed by nobody = w with every question asked, in result, clause and tables")]
    [Property(MaxTest = Drawn)]
    public bool IsTheSameUnfollowed(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        ClauseCounts asked = default;
        WalkResult followed = walk.Run(ref asked, out Dictionary<ulong, ulong> after);
        return walk.Run(out Dictionary<ulong, ulong> unfollowed) == followed && after.All(w => unfollowed[w.Key] == w.Value);
    }

    [Law("walk.permissions-are-monotone", "∀ w without a trap, leaf l of t: with R, W and X added to l, w goes to the same place")]
    [Property(MaxTest = Drawn)]
    public bool PermissionsAreMonotone(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        WalkResult before = walk.Run(out _);
        if (before.IsTrap)
        {
            return true;
        }

        Dictionary<ulong, ulong> wider = walk.Words.ToDictionary(w => w.Key,
            w => new Pte(w.Value) is { IsValid: true, IsLeaf: true } leaf ? leaf.With(Pte.R | Pte.W | Pte.X).Bits : w.Value);
        return (walk with { Words = wider }).Run(out _).Spa == before.Spa;
    }

    [Law("walk.trap-says-original", "∀ w: cause(w) is that of its access; tval(w) = its address; htval(w) ≠ 0 ⇒ cause(w) ∈ {20, 21, 23}")]
    [Property(MaxTest = Drawn)]
    public bool TrapsNameTheAccess(int high, int low)
    {
        WalkCase walk = Draw(high, low);
        WalkResult result = walk.Run(out _);
        int[] causes = walk.Access.Kind switch { AccessKind.Fetch => [1, 12, 20], AccessKind.Load => [5, 13, 21], _ => [7, 15, 23] };
        return !result.IsTrap || (causes.Contains((int)result.Cause) && result.Tval == walk.Access.Address && (result.Htval == 0 || result.IsGuestPageFault));
    }

    [Law("walk.both-widths-drawn", "Σ over 40000 drawn walks: every clause but hgatp's, Svrsw60t59b's, Svnapot's absence and a changed entry holds in one and not in another")]
    [Fact]
    public void DrawnWalksAskEverything()
    {
        ClauseCounts asked = default;
        for (ulong i = 0; i < 40_000; i++)
        {
            Generators[i % 3 == 0 ? 1 : 0].Generate(Mixer.SeedOf(7, i)).Run(ref asked, out _);
        }

        WalkClause[] never = [WalkClauses.HgatpMode, WalkClauses.HgatpRoot, WalkClauses.HgatpVmid, WalkClauses.EntrySoftware, WalkClauses.NapotAbsent, WalkClauses.EntryChanged];
        Assert.Empty(WalkClauses.All.Except(never).Where(c => !asked.Held.Contains(c) || !asked.Passed.Contains(c)).Select(c => c.Id));
    }

    [Law("walk.changed-entry-is-read-again", "∀ new word of a leaf that changes under the update: w decides by the new word, and writes only to it")]
    [Fact]
    public void ChangedEntriesAreReadAgain()
    {
        const ulong Root = 0x80000000;
        ulong leaf = Pte.Of(0x40000, Pte.V | Pte.R | Pte.W | Pte.X | Pte.U).Bits;
        foreach (ulong changed in new[] { 0UL, leaf & ~Pte.U, leaf | Pte.A, leaf | Pte.A | Pte.D, Pte.Of(0xc0000, Pte.V | Pte.R | Pte.U).Bits })
        {
            Dictionary<ulong, ulong> stored = new() { [Root] = changed };
            WalkCase calm = new()
            {
                Registers = new WalkRegisters { Hgatp = new Hgatp(TranslationMode.Sv39x4, 0, Root >> Paging.OffsetBits), VsMode = TranslationMode.Bare64, Extensions = new() { Ad = AdScheme.Unnamed } },
                Access = new Access(new Gva(0x123), AccessKind.Load),
                Words = stored,
            };
            WalkCase raced = calm with { Words = new Dictionary<ulong, ulong> { [Root] = leaf }, Meanwhile = new Dictionary<int, IReadOnlyDictionary<ulong, ulong>> { [1] = stored } };
            ClauseCounts asked = default;
            Assert.Equal(calm.Run(out Dictionary<ulong, ulong> after), raced.Run(ref asked, out Dictionary<ulong, ulong> racedAfter));
            Assert.Equal(after[Root], racedAfter[Root]);
            Assert.True(asked.Held.Contains(WalkClauses.EntryChanged));
        }
    }

    [Law("walk.allocates-nothing", "∀ w: bytes(w) = 0")]
    [Fact]
    public void AllocatesNothing()
    {
        WalkCase walk = Draw(1, 1);
        Walker walker = new(walk.Registers);
        SparseMemory memory = new(new(walk.Words), []);
        NoSteps nobody = default;
        for (int i = 0; i < 100; i++)
        {
            walker.Translate(walk.Access, ref memory, ref nobody);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            walker.Translate(walk.Access, ref memory, ref nobody);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static readonly WalkGenerator[] Generators =
    [
        new(Xlen.Rv64, new PteExtensions { Svnapot = true, Svpbmt = true }),
        new(Xlen.Rv32, new PteExtensions()),
    ];

    private static WalkCase Draw(int high, int low)
    {
        ulong seed = Mixer.SeedOf((ulong)high, (ulong)low);
        return new WalkGenerator(seed % 3 == 0 ? Xlen.Rv32 : Xlen.Rv64, seed % 3 == 0 ? new PteExtensions() : new PteExtensions { Svnapot = true, Svpbmt = true }).Generate(seed);
    }

    private struct CountingSteps : IWalkSteps
    {
        public int Reads { get; private set; }

        public bool VsUpdates { get; private set; }

        public bool Is(WalkClause clause, bool holds)
        {
            VsUpdates |= clause == WalkClauses.VsUpdateStore && holds;
            return holds;
        }

        public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
        {
        }

        public void Read(Stage stage, int level, ulong entry, Spa at, Pte pte) => Reads++;

        public readonly void Updated(Stage stage, int level, Spa at, Pte pte)
        {
        }

        public readonly void End(Stage stage, ulong address)
        {
        }
    }

    /// <summary>Remembers what was written where.</summary>
    private struct UpdateSteps() : IWalkSteps
    {
        public Dictionary<ulong, ulong> Updates { get; } = [];

        public readonly bool Is(WalkClause clause, bool holds) => holds;

        public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
        {
        }

        public readonly void Read(Stage stage, int level, ulong entry, Spa at, Pte pte)
        {
        }

        public readonly void Updated(Stage stage, int level, Spa at, Pte pte) => Updates[at.Value] = pte.Bits;

        public readonly void End(Stage stage, ulong address)
        {
        }
    }

    /// <summary>After an update only the address is computed before the translation ends.</summary>
    private struct OrderSteps : IWalkSteps
    {
        private bool updated;

        public bool Broken { get; private set; }

        public bool Is(WalkClause clause, bool holds)
        {
            Broken |= updated && clause != WalkClauses.LeafSuperpage && clause != WalkClauses.LeafNapot;
            return holds;
        }

        public readonly void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
        {
        }

        public void Read(Stage stage, int level, ulong entry, Spa at, Pte pte) => Broken |= updated;

        public void Updated(Stage stage, int level, Spa at, Pte pte) => updated = true;

        public void End(Stage stage, ulong address) => updated = false;
    }
}
