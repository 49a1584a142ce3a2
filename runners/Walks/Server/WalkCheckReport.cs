using System.Globalization;
using System.Text.Json.Nodes;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>What a walk check found, for people.</summary>
internal static class WalkCheckReport
{
    private const int GroupsShown = 6;

    public static void Write(TextWriter output, CheckRequest request, Version version, WalkCheckRun run)
    {
        output.WriteLine($"{request.Target}: QEMU {version}, {Number(run.Cases)} accesses"
            + (request.Replay is null ? $", seed {CallText.Number(request.Plan.Seed)}, shard {request.Plan.Shard + 1}/{request.Plan.Shards}" : ""));
        WriteTable(output, run);
        int number = 0;
        foreach ((WalkGroup group, WalkDivergence divergence) in run.Groups.OrderByDescending(g => g.Value.Count).Take(GroupsShown))
        {
            output.WriteLine();
            output.WriteLine($"divergence {++number} of {run.Groups.Count}: expected by {group.Clause}, {group.What} {(group.What.Contains(',', StringComparison.Ordinal) ? "differ" : "differs")}, in {Number(divergence.Count)} accesses");
            WriteCase(output, divergence);
            output.WriteLine($"  replay:  kvmspec check --target {request.Target} --replay 0x{divergence.Seed:x}");
        }

        foreach ((WalkGroup group, WalkDivergence divergence) in run.Groups.OrderByDescending(g => g.Value.Count).Skip(GroupsShown))
        {
            output.WriteLine($"divergence {++number} of {run.Groups.Count}: expected by {group.Clause} cause {group.Expected}, came {group.Observed}, {group.What}, in {Number(divergence.Count)} accesses; --replay 0x{divergence.Seed:x}");
        }

        if (run.DataChanged)
        {
            output.WriteLine();
            output.WriteLine("a store changed a page where the model expected none");
        }

        IReadOnlyList<Excuse> excuses = run.Excusing;
        if (excuses.Count > 0)
        {
            output.WriteLine();
            output.WriteLine($"clauses that QEMU {version} does not keep:");
            foreach (Excuse excuse in excuses)
            {
                output.WriteLine($"  {excuse.Clause,-28} {Number(run.Excused.GetValueOrDefault(excuse)),10}  {excuse.Reason}");
            }

            foreach (Excuse excuse in excuses.Where(e => request.Replay is null && !run.Excused.ContainsKey(e)))
            {
                output.WriteLine($"excuse for {excuse.Clause} no longer occurs: {excuse.Reason}");
            }
        }

        output.WriteLine();
        output.WriteLine(run.Groups.Count == 0 && !run.DataChanged
            ? $"no unexplained difference in {Number(run.Cases)} accesses; {Number(run.Excused.Values.Sum())} times an excuse was needed"
            : $"{run.Groups.Count} groups of differences");
    }

    /// <summary>The report for programs.</summary>
    public static string Json(CheckRequest request, Version version, WalkCheckRun run)
    {
        JsonObject json = new()
        {
            ["target"] = request.Target,
            ["qemu"] = version.ToString(),
            ["seed"] = CallText.Number(request.Plan.Seed),
            ["accesses"] = run.Cases,
            ["modes"] = new JsonArray([.. run.Table.Select(t => (JsonNode)new JsonObject
            {
                ["vsatp"] = t.Key.VsMode, ["hgatp"] = t.Key.GMode, ["kind"] = t.Key.Kind, ["accesses"] = t.Value.Cases, ["succeeded"] = t.Value.Succeeded,
            })]),
            ["refused"] = new JsonObject(run.Decided.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value))),
            ["excused"] = new JsonArray([.. run.Excusing.Select(e => (JsonNode)new JsonObject
            {
                ["clause"] = e.Clause, ["accesses"] = run.Excused.GetValueOrDefault(e), ["reason"] = e.Reason,
            })]),
            ["groups"] = new JsonArray([.. run.Groups.OrderByDescending(g => g.Value.Count).Select(g => (JsonNode)new JsonObject
            {
                ["clause"] = g.Key.Clause, ["differs"] = g.Key.What, ["accesses"] = g.Value.Count, ["allowed"] = g.Value.Expected.Summary,
                ["came"] = g.Value.Observed.Summary, ["replay"] = $"0x{g.Value.Seed:x}",
            })]),
        };
        return json.ToJsonString();
    }

    private static void WriteTable(TextWriter output, WalkCheckRun run)
    {
        if (run.Table.Count == 0)
        {
            return;
        }

        string[] kinds = ["HLV", "HLVX", "HSV", "fetch"];
        output.WriteLine($"{"VS-stage",-10}{"G-stage",-10}{string.Concat(kinds.Select(k => $"{k,20}"))}   (accesses, of which succeeded)");
        foreach (var row in run.Table.GroupBy(t => (t.Key.VsMode, t.Key.GMode)))
        {
            output.Write($"{row.Key.VsMode,-10}{row.Key.GMode,-10}");
            foreach (string kind in kinds)
            {
                (long cases, long succeeded) = run.Table.GetValueOrDefault((row.Key.VsMode, row.Key.GMode, kind));
                output.Write($"{Number(cases) + " / " + Number(succeeded),20}");
            }

            output.WriteLine();
        }

        output.WriteLine($"refused by {run.Decided.Count - (run.Decided.ContainsKey("no fault") ? 1 : 0)} clauses; "
            + $"{WalkClauses.All.Count(c => run.Clauses.Held.Contains(c) && run.Clauses.Passed.Contains(c))} of {WalkClauses.All.Length} clauses held in one access and not in another");
    }

    private static void WriteCase(TextWriter output, WalkDivergence divergence)
    {
        WalkCase walk = divergence.First;
        output.WriteLine($"  {WalkCheckRun.Kind(walk.Access)} at {walk.Access.Address} in {walk.Access.Privilege.ToString().ToUpperInvariant()}, "
            + $"vsatp {walk.Registers.VsMode} 0x{walk.Registers.VsPpn:x}, hgatp {walk.Registers.Hgatp.Mode} 0x{walk.Registers.Hgatp.Ppn:x}");
        output.WriteLine($"  {string.Join(' ', Switches(walk.Registers).DefaultIfEmpty("no switches"))}");
        int i = 0;
        foreach ((ulong address, ulong word) in walk.Words)
        {
            Pte pte = new(word);
            string after = divergence.Expected.After[i] == divergence.Observed.After[i] ? ""
                : $"  expected 0x{divergence.Expected.After[i]:x}, came 0x{divergence.Observed.After[i]:x}";
            output.WriteLine($"    0x{address:x}: 0x{word:x16} {pte.Flags} -> 0x{pte.Ppn << Paging.OffsetBits:x}{after}");
            i++;
        }

        output.WriteLine($"  allowed: {divergence.Expected.Summary}");
        output.WriteLine($"  came:    {divergence.Observed.Summary}");
    }

    private static IEnumerable<string> Switches(WalkRegisters registers)
    {
        (bool On, string Name)[] all =
        [
            (registers.SstatusMxr, "sstatus.MXR"), (registers.VsstatusMxr, "vsstatus.MXR"), (registers.VsstatusSum, "vsstatus.SUM"),
            (registers.MenvcfgPbmte, "menvcfg.PBMTE"), (registers.HenvcfgPbmte, "henvcfg.PBMTE"),
            (registers.MenvcfgAdue, "menvcfg.ADUE"), (registers.HenvcfgAdue, "henvcfg.ADUE"),
        ];
        return all.Where(s => s.On).Select(s => s.Name);
    }

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
