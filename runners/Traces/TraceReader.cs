using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>What a line of a trace is.</summary>
public enum TraceLine
{
    /// <summary>A new sequence begins: only /dev/kvm and /dev/null are open.</summary>
    Sequence,

    /// <summary>A call that rules may cover.</summary>
    Call,

    /// <summary>A call of an ioctl that the UAPI has and no rule covers.</summary>
    Uncovered,

    /// <summary>The end: the trace is whole.</summary>
    End,
}

/// <summary>
/// Reads a trace line by line, in constant memory and without garbage for calls. What is wrong with a line is told with
/// its place.
/// </summary>
public sealed class TraceReader : IDisposable
{
    private readonly string path;
    private readonly TraceLines lines;
    private TraceCallReader reader = null!;
    private long calls;

    /// <param name="stream">The trace; closed with the reader.</param>
    /// <param name="path">The file, as messages name it.</param>
    /// <exception cref="RequestException">The first line is no head.</exception>
    public TraceReader(Stream stream, string path)
    {
        this.path = path;
        lines = new TraceLines(stream, path);
        Head = lines.Next(out ReadOnlySpan<byte> line) ? TraceHead.Read(Place, line)
            : throw new RequestException($"{path}:1: the file is empty: a trace begins with a head");
    }

    /// <summary>The keys that the line of a call may have.</summary>
    public static IReadOnlyList<string> KeysOfCall { get; } = [.. TraceKeys.OfCall.Select(k => k.ToString())];

    public TraceHead Head { get; }

    /// <summary>The line read last.</summary>
    public long Line => lines.Number;

    /// <summary>The call read last, in the words of the model's revision.</summary>
    public ref readonly Call Call => ref reader.Call;

    /// <summary>What it answered.</summary>
    public ref readonly Observation Observed => ref reader.Observed;

    /// <summary>For an uncovered call its ioctl, for a sequence its name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>True where the recorder was told to end early.</summary>
    public bool Interrupted { get; private set; }

    private string Place => $"{path}:{lines.Number}";

    /// <summary>Reads calls as a model's revision understands them.</summary>
    public void Use(Model.Model against) => reader = new TraceCallReader(against, Wrong);

    /// <summary>Reads one line; the last one is <see cref="TraceLine.End"/>.</summary>
    /// <exception cref="RequestException">It is none of the format, or the trace breaks off.</exception>
    public TraceLine Next()
    {
        if (!lines.Next(out ReadOnlySpan<byte> line))
        {
            throw Wrong("the trace breaks off here: its last line has to be {\"end\": {\"calls\": N}}");
        }

        try
        {
            Utf8JsonReader json = new(line);
            json.Read();
            if (json.TokenType != JsonTokenType.StartObject)
            {
                throw Wrong("give one JSON object a line");
            }

            json.Read();
            TraceLine kind = json.TokenType != JsonTokenType.PropertyName ? throw Wrong("the object is empty")
                : json.ValueTextEquals(TraceKeys.Sequence.EncodedUtf8Bytes) ? ReadSequence(ref json)
                : json.ValueTextEquals(TraceKeys.End.EncodedUtf8Bytes) ? ReadEnd(ref json)
                : ReadCall(ref json);
            // Throws where something stands behind the object.
            _ = json.Read();
            if (kind == TraceLine.End && lines.Next(out _))
            {
                throw Wrong("something stands behind the end of the trace");
            }

            return kind;
        }
        catch (JsonException e)
        {
            throw Wrong(lines.Whole ? $"not JSON, column {e.BytePositionInLine + 1}" : "the line breaks off: the trace is not whole");
        }
        catch (InvalidOperationException)
        {
            throw Wrong("a text is not UTF-8");
        }
    }

    public void Dispose() => lines.Dispose();

    private TraceLine ReadSequence(ref Utf8JsonReader json)
    {
        json.Read();
        Name = json.TokenType == JsonTokenType.String ? TraceText.Shown(json.GetString()!) : throw Wrong("sequence: give it a name, as text");
        EndObject(ref json, TraceKeys.Sequence);
        return TraceLine.Sequence;
    }

    private TraceLine ReadEnd(ref Utf8JsonReader json)
    {
        json.Read();
        long? told = null;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong("end: give {\"calls\": N}");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            bool interrupted = json.ValueTextEquals(TraceKeys.Interrupted.EncodedUtf8Bytes);
            bool counts = json.ValueTextEquals(TraceKeys.Calls.EncodedUtf8Bytes);
            json.Read();
            if (interrupted && json.TokenType is JsonTokenType.True or JsonTokenType.False)
            {
                Interrupted = json.GetBoolean();
            }
            else if (counts && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long number))
            {
                told = number;
            }
            else
            {
                throw Wrong("end: give {\"calls\": N}, and \"interrupted\": true where the recorder was stopped");
            }
        }

        EndObject(ref json, TraceKeys.End);
        return told == calls ? TraceLine.End : throw Wrong($"the end tells of {told?.ToString() ?? "no"} calls, {calls} are in the trace: it is not whole");
    }

    private TraceLine ReadCall(ref Utf8JsonReader json)
    {
        calls++;
        if (reader.Read(ref json))
        {
            return TraceLine.Call;
        }

        Name = reader.Uncovered;
        return TraceLine.Uncovered;
    }

    private void EndObject(ref Utf8JsonReader json, JsonEncodedText key)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.EndObject)
        {
            throw Wrong($"beside {key} nothing else may stand in a line");
        }
    }

    private RequestException Wrong(string problem) => new($"{Place}: {problem}");
}
