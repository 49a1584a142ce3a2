using System.Diagnostics;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Cases that differ in one way: what was expected by which clause, and what came.</summary>
/// <param name="Clause">The clause by which the model decided.</param>
/// <param name="Expected">The cause that it gives.</param>
/// <param name="Observed">The cause that came.</param>
/// <param name="What">Which parts of the answer differ.</param>
internal sealed record WalkGroup(string Clause, ulong Expected, ulong Observed, string What);

/// <summary>A group with its first case.</summary>
internal sealed class WalkDivergence(WalkCase first, ulong seed, WalkAnswer expected, WalkAnswer observed)
{
    public WalkCase First => first;

    /// <summary>The seed of the first case: what <c>--replay</c> takes.</summary>
    public ulong Seed => seed;

    public WalkAnswer Expected => expected;

    public WalkAnswer Observed => observed;

    public long Count { get; set; } = 1;
}

/// <summary>Random accesses on a walk server, each held against the model.</summary>
internal sealed class WalkCheckRun(WalkServer server, Xlen xlen)
{
    private readonly WalkGenerator generator = new(xlen, Extensions(xlen));
    private readonly IReadOnlyList<Excuse> excuses = QemuExcuses.Of(server.Version, xlen);

    /// <summary>Where QEMU of this version is known to differ.</summary>
    public IReadOnlyList<Excuse> Excusing => excuses;

    /// <summary>What the server's machine has.</summary>
    public static PteExtensions Extensions(Xlen xlen) =>
        xlen == Xlen.Rv32 ? new PteExtensions() : new PteExtensions { Svnapot = true, Svpbmt = true };

    public long Cases { get; private set; }

    /// <summary>Time from the first batch to the last.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Cases by VS-stage mode, G-stage mode, and kind of access, with how many of them succeeded.</summary>
    public SortedDictionary<(string VsMode, string GMode, string Kind), (long Cases, long Succeeded)> Table { get; } = [];

    /// <summary>How often each clause refused.</summary>
    public SortedDictionary<string, long> Decided { get; } = new(StringComparer.Ordinal);

    /// <summary>Cases that an excuse explains, by its clause.</summary>
    public Dictionary<Excuse, long> Excused { get; } = [];

    public Dictionary<WalkGroup, WalkDivergence> Groups { get; } = [];

    /// <summary>Clauses that were found to hold and not to hold.</summary>
    public ClauseCounts Clauses;

    public bool Interrupted { get; private set; }

    /// <summary>True once a store went to a place where the model expected none.</summary>
    public bool DataChanged { get; private set; }

    /// <summary>Makes the cases of a plan.</summary>
    public void Run(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Batch? running = null;
        for (long index = plan.Shard; ;)
        {
            Batch next = Draw(plan, ref index);
            if (next.Cases.Count > 0)
            {
                server.Submit(next.Cases, next.Watched);
            }

            if (running is not null)
            {
                WalkAnswer[] answers = server.Wait();
                if (next.Cases.Count > 0)
                {
                    server.Go();
                }

                Judge(running, answers);
                progress?.Invoke(Cases);
            }
            else if (next.Cases.Count > 0)
            {
                server.Go();
            }

            running = next;
            Interrupted = stop.IsCancellationRequested;
            if (next.Cases.Count == 0 || Interrupted)
            {
                break;
            }
        }

        Elapsed = watch.Elapsed;
        DataChanged |= !server.DataIsIntact();
    }

    /// <summary>Makes one case.</summary>
    public void One(ulong seed)
    {
        Batch batch = new();
        batch.Add(seed, generator.Generate(seed), excuses, ref Clauses);
        Judge(batch, server.Run(batch.Cases, batch.Watched));
    }

    private Batch Draw(SequencePlan plan, ref long index)
    {
        Batch batch = new();
        for (; batch.Cases.Count < ServerLayout.BatchSize && index < plan.Count; index += plan.Shards)
        {
            ulong seed = Mixer.SeedOf(plan.Seed, (ulong)index);
            batch.Add(seed, generator.Generate(seed), excuses, ref Clauses);
        }

        return batch;
    }

