using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>Reads the words of a call by their names in linux/kvm.h: those that went in, those that came out.</summary>
internal sealed class TraceWordReader(Func<string, RequestException> wrong)
{
    private readonly byte[] room = TraceText.Room();

    /// <summary>Reads the words that went in; of several shapes the call has the first that knows all of them.</summary>
    public TraceShape In(TraceIoctls.Entry ioctl, bool given, ref Utf8JsonReader json, ref Words words)
    {
        Utf8JsonReader start = json;
        for (int i = 0; ; i++)
        {
            TraceShape shape = ioctl.Shapes[i];
            words = shape.Start;
            json = start;
            if (!given || ReadAll(shape, ref json, ref words, i == ioctl.Shapes.Length - 1 ? ioctl.Shapes : null))
            {
                return shape;
            }
        }
    }

    /// <summary>Reads the words that came out over those that went in; the handle of a descriptor that is among them.</summary>
    public Handle? Out(TraceShape shape, Utf8JsonReader json, ref Words words)
    {
        Handle? made = null;
        int seen = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            int index = IndexOf(shape, json, ref seen, [shape]);
            Field field = shape.Fields[index];
            json.Read();
            if (field.Meaning == Meaning.Number)
            {
                words[field.Index] = TryWord(shape, index, json, out ulong word) ? word : throw NoValue(field, json);
            }
            else if (field == shape.Ioctl!.DescriptorField)
            {
                made = json.TokenType == JsonTokenType.String && TraceText.TryHandle(TraceText.Bytes(json, room), out Handle handle) ? handle
                    : throw wrong($"out: give the new descriptor in {field.Name} a name, such as \"{new Handle(shape.Creates!.Value, 0)}\"");
            }
            else
            {
                throw wrong($"out: the kernel does not write {field.Name}");
            }
        }

        return made;
    }

    /// <summary>Reads all words; false where the shape lacks one, or a value of one, and a later shape may have it.</summary>
    private bool ReadAll(TraceShape shape, ref Utf8JsonReader json, ref Words words, TraceShape[]? last)
    {
        int seen = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            int index = IndexOf(shape, json, ref seen, last);
            if (index < 0)
            {
                return false;
            }

            json.Read();
            if (!TryWord(shape, index, json, out ulong word))
            {
                return last is null ? false : throw NoValue(shape.Fields[index], json);
            }

            words[shape.Fields[index].Index] = word;
        }

        return true;
    }

    /// <summary>The index of the word that the reader stands at; -1 where there is none and more shapes are left to try.</summary>
    private int IndexOf(TraceShape shape, in Utf8JsonReader json, ref int seen, TraceShape[]? last)
    {
        ReadOnlySpan<byte> name = TraceText.Bytes(json, room);
        for (int index = 0; index < shape.Names.Length; index++)
        {
            if (name.SequenceEqual(shape.Names[index]))
            {
                int bit = 1 << index;
                bool twice = (seen & bit) != 0;
                seen |= bit;
                return twice ? throw wrong($"{shape.Fields[index].Name} stands here twice") : index;
            }
        }

        return last is null ? -1
            : throw wrong($"{shape.Name} has no {TraceText.Shown(name)}; it has "
                + string.Join(", ", last.SelectMany(s => s.Fields).Select(f => f.Name).Distinct().DefaultIfEmpty("no words")));
    }

    private bool TryWord(TraceShape shape, int index, in Utf8JsonReader json, out ulong word)
    {
        Field field = shape.Fields[index];
        word = 0;
        bool text = json.TokenType == JsonTokenType.String;
        bool number = json.TokenType == JsonTokenType.Number;
        ReadOnlySpan<byte> letters = text ? TraceText.Bytes(json, room) : default;
        bool read;
        switch (field.Meaning)
        {
            case Meaning.Pointer:
                read = text & TraceText.TryPointer(letters, out Pointer pointer);
                word = pointer.Word;
                break;
            case Meaning.Descriptor:
                read = text & TraceText.TryHandle(letters, out Handle handle);
                word = handle.Word;
                if (number && json.TryGetInt32(out int raw))
                {
                    (read, word) = (true, (uint)raw);
                }

                break;
            default:
                Symbol? symbol = text ? shape.Symbols[index]?.Find(letters) : null;
                read = symbol is not null || (number ? json.TryGetUInt64(out word) : text && TraceText.TryNumber(letters, out word));
                word = symbol?.Value ?? word;
                read &= (word & ~field.Mask) == 0;
                break;
        }

        return read;
    }

    private RequestException NoValue(Field field, in Utf8JsonReader json) =>
        wrong($"{TraceText.Shown(json.ValueSpan)} is no value for {field.Name}: write {Wanted(field)}");

    private static string Wanted(Field field) => field.Meaning switch
    {
        Meaning.Pointer => TraceText.PointerForms,
        Meaning.Descriptor => "a handle such as \"vm0\", or a number such as -1",
        _ => $"a whole number of {8 * field.Width} bits, or one as text such as \"0xfff\"{(field.Symbols.Count > 0 ? $", or a name such as \"{field.Symbols[0].Name}\"" : "")}",
    };
}
