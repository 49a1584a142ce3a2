using System.Diagnostics;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Random accesses on a walk server, each held against the model.</summary>
internal sealed class WalkCheckRun(WalkServer server, Xlen xlen, WalkOracle oracle)
{
    /// <summary>How many groups of differences are shrunk.</summary>
    public const int GroupsShrunk = 6;

    private readonly WalkGenerator generator = new(xlen, Extensions(xlen));
    private readonly WalkClause[] excusedClauses = [.. oracle.Excuses.Select(e => WalkClauses.Find(e.Clause)!)];

    /// <summary>What the server's machine has.</summary>
    public static PteExtensions Extensions(Xlen xlen) =>
        xlen == Xlen.Rv32 ? new PteExtensions() : new PteExtensions { Svnapot = true, Svpbmt = true };

    /// <summary>Where the machine is known to differ.</summary>
    public IReadOnlyList<Excuse> Excuses => oracle.Excuses;

    public Version Version => server.Version;

    /// <summary>Time from the first batch to the last.</summary>
    public TimeSpan Elapsed { get; private set; }

    public WalkTally Tally { get; } = new();

    public Dictionary<WalkGroup, WalkDivergence> Groups { get; } = [];

    public bool Interrupted { get; private set; }

    /// <summary>True once a store went to a place where the model expected none.</summary>
    public bool DataChanged { get; private set; }

    public bool Diverges => Groups.Count > 0 || DataChanged;

    /// <summary>Makes the cases of a plan.</summary>
    public void Run(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Queue<List<WalkTrial>> running = new();
        long done = 0;
        for (long index = plan.Shard; index < plan.Count || running.Count > 0;)
        {
            Interrupted = stop.IsCancellationRequested;
            List<WalkTrial> next = Interrupted ? [] : Draw(plan, ref index);
            if (next.Count > 0)
            {
                Submit(next);
                running.Enqueue(next);
            }

            if (running.Count > 0 && (running.Count > 1 || next.Count == 0))
            {
                List<WalkTrial> first = running.Dequeue();
                Judge(first, server.Wait());
                done += first.Count;
                progress?.Invoke(done);
            }
            else if (Interrupted)
            {
                break;
            }
        }

        Elapsed = watch.Elapsed;
        DataChanged |= !server.DataIsIntact();
        Shrink();
    }

    /// <summary>Makes one case.</summary>
    public void One(ulong seed)
    {
        if (oracle.Prepare(seed, generator.Generate(seed)) is not { } trial)
        {
            Tally.LeftOut++;
            return;
        }

        Judge([trial], server.Run([trial.Walk], [trial.Watched]));
        Shrink();
    }

    private void Submit(List<WalkTrial> trials) => server.Submit([.. trials.Select(t => t.Walk)], [.. trials.Select(t => t.Watched)]);

    private List<WalkTrial> Draw(SequencePlan plan, ref long index)
    {
        List<WalkTrial> batch = [];
        for (; batch.Count < ServerLayout.BatchSize && index < plan.Count; index += plan.Shards)
        {
            ulong seed = Mixer.SeedOf(plan.Seed, (ulong)index);
            if (oracle.Prepare(seed, generator.Generate(seed)) is { } trial)
            {
                batch.Add(trial);
            }
            else
            {
                Tally.LeftOut++;
            }
        }

        return batch;
    }

    private void Judge(List<WalkTrial> trials, WalkAnswer[] answers)
    {
        for (int i = 0; i < answers.Length; i++)
        {
            WalkTrial trial = trials[i];
            bool agrees = answers[i].Equals(trial.Expected);
            IReadOnlyList<Excuse> explaining = agrees ? [] : oracle.Explain(trial.Walk, answers[i]);
            Tally.Add(trial, agrees, explaining);
            if (agrees)
            {
                foreach (WalkClause clause in excusedClauses)
                {
                    Tally.Decides(clause, trial);
                }
            }
            else if (explaining.Count == 0)
            {
                Count(new WalkDifference(trial, answers[i]));
            }
        }
    }

    private void Count(WalkDifference difference)
    {
        WalkGroup group = WalkGroup.Of(difference.Trial, difference.Observed);
        if (Groups.TryGetValue(group, out WalkDivergence? known))
        {
            known.Count++;
        }
        else
        {
            Groups.Add(group, new WalkDivergence(difference));
        }
    }

    private void Shrink()
    {
        WalkShrinker shrinker = new(server, oracle);
        foreach ((WalkGroup group, WalkDivergence divergence) in Groups.OrderByDescending(g => g.Value.Count).Take(GroupsShrunk))
        {
            divergence.Smallest = shrinker.Shrink(group, divergence.First);
        }
    }
}
