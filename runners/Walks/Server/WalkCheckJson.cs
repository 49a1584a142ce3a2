using System.Text.Json.Nodes;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>What a walk check found, for programs. The keys that reports of kernels have too mean the same.</summary>
internal static class WalkCheckJson
{
    public static string Of(CheckRequest request, WalkFindings found)
    {
        WalkTally tally = found.Tally;
        JsonObject json = new()
        {
            ["target"] = request.Target,
            ["kernel"] = found.Opinion.Name,
            ["revision"] = request.Revision ?? "walks",
            ["seed"] = CallText.Number(request.Plan.Seed),
            ["accesses"] = tally.Total.Cases,
            ["leftOut"] = tally.LeftOut,
            ["interrupted"] = found.Interrupted,
            ["modes"] = new JsonArray([.. tally.Table.Select(t => (JsonNode)new JsonObject
            {
                ["vsatp"] = t.Key.VsMode, ["hgatp"] = t.Key.GMode, ["kind"] = t.Key.Kind, ["accesses"] = t.Value.Cases, ["succeeded"] = t.Value.Succeeded,
                ["excused"] = t.Value.Excused, ["unexplained"] = t.Value.Unexplained,
            })]),
            ["refused"] = new JsonObject(tally.Refused.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value))),
            ["decided"] = new JsonObject(WalkClauses.All.Select(c => KeyValuePair.Create(c.Id, (JsonNode?)(IsDecided(tally, c) ? 1 : 0)))),
            ["deviations"] = new JsonArray([.. found.Excuses.Select(e => (JsonNode)new JsonObject
            {
                ["clause"] = e.Clause,
                ["accesses"] = new JsonObject(WalkTally.Kinds.Select(k => KeyValuePair.Create(k, (JsonNode?)tally.Excused.GetValueOrDefault((e, k))))),
                ["otherwiseKept"] = tally.Decisive.Contains(WalkClauses.Find(e.Clause)!),
                ["reason"] = e.Reason,
            })]),
            ["groups"] = new JsonArray([.. found.Groups.OrderByDescending(g => g.Value.Count).Select(g => (JsonNode)new JsonObject
            {
                ["clause"] = g.Key.Clause, ["differs"] = g.Key.What, ["accesses"] = g.Value.Count, ["allowed"] = g.Value.Smallest.Trial.Expected.Summary,
                ["came"] = g.Value.Smallest.Observed.Summary, ["replay"] = $"0x{g.Value.First.Trial.Seed:x}",
            })]),
        };
        return json.ToJsonString();
    }

    /// <summary>
    /// True for a clause that was answered yes in one access and no in another, both without an excuse. What memory type an
    /// access has is no part of an answer.
    /// </summary>
    private static bool IsDecided(WalkTally tally, WalkClause clause) => clause != WalkClauses.GMemoryType && clause != WalkClauses.VsMemoryType
        && tally.Kept.Held.Contains(clause) && tally.Kept.Passed.Contains(clause);
}
