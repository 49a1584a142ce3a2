using System.Numerics;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>Reads the line of a call: into a call in the words of a model's revision, and what it answered.</summary>
internal sealed class TraceCallReader(Model.Model model, Func<string, RequestException> wrong)
{
    /// <summary>The number of a descriptor that the record gives no name, since the call failed.</summary>
    private const byte Unnamed = byte.MaxValue;

    /// <summary>The keys of which a call has exactly one: result, errno, ending.</summary>
    private const int Outcomes = (1 << (int)Key.Result) | (1 << (int)Key.Errno) | (1 << (int)Key.Ending);

    private static readonly byte[][] Names = [.. TraceKeys.OfCall.Select(k => k.EncodedUtf8Bytes.ToArray())];

    private static readonly Utf8Table<object> Errnos =
        new(Enum.GetValues<Errno>().Where(e => e != Errno.None).Select(e => new KeyValuePair<string, object>(e.ToString(), e)));

    private static readonly Utf8Table<object> Endings = new(TraceKeys.Endings.Select(e => new KeyValuePair<string, object>(e.Word, e.Ending)));

    private readonly TraceIoctls ioctls = new(model.Book);
    private readonly TraceWordReader words = new(wrong);
    private readonly byte[] room = TraceText.Room();
    private Pointer pointer;
    private Handle? given;
    private Handle? made;

    /// <summary>The keys of a call, in the order of <see cref="TraceKeys.OfCall"/>.</summary>
    private enum Key
    {
        On,
        Ioctl,
        In,
        Pointer,
        As,
        Result,
        Errno,
        Ending,
        Out,
    }

    /// <summary>The call read last.</summary>
    public Call Call;

    /// <summary>What it answered.</summary>
    public Observation Observed;

    /// <summary>The ioctl of a call that no rule covers.</summary>
    public string Uncovered { get; private set; } = "";

    /// <summary>Reads a call from its first key to the end of its object; false where no rule covers its ioctl.</summary>
    public bool Read(ref Utf8JsonReader json)
    {
        int seen = 0;
        TraceIoctls.Entry? ioctl = null;
        TraceShape? shape = null;
        Utf8JsonReader before = default;
        Utf8JsonReader after = default;
        (pointer, given, made) = (Pointer.Fine, null, null);
        Observed = default;
        for (; json.TokenType == JsonTokenType.PropertyName; json.Read())
        {
            Key key = KeyOf(json, ref seen);
            json.Read();
            switch (key)
            {
                case Key.Ioctl:
                    ioctl = IoctlOf(json);
                    break;
                case Key.In when ioctl is { Shapes.Length: > 0 }:
                    Object(json, key);
                    shape = words.In(ioctl, true, ref json, ref Call.Words);
                    break;
                case Key.In:
                    Object(json, key);
                    before = json;
                    json.Skip();
                    break;
                case Key.Out:
                    Object(json, key);
                    after = json;
                    json.Skip();
                    break;
                default:
                    ReadPlain(json, key);
                    break;
            }
        }

        if ((seen & (1 << (int)Key.On)) == 0 || ioctl is null)
        {
            throw wrong($"the call lacks {(ioctl is null ? TraceKeys.Ioctl : TraceKeys.On)}");
        }

        if (!BitOperations.IsPow2(seen & Outcomes))
        {
            throw wrong("give the call one of result, errno and ending");
        }

        if (ioctl.Shapes.Length == 0)
        {
            Uncovered = ioctl.Name;
            return false;
        }

        shape ??= words.In(ioctl, (seen & (1 << (int)Key.In)) != 0, ref before, ref Call.Words);
        Call.Operation = shape.Of(Call.On.Kind, Call.Words);
        Call.Argument = pointer;
        Conclude(shape, (seen & (1 << (int)Key.Out)) != 0, after);
        Decode();
        return shape.Ioctl != Raw.Ioctl || Known();
    }

    /// <summary>Of an ioctl by number: whether rules speak of it, as known or as unknown.</summary>
    private bool Known()
    {
        Call.Argument = Pointer.Unmapped;
        ulong request = Call[Raw.Request];
        if (!ioctls.IsUncovered(request))
        {
            return true;
        }

        Uncovered = $"{Raw.Ioctl.Name} {CallText.Number(request)}";
        return false;
    }

    private Key KeyOf(in Utf8JsonReader json, ref int seen)
    {
        ReadOnlySpan<byte> name = TraceText.Bytes(json, room);
        for (int key = 0; key < Names.Length; key++)
        {
            if (name.SequenceEqual(Names[key]))
            {
                bool twice = (seen & (1 << key)) != 0;
                seen |= 1 << key;
                return twice ? throw wrong($"{TraceKeys.OfCall[key]} stands here twice") : (Key)key;
            }
        }

        throw name.SequenceEqual(TraceKeys.Trace.EncodedUtf8Bytes)
            ? wrong("a second head: one trace a file")
            : wrong($"a call has no {TraceText.Shown(name)}; it has {string.Join(", ", TraceKeys.OfCall)}");
    }

