using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>What a line of a trace is.</summary>
internal enum TraceLine
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
internal sealed class TraceReader : IDisposable
{
    /// <summary>The number of a descriptor that the record gives no name, since the call failed.</summary>
    private const byte Unnamed = byte.MaxValue;

    private readonly string path;
    private readonly TraceLines lines;
    private readonly byte[] room = TraceText.Room();
    private TraceIoctls ioctls = null!;
    private Model.Model model = null!;
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

    public TraceHead Head { get; }

    /// <summary>The line read last.</summary>
    public long Line => lines.Number;

    /// <summary>The call read last, in the words of the model's revision.</summary>
    public Call Call;

    /// <summary>What it answered.</summary>
    public Observation Observed;

    /// <summary>For an uncovered call its ioctl, for a sequence its name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>True where the recorder was told to end early.</summary>
    public bool Interrupted { get; private set; }

    private string Place => $"{path}:{lines.Number}";

    /// <summary>Reads calls as a model's revision understands them.</summary>
    public void Use(Model.Model against)
    {
        model = against;
        ioctls = new TraceIoctls(against.Book);
    }

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
            if (json.Read())
            {
                throw Wrong("something stands behind the object: one object a line");
            }

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
        int seen = 0;
        TraceIoctls.Entry? ioctl = null;
        Handle? on = null;
        Answer answer = default;
        Utf8JsonReader given = default;
        Utf8JsonReader after = default;
        for (; json.TokenType == JsonTokenType.PropertyName; json.Read())
        {
            int key = KeyOf(json);
            if ((seen & (1 << key)) != 0)
            {
                throw Wrong($"{TraceKeys.OfCall[key]} stands here twice");
            }

            seen |= 1 << key;
            json.Read();
            switch (key)
            {
                case 0:
                    on = HandleOf(json, "on");
                    break;
                case 1:
                    ioctl = json.TokenType == JsonTokenType.String && ioctls.Find(TraceText.Bytes(json, room)) is { } known ? known : throw UnknownIoctl(json);
                    break;
                case 2:
                    given = json;
                    StepOver(ref json, "in");
                    break;
                case 8:
                    after = json;
                    StepOver(ref json, "out");
                    break;
                default:
                    ReadAnswer(json, key, ref answer);
                    break;
            }
        }

        if (on is null || ioctl is null)
        {
            throw Wrong($"the call lacks {(on is null ? "on" : "ioctl")}");
        }

        if ((seen & Outcomes) is 0 || !System.Numerics.BitOperations.IsPow2(seen & Outcomes))
        {
            throw Wrong("give the call one of result, errno and ending");
        }

        if (ioctl.Shapes.Length == 0)
        {
            Name = ioctl.Name;
            return TraceLine.Uncovered;
        }

        TraceShape shape = ReadWords(ioctl, given, (seen & (1 << 2)) != 0);
        Call.On = on.Value;
        Call.Operation = shape.Of(on.Value.Kind, Call.Words);
        if (ReferenceEquals(shape.Ioctl, Raw.Ioctl))
        {
            Call.Argument = Pointer.Unmapped;
            if (ioctls.IsUncovered(Call[Raw.Request]))
            {
                Name = $"ioctl 0x{Call[Raw.Request]:x}";
                return TraceLine.Uncovered;
            }
        }
        else
        {
            Call.Argument = answer.Pointer;
        }