    private void Judge(Batch batch, WalkAnswer[] answers)
    {
        for (int i = 0; i < answers.Length; i++)
        {
            Cases++;
            WalkCase walk = batch.Cases[i];
            WalkResult result = batch.Results[i];
            var key = (walk.Registers.VsMode.Name, walk.Registers.Hgatp.Mode.Name, Kind(walk.Access));
            (long cases, long succeeded) = Table.GetValueOrDefault(key);
            Table[key] = (cases + 1, succeeded + (result.IsTrap ? 0 : 1));
            string clause = result.Clause?.Id ?? "no fault";
            Decided[clause] = Decided.GetValueOrDefault(clause) + 1;
            if (!answers[i].Equals(batch.Expected[i]) && !Excuses(walk, answers[i]))
            {
                WalkGroup group = new(clause, batch.Expected[i].Cause, answers[i].Cause, Different(batch.Expected[i], answers[i]));
                if (Groups.TryGetValue(group, out WalkDivergence? known))
                {
                    known.Count++;
                }
                else
                {
                    Groups.Add(group, new WalkDivergence(walk, batch.Seeds[i], batch.Expected[i], answers[i]));
                }
            }
        }
    }

    /// <summary>True where excuses explain an answer; those without which they would not are counted.</summary>
    private bool Excuses(WalkCase walk, WalkAnswer observed)
    {
        if (!Excuse.Answer(walk, excuses).Equals(observed))
        {
            return false;
        }

        Excuse[] needed = [.. excuses.Where(e => !Excuse.Answer(walk, excuses.Where(o => o != e)).Equals(observed))];
        foreach (Excuse excuse in needed.Length > 0 ? needed : [excuses.First(e => Excuse.Answer(walk, [e]).Equals(observed))])
        {
            Excused[excuse] = Excused.GetValueOrDefault(excuse) + 1;
        }

        return true;
    }

    /// <summary>How reports call a kind of access.</summary>
    public static string Kind(Access access) => access switch
    {
        { Hlvx: true } => "HLVX",
        { Kind: AccessKind.Load } => "HLV",
        { Kind: AccessKind.Store } => "HSV",
        _ => "fetch",
    };

    /// <summary>Which parts of two answers differ, by their names.</summary>
    internal static string Different(WalkAnswer expected, WalkAnswer observed)
    {
        List<string> parts = [];
        void Compare(string name, bool same)
        {
            if (!same)
            {
                parts.Add(name);
            }
        }

        Compare("cause", expected.Cause == observed.Cause);
        Compare("tval", expected.Tval == observed.Tval);
        Compare("htval", expected.Htval == observed.Htval);
        Compare("htinst", expected.Pseudo == observed.Pseudo);
        Compare("value", expected.Value == observed.Value);
        Compare("tables", expected.After.AsSpan().SequenceEqual(observed.After));
        return string.Join(", ", parts);
    }

    private sealed class Batch
    {
        public List<ulong> Seeds { get; } = [];

        public List<WalkCase> Cases { get; } = [];

        public List<WalkResult> Results { get; } = [];

        public List<WalkAnswer> Expected { get; } = [];

        public List<Spa?> Watched { get; } = [];

        public void Add(ulong seed, WalkCase walk, IReadOnlyList<Excuse> excuses, ref ClauseCounts clauses)
        {
            WalkResult result = walk.Run(ref clauses, out Dictionary<ulong, ulong> after);
            Seeds.Add(seed);
            Cases.Add(walk);
            Results.Add(result);
            Expected.Add(WalkAnswer.Of(walk, result, after));

            // Where the store is known to arrive in QEMU alone, it is to be undone too.
            if (walk.Access.Kind == AccessKind.Store && result.IsTrap)
            {
                result = Excuse.Run(walk, excuses, out _).Result;
            }

            Watched.Add(!result.IsTrap && walk.Access.Kind == AccessKind.Store && WalkArena.IsData(result.Spa) ? result.Spa : null);
        }
    }
}
