using System.Globalization;
using System.Text;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>What a walk check found, for people.</summary>
internal static class WalkCheckReport
{
    public static string Of(CheckRequest request, WalkFindings found)
    {
        StringBuilder text = new();
        WalkTally tally = found.Tally;
        string from = request.Replay is null ? $", seed {CallText.Number(request.Plan.Seed)}, shard {request.Plan.Shard + 1}/{request.Plan.Shards}" : "";
        Line(text, $"{request.Target}: {found.Opinion.Name}, {Number(tally.Total.Cases)} accesses{from}{(request.Revision is { } revision ? ", the model " + revision : "")}");
        if (tally.LeftOut > 0)
        {
            Line(text, $"{Number(tally.LeftOut)} more were not made: as {found.Opinion.Name} is known to take them they leave the memory that is known");
        }

        if (tally.Table.Count > 0)
        {
            Modes(text, tally);
        }

        Excused(text, request, found);
        int number = 0;
        foreach ((WalkGroup group, WalkDivergence divergence) in found.Groups.OrderByDescending(g => g.Value.Count))
        {
            if (++number <= WalkFindings.GroupsShown)
            {
                Divergence(text, request, group, divergence, $"divergence {number} of {found.Groups.Count}");
            }
            else
            {
                Line(text, $"divergence {number} of {found.Groups.Count}: expected by {group.Clause} cause {group.Expected}, came {group.Observed}, {group.What}, in {Number(divergence.Count)} accesses; {Replay(request, divergence)}");
            }
        }

        if (found.DataChanged)
        {
            Line(text, "");
            Line(text, "a store changed a page where the model expected none");
        }

        Line(text, "");
        Line(text, found.Diverges
            ? $"{found.Groups.Count} groups of differences"
            : $"no unexplained difference in {Number(tally.Total.Cases)} accesses; {Number(tally.Total.Excused)} of them needed an excuse");
        return text.ToString();
    }

    private static void Modes(StringBuilder text, WalkTally tally)
    {
        Line(text, "");
        Line(text, $"{"VS-stage",-10}{"G-stage",-10}{string.Concat(WalkTally.Kinds.Select(k => $"{k,19}"))}{"excused",10}{"unexplained",13}   (accesses, of which succeeded)");
        foreach (var row in tally.Table.GroupBy(t => (t.Key.VsMode, t.Key.GMode)))
        {
            Row(text, row.Key.VsMode, row.Key.GMode, row);
        }

        Row(text, "all", "", tally.Table);
        Line(text, $"refused by {tally.Refused.Count} clauses; {WalkClauses.All.Count(c => tally.Kept.Held.Contains(c) && tally.Kept.Passed.Contains(c))} of {WalkClauses.All.Length} clauses "
            + "held in one access and not in another, both without an excuse");
    }

    private static void Row(StringBuilder text, string vsMode, string gMode, IEnumerable<KeyValuePair<(string VsMode, string GMode, string Kind), WalkCounts>> of)
    {
        WalkCounts Sum(string? kind) => of.Where(t => kind is null || t.Key.Kind == kind).Aggregate(default(WalkCounts), (sum, t) => sum + t.Value);
        WalkCounts all = Sum(null);
        string kinds = string.Concat(WalkTally.Kinds.Select(k => $"{Number(Sum(k).Cases) + " / " + Number(Sum(k).Succeeded),19}"));
        Line(text, $"{vsMode,-10}{gMode,-10}{kinds}{Number(all.Excused),10}{Number(all.Unexplained),13}");
    }

    private static void Excused(StringBuilder text, CheckRequest request, WalkFindings found)
    {
        Excuse[] shown = [.. found.Excuses.Where(e => request.Replay is null || found.Tally.Of(e) > 0)];
        if (shown.Length == 0)
        {
            return;
        }

        Line(text, "");
        Line(text, $"{$"clauses that {found.Opinion.Name} does not keep",-40}{string.Concat(WalkTally.Kinds.Select(k => $"{k,9}"))}   (accesses that needed the excuse)");
        foreach (Excuse excuse in shown)
        {
            Line(text, $"  {excuse.Clause,-38}{string.Concat(WalkTally.Kinds.Select(k => $"{Number(found.Tally.Excused.GetValueOrDefault((excuse, k))),9}"))}   {excuse.Reason}");
        }

        foreach (Excuse excuse in shown.Where(e => found.Tally.Of(e) == 0))
        {
            Line(text, $"excuse for {excuse.Clause} no longer occurs: {excuse.Reason}");
        }
    }

    private static void Divergence(StringBuilder text, CheckRequest request, WalkGroup group, WalkDivergence divergence, string name)
    {
        WalkDifference shown = divergence.Smallest;
        WalkAnswer expected = shown.Trial.Expected;
        WalkCase walk = shown.Trial.Walk;
        ulong[] addresses = [.. walk.Words.Keys];
        Line(text, "");
        Line(text, $"{name}: expected by {group.Clause}, {group.What} {(group.What.Contains(',', StringComparison.Ordinal) ? "differ" : "differs")}, in {Number(divergence.Count)} accesses; the first{(ReferenceEquals(shown, divergence.First) ? "" : ", made smaller")}:");
        WalkVectorFormatter.Write(text, WithoutIdleRanges(walk), address =>
        {
            Pte pte = new(walk.Words[address]);
            int i = Array.IndexOf(addresses, address);
            string points = $"{pte.Flags} -> 0x{pte.Ppn << Paging.OffsetBits:x}";
            return expected.After[i] == shown.Observed.After[i] ? points : $"{points}, expected 0x{expected.After[i]:x}, came 0x{shown.Observed.After[i]:x}";
        });
        Line(text, $"  allowed: {expected.Summary}");
        Line(text, $"  came:    {shown.Observed.Summary}");
        Line(text, $"  replay:  {Replay(request, divergence)}");
    }

    private static string Replay(CheckRequest request, WalkDivergence divergence)
    {
        string command = request.Target!.StartsWith(WalkCheck.Prefix, StringComparison.Ordinal)
            ? $"check --target {request.Target}{(request.Revision is null ? "" : " --revision " + request.Revision)}"
            : $"walk {request.Target.Replace(SpikeForm.Prefix, "spike DIRECTORY --xlen ", StringComparison.Ordinal)}";
        return $"kvmspec {command} --replay 0x{divergence.First.Trial.Seed:x}";
    }

    /// <summary>The case without the protected ranges that nothing in it comes to.</summary>
    private static WalkCase WithoutIdleRanges(WalkCase walk) =>
        walk with { Ranges = [.. walk.Ranges.Where(r => !Same(walk, walk with { Ranges = [.. walk.Ranges.Where(o => o != r)] }))] };

    private static bool Same(WalkCase walk, WalkCase other) =>
        walk.Run(out Dictionary<ulong, ulong> one) == other.Run(out Dictionary<ulong, ulong> two) && one.All(w => two[w.Key] == w.Value);

    private static void Line(StringBuilder text, string line) => text.AppendLine(line);

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
