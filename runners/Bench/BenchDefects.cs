using System.Diagnostics;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Bench;

/// <summary>How soon generated sequences find each defect of a posting against its own promise.</summary>
internal static class BenchDefects
{
    private const int Sequences = 2_000;
    private const int Longest = 30;
    private const string Promised = ".promised";

    /// <summary>One row for each defect of each posting that matches: the fewest calls, and how soon it was found on the host that found it soonest.</summary>
    public static void Write(TextWriter output, string name)
    {
        Revision[] codes = [.. Revisions.All.Where(r => Revisions.Find(r.Name + Promised) is not null)];
        Revision[] asked = [.. codes.Where(r => r.Name.StartsWith(name, StringComparison.Ordinal))];
        if (asked.Length == 0)
        {
            throw new RequestException($"--defects {name}: no posting begins so; there are {string.Join(", ", codes.Select(r => r.Name))}");
        }

        output.WriteLine($"{"code against its promise: expected by, observed",-78} {"calls",5} {"after VM",8} {"sequence",8} {"calls made",10} {"ms",8}");
        foreach (Revision code in asked)
        {
            Revision promised = Revisions.Find(code.Name + Promised)!;
            Found[] found = [.. ModelHosts.All(promised).SelectMany(host => On(code, promised, host))];
            output.WriteLine($"{code.Name}{(found.Length == 0 ? ": nothing in " + Sequences.ToString("#,0", CultureInfo.InvariantCulture) + " sequences on each host" : "")}");
            foreach (IGrouping<Group, Found> group in found.GroupBy(f => f.Report.First.Group).OrderBy(g => g.Key.ToString(), StringComparer.Ordinal))
            {
                Found soonest = group.MinBy(f => f.Report.FoundBy)!;
                Sequence smallest = group.Select(f => f.Report.Smallest.Sequence).MinBy(s => s.Length)!;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"  {group.Key.Clause + ", " + group.Key.Observed,-76} {smallest.Length,5} {AfterVm(smallest),8} {soonest.Report.FoundBy,8:#,0} {soonest.Report.FoundAfter,10:#,0} {soonest.Took.TotalMilliseconds,8:f1}"));
            }
        }
    }

    /// <summary>All groups of one host, each with the time from the run's beginning until it was found and shrunk.</summary>
    private static List<Found> On(Revision code, Revision promised, Host host)
    {
        Host fit = ModelHosts.For(promised, ModelHosts.For(code, host));
        using ModelTarget target = new(code.Name, new Model.Model(code, fit));
        CheckRun run = new(new Checker(target, new Model.Model(promised, fit)), Strictness.Envelope);
        List<Found> found = [];
        long started = Stopwatch.GetTimestamp();
        Draws draws = new(1, Longest);
        Generator generator = new(run.Checker.Model);
        for (ulong i = 0; i < Sequences; i++)
        {
            SequenceName drawn = draws[i];
            run.One(generator.Generate(drawn).Calls, drawn.ToString());
            if (run.Groups.Count > found.Count)
            {
                found.Add(new(run.Groups.Last(), Stopwatch.GetElapsedTime(started)));
            }
        }

        return found;
    }

    /// <summary>The calls that come after a VM exists.</summary>
    private static int AfterVm(Sequence sequence)
    {
        int created = sequence.Calls.ToArray().Count(c => c.Operation.Creates == DescriptorKind.Vm);
        return sequence.Length - created;
    }

    private sealed record Found(GroupReport Report, TimeSpan Took);
}