        Conclude(shape, answer, after, (seen & (1 << 8)) != 0);
        Decode();
        return TraceLine.Call;
    }

    /// <summary>The keys of which a call has exactly one: result, errno, ending.</summary>
    private const int Outcomes = (1 << 5) | (1 << 6) | (1 << 7);

    /// <summary>What a line says of how its call ended.</summary>
    private struct Answer
    {
        public Pointer Pointer;
        public Handle? As;
        public Handle? Made;
        public long Result;
        public Errno Errno;
        public Ending Ending;
    }

    private void ReadAnswer(in Utf8JsonReader json, int key, ref Answer answer)
    {
        switch (key)
        {
            case 3:
                answer.Pointer = json.TokenType == JsonTokenType.String && TraceText.TryPointer(TraceText.Bytes(json, room), out Pointer pointer) ? pointer
                    : throw Wrong("pointer: write \"fine\", \"unmapped\", \"read-only\" or \"faults-after-N\"");
                break;
            case 4:
                answer.As = HandleOf(json, "as");
                break;
            case 5 when json.TokenType == JsonTokenType.String:
                answer.Made = HandleOf(json, "result");
                break;
            case 5:
                answer.Result = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long number) && number >= 0 ? number
                    : throw Wrong("result: give what the call returned, 0 or more, or the name of the new descriptor; a call that failed has errno");
                break;
            case 6:
                answer.Errno = ErrnoOf(json);
                break;
            default:
                answer.Ending = json.TokenType == JsonTokenType.String && Endings.Find(TraceText.Bytes(json, room)) is Ending ending ? ending
                    : throw Wrong($"ending: write {string.Join(", ", Endings.Names)}");
                break;
        }
    }

    private static readonly Utf8Table<object> Errnos =
        new(Enum.GetValues<Errno>().Where(e => e != Errno.None).Select(e => new KeyValuePair<string, object>(e.ToString(), e)));

    private static readonly Utf8Table<object> Endings = new(TraceKeys.Endings.Select(e => new KeyValuePair<string, object>(e.Word, e.Ending)));

    private Errno ErrnoOf(in Utf8JsonReader json)
    {
        if (json.TokenType == JsonTokenType.String && Errnos.Find(TraceText.Bytes(json, room)) is Errno named)
        {
            return named;
        }

        return json.TokenType == JsonTokenType.Number && json.TryGetByte(out byte number) && number > 0 ? (Errno)number
            : throw Wrong("errno: write its name, such as \"EINVAL\", or its number on Linux");
    }

    private Handle HandleOf(in Utf8JsonReader json, string key) =>
        json.TokenType == JsonTokenType.String && TraceText.TryHandle(TraceText.Bytes(json, room), out Handle handle) ? handle
        : throw Wrong($"{key}: write kvm, or vm, vcpu, device, memfd or file with a number from 0 to 255, such as \"vm0\"");

    private int KeyOf(in Utf8JsonReader json)
    {
        for (int key = 0; key < TraceKeys.OfCall.Count; key++)
        {
            if (json.ValueTextEquals(TraceKeys.OfCall[key].EncodedUtf8Bytes))
            {
                return key;
            }
        }

        throw json.ValueTextEquals(TraceKeys.Trace.EncodedUtf8Bytes)
            ? Wrong("a second head: one trace a file")
            : Wrong($"a call has no {TraceText.Shown(TraceText.Bytes(json, room))}; it has {string.Join(", ", TraceKeys.OfCall)}");
    }

    /// <summary>Steps over an object that is read once the ioctl is known.</summary>
    private void StepOver(ref Utf8JsonReader json, string key)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong($"{key}: give an object of words by their names in linux/kvm.h");
        }

        json.Skip();
    }

    /// <summary>Reads the words that went in; of several shapes the first that has all of them.</summary>
    private TraceShape ReadWords(TraceIoctls.Entry ioctl, in Utf8JsonReader given, bool any)
    {
        for (int i = 0; ; i++)
        {
            TraceShape shape = ioctl.Shapes[i];
            Call.Words = shape.Start;
            if (!any)
            {
                return shape;
            }

            Utf8JsonReader json = given;
            if (ReadWords(shape, ref json, ref Call.Words, false, i == ioctl.Shapes.Length - 1 ? ioctl : null))
            {
                return shape;
            }
        }
    }

    /// <summary>Reads words by name; false where the shape lacks one and another shape may have it.</summary>
    private bool ReadWords(TraceShape shape, ref Utf8JsonReader json, ref Words words, bool after, TraceIoctls.Entry? last)
    {
        int seen = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = TraceText.Bytes(json, room);
            int index = 0;
            while (index < shape.Names.Length && !name.SequenceEqual(shape.Names[index]))
            {
                index++;
            }

            if (index == shape.Names.Length)
            {
                return last is null ? false
                    : throw Wrong($"{last.Name} has no {TraceText.Shown(name)}; it has {string.Join(", ", last.Shapes.SelectMany(s => s.Fields).Select(f => f.Name).Distinct().DefaultIfEmpty("no words"))}");
            }

            if ((seen & (1 << index)) != 0)
            {
                throw Wrong($"{shape.Fields[index].Name} stands here twice");
            }

            seen |= 1 << index;
            json.Read();
            if (after && shape.Fields[index].Meaning != Meaning.Number)
            {
                ReadMade(shape, shape.Fields[index], json);
            }
            else
            {
                words[shape.Fields[index].Index] = WordOf(shape, index, json);
            }
        }

        return true;
    }

    private ulong WordOf(TraceShape shape, int index, in Utf8JsonReader json)
    {
        Field field = shape.Fields[index];
        ulong word = 0;
        ReadOnlySpan<byte> text = json.TokenType == JsonTokenType.String ? TraceText.Bytes(json, room) : default;
        bool read = field.Meaning switch
        {
            Meaning.Number when json.TokenType == JsonTokenType.Number => json.TryGetUInt64(out word),
            Meaning.Number when json.TokenType == JsonTokenType.String && shape.Symbols[index]?.Find(text) is { } symbol => (word = symbol.Value) >= 0,
            Meaning.Number => json.TokenType == JsonTokenType.String && TraceText.TryNumber(text, out word),
            Meaning.Pointer when TraceText.TryPointer(text, out Pointer pointer) => (word = pointer.Word) >= 0,
            Meaning.Descriptor when TraceText.TryHandle(text, out Handle handle) => (word = handle.Word) >= 0,
            Meaning.Descriptor when json.TokenType == JsonTokenType.Number && json.TryGetInt32(out int number) => (word = (uint)number) >= 0,
            _ => false,
        };
        return read && (field.Meaning != Meaning.Number || (word & ~field.Mask) == 0) ? word
            : throw Wrong($"{TraceText.Shown(json.ValueSpan)} is no value for {field.Name}: write {Wanted(field)}");
    }

    private static string Wanted(Field field) => field.Meaning switch
    {
        Meaning.Pointer => "\"fine\", \"unmapped\", \"read-only\" or \"faults-after-N\"",
        Meaning.Descriptor => "a handle such as \"vm0\", or a number such as -1",
        _ => $"a whole number of {8 * field.Width} bits, or one as text such as \"0xfff\"{(field.Symbols.Count > 0 ? $", or a name such as \"{field.Symbols[0].Name}\"" : "")}",
    };

    /// <summary>A descriptor that came back inside the struct, under the name that the record gives it.</summary>
    private void ReadMade(TraceShape shape, Field field, in Utf8JsonReader json)
    {
        if (field != shape.Ioctl!.DescriptorField)
        {
            throw Wrong($"out: the kernel does not write {field.Name}");
        }

        Call.As = OfKind(HandleOf(json, "out: " + field.Name), shape, $"out: {field.Name}");
        Observed.Descriptor = true;
    }

    private void Conclude(TraceShape shape, in Answer answer, in Utf8JsonReader after, bool any)
    {
        Call.As = shape.Creates is { } kind
            ? answer.As is { } name ? OfKind(name, shape, "as") : new Handle(kind, Unnamed)
            : default;
        Observed = new Observation { Ending = answer.Ending, Errno = answer.Errno, Result = answer.Result, After = Call.Words };
        if (answer.Made is { } made)
        {
            if (!shape.ReturnsDescriptor)
            {
                throw Wrong($"result is {made}, and the call returns no descriptor: give the number");
            }

            Call.As = OfKind(made, shape, "result");
            Observed.Descriptor = true;
        }
        else if (shape.ReturnsDescriptor && answer is { Errno: Errno.None, Ending: Ending.Returned })
        {
            throw Wrong($"result is {answer.Result}: give the new descriptor a name, such as \"{new Handle(shape.Creates!.Value, 0)}\"");
        }

        if (any)
        {
            Utf8JsonReader json = after;
            TraceIoctls.Entry named = new(Vocabularied(shape), [shape]);
            ReadWords(shape, ref json, ref Observed.After, true, named);
        }
    }

    private static string Vocabularied(TraceShape shape) => shape.Ioctl?.Name ?? TraceKeys.Close;

    private Handle OfKind(Handle handle, TraceShape shape, string key) => handle.Kind == shape.Creates ? handle
        : throw Wrong($"{key} is {handle}: {Vocabularied(shape)} makes {(shape.Creates is { } kind ? $"a descriptor such as \"{new Handle(kind, 0)}\"" : "none")}");

    /// <summary>Numbers as they went out become what they mean in the model's revision; one that means nothing stays.</summary>
    private void Decode()
    {
        foreach (Spelling spelling in model.Book.Spellings)
        {
            if (spelling.Operation.Id == Call.Operation.Id && spelling.Decode(Call[spelling.Field]) is { } meant)
            {
                Observed.After[spelling.Field.Index] = Observed.After[spelling.Field.Index] == Call[spelling.Field] ? meant : Observed.After[spelling.Field.Index];
                Call.Words[spelling.Field.Index] = meant;
            }
        }
    }

    private void EndObject(ref Utf8JsonReader json, JsonEncodedText key)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.EndObject)
        {
            throw Wrong($"beside {key} nothing else may stand in a line");
        }
    }

    private RequestException UnknownIoctl(in Utf8JsonReader json)
    {
        string name = json.TokenType == JsonTokenType.String ? TraceText.Shown(json.GetString()!) : "";
        return name.Length == 0 ? Wrong("ioctl: write its name in linux/kvm.h, \"close\", or \"ioctl\" with its number as request")
            : Wrong($"no ioctl is called {name}: write its name in linux/kvm.h, or \"ioctl\" with its number as request{Vectors.Vocabulary.Nearest(name, ioctls.Names)}");
    }

    private RequestException Wrong(string problem) => new($"{Place}: {problem}");
}
