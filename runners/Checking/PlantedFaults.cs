using KvmSpec.Model;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Checking;

/// <summary>Finds the planted faults by generated sequences: how a machine without a kernel shows that checks work.</summary>
public static class PlantedFaults
{
    private const int Sequences = 2_000;
    private const int Length = 30;

    /// <summary>For each planted fault the group in which it was found, or <c>null</c>.</summary>
    public static IReadOnlyList<(Revision Plant, GroupReport? Found)> Find(Host host, ulong seed) =>
        [.. Plants.All.Select(plant => (plant, Find(plant, host, seed)))];

    private static GroupReport? Find(Revision plant, Host host, ulong seed)
    {
        using ModelTarget target = new(plant.Name, new Model.Model(plant, host));
        CheckRun run = new(new Checker(target, new Model.Model(Revisions.Linux73, host)), Strictness.Envelope);
        run.Generated(new SequencePlan(seed, Sequences, Length), null, default);
        return run.Groups.OrderByDescending(g => g.Count).FirstOrDefault();
    }
}
