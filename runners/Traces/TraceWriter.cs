using System.Buffers;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Traces;

/// <summary>Writes a trace as FORMAT.md says: what was asked, in the words that went out, and what was answered.</summary>
public sealed class TraceWriter : IDisposable
{
    private const int Chunk = 1 << 16;

    private readonly Stream stream;
    private readonly ArrayBufferWriter<byte> buffer = new(2 * Chunk);
    private readonly Utf8JsonWriter json;
    private readonly TraceNames names = new();
    private readonly HashSet<Field> telling;
    private long calls;
    private long sequences;

    public TraceWriter(Stream stream, TraceHead head)
    {
        this.stream = stream;
        json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        telling = TellingFields(head.Host.Architecture);
        head.Write(json);
        EndLine();
    }

    /// <summary>What the next sequence is called; a number where nobody says.</summary>
    public string? Name { get; set; }

    /// <summary>Writes a sequence: its calls as they went out, and what each answered.</summary>
    public void Write(ReadOnlySpan<Call> spelled, ReadOnlySpan<Observation> observed)
    {
        json.WriteStartObject();
        sequences++;
        json.WriteString(TraceKeys.Sequence, Name ?? sequences.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Name = null;
        json.WriteEndObject();
        EndLine();
        for (int i = 0; i < spelled.Length; i++)
        {
            Write(spelled[i], observed[i]);
        }
    }

    /// <summary>Writes the line without which a trace is not whole, and hands everything to the stream.</summary>
    public void End(bool interrupted)
    {
        json.WriteStartObject();
        json.WriteStartObject(TraceKeys.End);
        json.WriteNumber(TraceKeys.Calls, calls);
        if (interrupted)
        {
            json.WriteBoolean(TraceKeys.Interrupted, true);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        EndLine();
        Flush();
    }

    /// <summary>Ends the writing; the stream belongs to who opened it.</summary>
    public void Dispose() => json.Dispose();

    /// <summary>A number, as text where other readers would lose its lower bits.</summary>
    internal static void Number(Utf8JsonWriter json, ulong number)
    {
        if (number <= TraceKeys.LargestNumber)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteStringValue(CallText.Number(number));
        }
    }

    private void Write(in Call call, in Observation observed)
    {
        calls++;
        json.WriteStartObject();
        json.WriteString(TraceKeys.On, names.Of(call.On));
        json.WriteString(TraceKeys.Ioctl, names.Of(call.Operation.Ioctl));
        WriteIn(call);
        if (call.Argument != Pointer.Fine && call.Operation.Ioctl is { TakesPointer: true })
        {
            json.WriteString(TraceKeys.Pointer, call.Argument.ToString());
        }

        if (call.Operation.Creates is not null && !observed.Descriptor)
        {
            json.WriteString(TraceKeys.As, names.Of(call.As));
        }

        WriteAnswer(call, observed);
        WriteOut(call, observed);
        json.WriteEndObject();
        EndLine();
    }

    private void WriteIn(in Call call)
    {
        bool open = false;
        foreach (Field field in call.Operation.Fields)
        {
            ulong word = call[field];
            if (word != (field.Meaning == Meaning.Descriptor ? Call.NoDescriptor : 0) || telling.Contains(field))
            {
                Open(TraceKeys.In, ref open);
                json.WritePropertyName(names.Of(field));
                WriteWord(field, word);
            }
        }

        Close(open);
    }

    private void WriteAnswer(in Call call, in Observation observed)
    {
        if (observed.Ending != Ending.Returned)
        {
            Ending ending = observed.Ending;
            json.WriteString(TraceKeys.Ending, TraceKeys.Endings.First(e => e.Ending == ending).Word);
        }
        else if (observed.Errno != Errno.None)
        {
            if (names.Of(observed.Errno) is { } name)
            {
                json.WriteString(TraceKeys.Errno, name);
            }
            else
            {
                json.WriteNumber(TraceKeys.Errno, (int)observed.Errno);
            }
        }
        else if (observed.Descriptor && call.Operation.Ioctl!.DescriptorField is null)
        {
            json.WriteString(TraceKeys.Result, names.Of(call.As));
        }
        else
        {
            json.WriteNumber(TraceKeys.Result, observed.Result);
        }
    }

    private void WriteOut(in Call call, in Observation observed)
    {
        bool open = false;
        foreach (Field field in call.Operation.Fields)
        {
            if (field.Meaning == Meaning.Number && observed.After[field.Index] != call[field])
            {
                Open(TraceKeys.Out, ref open);
                json.WritePropertyName(names.Of(field));
                Number(json, observed.After[field.Index]);
            }
            else if (observed.Descriptor && field == call.Operation.Ioctl!.DescriptorField)
            {
                Open(TraceKeys.Out, ref open);
                json.WriteString(names.Of(field), names.Of(call.As));
            }
        }

        Close(open);
    }

    private void WriteWord(Field field, ulong word)
    {
        if (field.Meaning == Meaning.Pointer)
        {
            json.WriteStringValue(Pointer.Of(word).ToString());
        }
        else if (field.Meaning == Meaning.Descriptor && Handle.TryFrom(word, out Handle handle))
        {
            json.WriteStringValue(names.Of(handle));
        }
        else if (field.Meaning == Meaning.Descriptor)
        {
            json.WriteNumberValue((int)word);
        }
        else if (names.Of(field, word & field.Mask) is { } name)
        {
            json.WriteStringValue(name);
        }
        else
        {
            Number(json, word & field.Mask);
        }
    }

    private void Open(JsonEncodedText key, ref bool open)
    {
        if (!open)
        {
            json.WriteStartObject(key);
            open = true;
        }
    }

    private void Close(bool open)
    {
        if (open)
        {
            json.WriteEndObject();
        }
    }

    private void EndLine()
    {
        json.Flush();
        json.Reset();
        buffer.Write("\n"u8);
        if (buffer.WrittenCount >= Chunk)
        {
            Flush();
        }
    }

    private void Flush()
    {
        stream.Write(buffer.WrittenSpan);
        buffer.ResetWrittenCount();
        stream.Flush();
    }

    /// <summary>
    /// Words that are written whatever they hold: where an ioctl has several shapes, those by which a reader tells the later
    /// ones from the first.
    /// </summary>
    private static HashSet<Field> TellingFields(Architecture architecture)
    {
        HashSet<Field> telling = [];
        foreach (Operation[] operations in Vocabulary.Of(architecture)!.Operations.Values)
        {
            Ioctl[] shapes = [.. operations.Select(o => o.Ioctl).OfType<Ioctl>().Distinct().OrderBy(i => i.Fields.Count(f => f.Meaning == Meaning.Descriptor))];
            telling.UnionWith(shapes.Skip(1).SelectMany(s => s.Fields.Where(f => shapes[0].Fields.All(g => g.Name != f.Name))));
        }

        return telling;
    }
}
