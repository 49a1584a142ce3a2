using System.Text.Json;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Traces;

namespace KvmSpec.Runners.Bench;

/// <summary>What it costs to record calls and to check a record.</summary>
internal sealed partial class BenchRun
{
    private const int TracedSequences = 10_000;

    private void Traces()
    {
        using ModelTarget target = new("model", model);
        double live = Rate("calls checked on the model", "M/s", 1e6, seed => Generated(target, seed));
        double recorded = Rate("calls checked on the model and recorded", "M/s", 1e6, seed => Recorded(Stream.Null, target, seed));
        Line("  of the rate without a record", recorded / live, "");

        using MemoryStream stream = new();
        long calls = Recorded(stream, target, 1);
        byte[] trace = stream.ToArray();
        double tokens = Rate("calls of a trace split into JSON tokens", "M/s", 1e6, _ => Tokens(trace) > 0 ? calls : 0);
        Rate("calls of a trace read", "M/s", 1e6, _ => Read(trace));
        double held = Rate("calls of a trace checked", "M/s", 1e6, _ => Held(trace).Read);
        Line("  of the rate of splitting alone", held / tokens, "");
        long before = GC.GetAllocatedBytesForCurrentThread();
        TraceCheck check = Held(trace);
        Line("bytes allocated a call of a trace", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)check.Read, "B");
        Line("bytes of a line of a trace", trace.Length / (double)check.Read, "B");
    }

    private long Generated<TTarget>(TTarget target, ulong seed)
        where TTarget : ITarget
    {
        CheckRun run = new(new Checker(target, model), Strictness.Envelope);
        run.Generated(new SequencePlan(seed, TracedSequences, Length), null, default);
        return run.Checker.Calls;
    }

    private long Recorded(Stream stream, ModelTarget target, ulong seed)
    {
        using TraceWriter writer = new(stream, new TraceHead(target.Name, "a model", model.Host));
        long calls = Generated(TraceRecorder.Around(target, writer), seed);
        writer.End(interrupted: false);
        return calls;
    }

    private TraceCheck Held(byte[] trace)
    {
        using TraceReader reader = new(new MemoryStream(trace), "trace");
        TraceCheck check = new(model, Strictness.Envelope);
        check.Run(reader);
        return check;
    }

    private long Read(byte[] trace)
    {
        long calls = 0;
        using TraceReader reader = new(new MemoryStream(trace), "trace");
        reader.Use(model);
        for (TraceLine kind = reader.Next(); kind != TraceLine.End; kind = reader.Next())
        {
            calls += kind == TraceLine.Sequence ? 0 : 1;
        }

        return calls;
    }

    /// <summary>What no check of JSON Lines can do without: each line's tokens.</summary>
    private static long Tokens(byte[] trace)
    {
        long tokens = 0;
        using TraceLines lines = new(new MemoryStream(trace), "trace");
        while (lines.Next(out ReadOnlySpan<byte> line))
        {
            Utf8JsonReader json = new(line);
            while (json.Read())
            {
                tokens++;
            }
        }

        return tokens;
    }
}
