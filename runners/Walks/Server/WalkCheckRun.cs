using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Random accesses on a walk server, each held against the model.</summary>
internal sealed class WalkCheckRun(WalkServer server, Xlen xlen, WalkOracle oracle)
{
    private readonly WalkGenerator generator = new(xlen, Extensions(xlen));

    /// <summary>What the server's machine has.</summary>
    public static PteExtensions Extensions(Xlen xlen) =>
        xlen == Xlen.Rv32 ? new PteExtensions() : new PteExtensions { Svnapot = true, Svpbmt = true };

    public WalkFindings Findings { get; } = new(server.Opinion, oracle);

    /// <summary>Makes the cases of a plan.</summary>
    public void Run(SequencePlan plan, Action<long>? progress, CancellationToken stop)
    {
        Queue<List<WalkTrial>> running = new();
        long done = 0;
        for (long index = plan.Shard; index < plan.Count || running.Count > 0;)
        {
            Findings.Interrupted = stop.IsCancellationRequested;
            List<WalkTrial> next = Findings.Interrupted ? [] : Draw(plan, ref index);
            if (next.Count > 0)
            {
                Submit(next);
                running.Enqueue(next);
            }

            if (running.Count > 0 && (running.Count > 1 || next.Count == 0))
            {
                List<WalkTrial> first = running.Dequeue();
                Findings.Judge(first, server.Wait());
                done += first.Count;
                progress?.Invoke(done);
            }
            else if (Findings.Interrupted)
            {
                break;
            }
        }

        Findings.DataChanged |= !server.DataIsIntact();
        Shrink();
    }

    /// <summary>Makes one case.</summary>
    public void One(ulong seed)
    {
        if (oracle.Prepare(seed, generator.Generate(seed)) is not { } trial)
        {
            Findings.Tally.LeftOut++;
            return;
        }

        Findings.Judge([trial], server.Run([trial.Walk], [trial.Watched]));
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
                Findings.Tally.LeftOut++;
            }
        }

        return batch;
    }

    private void Shrink()
    {
        WalkShrinker shrinker = new(server, oracle);
        foreach ((WalkGroup group, WalkDivergence divergence) in Findings.Groups.OrderByDescending(g => g.Value.Count).Take(WalkFindings.GroupsShown))
        {
            divergence.Smallest = shrinker.Shrink(group, divergence.First);
        }
    }
}