    private TraceIoctls.Entry IoctlOf(in Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            throw wrong("ioctl: write its name in linux/kvm.h, \"close\", or \"ioctl\" with its number as request");
        }

        ReadOnlySpan<byte> name = TraceText.Bytes(json, room);
        return ioctls.Find(name) ?? throw wrong($"no ioctl is called {TraceText.Shown(name)}: write its name in linux/kvm.h, "
            + $"or \"ioctl\" with its number as request{Vectors.Vocabulary.Nearest(TraceText.Shown(name), ioctls.Names)}");
    }

    private void Object(in Utf8JsonReader json, Key key)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw wrong($"{TraceKeys.OfCall[(int)key]}: give an object of words by their names in linux/kvm.h");
        }
    }

    private void ReadPlain(in Utf8JsonReader json, Key key)
    {
        bool text = json.TokenType == JsonTokenType.String;
        switch (key)
        {
            case Key.On:
                Call.On = HandleOf(json, key);
                break;
            case Key.As:
                given = HandleOf(json, key);
                break;
            case Key.Pointer:
                pointer = text && TraceText.TryPointer(TraceText.Bytes(json, room), out Pointer behaviour) ? behaviour
                    : throw wrong($"pointer: write {TraceText.PointerForms}");
                break;
            case Key.Result when text:
                made = HandleOf(json, key);
                break;
            case Key.Result:
                Observed.Result = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long result) && result >= 0 ? result
                    : throw wrong("result: give what the call returned, 0 or more, or the name of the new descriptor; a call that failed has errno");
                break;
            case Key.Errno:
                Observed.Errno = text && Errnos.Find(TraceText.Bytes(json, room)) is Errno named ? named
                    : json.TokenType == JsonTokenType.Number && json.TryGetByte(out byte number) && number > 0 ? (Errno)number
                    : throw wrong("errno: write its name, such as \"EINVAL\", or its number on Linux");
                break;
            default:
                Observed.Ending = text && Endings.Find(TraceText.Bytes(json, room)) is Ending ending ? ending
                    : throw wrong($"ending: write {string.Join(", ", Endings.Names)}");
                break;
        }
    }

    private Handle HandleOf(in Utf8JsonReader json, Key key) =>
        json.TokenType == JsonTokenType.String && TraceText.TryHandle(TraceText.Bytes(json, room), out Handle handle) ? handle
        : throw wrong($"{TraceKeys.OfCall[(int)key]}: write kvm, or vm, vcpu, device, memfd or file with a number from 0 to 255, such as \"vm0\"");

    /// <summary>Makes the observation of what the line says, once the call is known.</summary>
    private void Conclude(TraceShape shape, bool came, in Utf8JsonReader after)
    {
        Observed.After = Call.Words;
        Call.As = given is { } name ? OfKind(name, shape, Key.As) : shape.Creates is { } kind ? new Handle(kind, Unnamed) : default;
        if (made is { } returned)
        {
            Call.As = OfKind(returned, shape, Key.Result);
            Observed.Descriptor = shape.ReturnsDescriptor ? true
                : throw wrong($"result: {returned}, but {shape.Name} returns no descriptor: give the number, and the name in out");
        }
        else if (shape.ReturnsDescriptor && Observed is { Errno: Errno.None, Ending: Ending.Returned })
        {
            throw wrong($"result is {Observed.Result}: give the new descriptor a name, such as \"{new Handle(shape.Creates!.Value, 0)}\"");
        }

        if (came && words.Out(shape, after, ref Observed.After) is { } inside)
        {
            Call.As = OfKind(inside, shape, Key.Out);
            Observed.Descriptor = true;
        }
    }

    private Handle OfKind(Handle handle, TraceShape shape, Key key) => handle.Kind == shape.Creates ? handle
        : throw wrong($"{TraceKeys.OfCall[(int)key]}: {handle}, but {shape.Name} makes {(shape.Creates is { } kind ? $"a descriptor such as \"{new Handle(kind, 0)}\"" : "no descriptor")}");

    /// <summary>Numbers as they went out become what they mean in the model's revision; one that means nothing stays.</summary>
    private void Decode()
    {
        foreach (Spelling spelling in model.Book.Spellings)
        {
            int index = spelling.Field.Index;
            ulong spelled = Call.Words[index];
            if (spelling.Operation.Id == Call.Operation.Id && spelling.Decode(model.Host.Architecture, spelled) is { } meant)
            {
                Call.Words[index] = meant;
                Observed.After[index] = Observed.After[index] == spelled ? meant : Observed.After[index];
            }
        }
    }
}
