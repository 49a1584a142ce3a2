using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Commands;
using KvmSpec.Properties.Laws;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Traces;
using Xunit;

namespace KvmSpec.Properties.Traces;

/// <summary>What is recorded is what happened: checked later it gives the verdict that the live check gave.</summary>
public sealed class TraceLaws
{
    private const int Sequences = 300;
    private const int Length = 30;

    /// <summary>What a report of a check and one of its trace both tell.</summary>
    private static readonly string[] Shared = ["target", "kernel", "revision", "modelled", "sequences", "outOfResources", "leftOpen", "notices", "decided", "settled"];

    public static TheoryData<string, string, string> Kernels
    {
        get
        {
            TheoryData<string, string, string> kernels = [];
            foreach (string target in Plants.All.Select(p => p.Name).Concat(Revisions.All.Select(r => "revision:" + r.Name)))
            {
                kernels.Add(target, "7.3", "exact");
                kernels.Add(target, "7.1", "envelope");
            }

            return kernels;
        }
    }

    [Law("trace.same-verdict", "∀ target, revision, strictness, seed: check(trace(check(target, seed))) = check(target, seed), in groups, their counts, and how often each clause decided")]
    [Theory]
    [MemberData(nameof(Kernels))]
    public void SameVerdict(string target, string revision, string strictness)
    {
        using TraceFiles files = new();
        string[] options = ["--revision", revision, "--strictness", strictness, "--format", "json"];
        string trace = files["trace.jsonl"];
        Host[] hosts = [.. Hosts.All.Where(h => TargetNames.ModelledBy(target)!.Architectures.Contains(h.Architecture))];
        string host = hosts[(target.Length + revision.Length) % hosts.Length].Name;
        Invocation live = Invocation.Of(["check", "--target", target, "--host", host, "--vectors", "none", "--sequences", "1000", "--record", trace, .. options]);
        Invocation later = Invocation.Of(["check", "--trace", trace, .. options]);
        Assert.Empty(later.Errors);
        Assert.Equal(live.Status, later.Status);
        using JsonDocument one = JsonDocument.Parse(live.Output);
        using JsonDocument other = JsonDocument.Parse(later.Output);
        Assert.Equal(Told(one.RootElement, "calls"), Told(other.RootElement, "judged"));
    }

    private static string[] Told(JsonElement report, string calls) =>
    [
        .. Shared.Select(key => $"{key}: {report.GetProperty(key)}"),
        $"calls: {report.GetProperty(calls)}",
        .. report.GetProperty("groups").EnumerateArray().Select(g => $"{g.GetProperty("ioctl")} / {g.GetProperty("clause")} / {g.GetProperty("observed")}: {g.GetProperty("finding")}, {g.GetProperty("count")}")
            .Order(StringComparer.Ordinal),
    ];

    [Law("trace.exact", "∀ host, q: read(write(q, answers(m, q))) = q with the same answers, every word of both")]
    [Fact]
    public void ReadsWhatWasWritten()
    {
        foreach (Host host in Hosts.All)
        {
            Model.Model model = new(Revisions.Linux73, host);
            Generator generator = new(model);
            using ModelTarget target = new("model", model);
            using MemoryStream stream = new();
            List<(Call, Observation)> made = [];
            using (TraceWriter writer = new(stream, new TraceHead("model", "", host)))
            {
                for (ulong index = 0; index < Sequences; index++)
                {
                    Call[] calls = [.. generator.Generate(new SequenceName(Mixer.SeedOf(7, index), Length)).Calls];
                    Observation[] observed = new Observation[calls.Length];
                    target.Execute(calls, observed);
                    writer.Write(calls, observed);
                    made.AddRange(calls.Zip(observed));
                }

                writer.End(interrupted: false);
            }

            stream.Position = 0;
            int at = 0;
            using TraceReader reader = new(stream, "trace");
            reader.Use(model);
            for (TraceLine line = reader.Next(); line != TraceLine.End; line = reader.Next())
            {
                if (line == TraceLine.Call)
                {
                    Same(made[at].Item1, made[at].Item2, reader.Call, reader.Observed);
                    at++;
                }
            }

            Assert.Equal(made.Count, at);
        }
    }

    private static void Same(in Call wanted, in Observation answered, in Call call, in Observation observed)
    {
        Assert.Equal((wanted.On, wanted.Operation.Ioctl, wanted.Argument), (call.On, call.Operation.Ioctl, call.Argument));
        Assert.Equal(wanted.Words, call.Words);
        Assert.Equal(wanted.Operation.Creates is null ? default : wanted.As, call.As);
        Assert.Equal((answered.Ending, answered.Errno, answered.Descriptor, answered.Result), (observed.Ending, observed.Errno, observed.Descriptor, observed.Result));
        Assert.Equal(answered.After, observed.After);
    }

    [Law("trace.head-holds-host", "∀ host, p a property of hosts: p(host(read(head(host)))) = p(host), also where p is changed")]
    [Fact]
    public void HeadHoldsTheWholeHost()
    {
        foreach (PropertyInfo property in typeof(Host).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null))
        {
            foreach (Host host in Hosts.All)
            {
                Host changed = host with { };
                property.SetValue(changed, Other(property.Name, property.GetValue(host)));
                using MemoryStream stream = new();
                using TraceWriter writer = new(stream, new TraceHead("model", "", changed));
                writer.End(interrupted: false);
                using TraceReader reader = new(new MemoryStream(stream.ToArray()), "trace");
                Assert.Equal(Text(property.GetValue(changed)), Text(property.GetValue(reader.Head.Host)));
            }
        }
    }

    /// <summary>Another value of a property; a kind of property that is new here needs its place in the head.</summary>
    private static object? Other(string name, object? value) => value switch
    {
        null => null,
        HostPart part => OtherPart(part),
        VgicKinds kinds => kinds ^ VgicKinds.V2,
        uint number => number + 1,
        ImmutableArray<ulong> values => values.IsEmpty ? values : values.SetItem(1, ulong.MaxValue).SetItem(values.Length - 1, 1),
        Architecture architecture => architecture,
        string text => text + "x",
        int number => number - 1,
        ulong number => number + 4096,
        ImmutableArray<int> answers => answers.SetItem(3, int.MaxValue).SetItem(255, 1),
        ImmutableDictionary<Fact, bool> facts => facts.Remove(Fact.All[0]).SetItem(Fact.All[1], true),
        _ => throw new InvalidOperationException($"Host.{name}: say here how it differs, and in TraceHead how it is written"),
    };

    private static HostPart OtherPart(HostPart part)
    {
        HostPart changed = part with { };
        foreach (PropertyInfo property in Settable(part))
        {
            property.SetValue(changed, Other($"{part.GetType().Name}.{property.Name}", property.GetValue(part)));
        }

        return changed;
    }

    private static IEnumerable<PropertyInfo> Settable(HostPart part) =>
        part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null);

    private static string Text(object? value) => value switch
    {
        null => "",
        HostPart part => string.Join('\n', Settable(part).Select(p => $"{p.Name}: {Text(p.GetValue(part))}")),
        ImmutableArray<ulong> values => string.Join(' ', values),
        ImmutableArray<int> answers => string.Join(' ', answers),
        ImmutableDictionary<Fact, bool> facts => string.Join(' ', facts.OrderBy(f => f.Key.Name, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}")),
        _ => value.ToString()!,
    };
}
