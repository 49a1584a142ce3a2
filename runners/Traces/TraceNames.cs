using System.Text.Json;
using KvmSpec.Model;

namespace KvmSpec.Runners.Traces;

/// <summary>The names that a trace repeats with every call, each made ready for JSON once.</summary>
internal sealed class TraceNames
{
    private static readonly JsonEncodedText Close = JsonEncodedText.Encode(Vectors.Vocabulary.Close);

    private readonly Dictionary<Ioctl, JsonEncodedText> ioctls = [];
    private readonly Dictionary<Field, JsonEncodedText> fields = [];
    private readonly Dictionary<Field, Dictionary<ulong, JsonEncodedText>> symbols = [];
    private readonly JsonEncodedText?[] handles = new JsonEncodedText?[Handle.Kinds << 8];
    private readonly JsonEncodedText?[] errnos = new JsonEncodedText?[256];

    public TraceNames()
    {
        foreach (Errno errno in Enum.GetValues<Errno>())
        {
            errnos[(int)errno] = JsonEncodedText.Encode(errno.ToString());
        }
    }

    /// <summary>An ioctl's name; close(2)'s for <c>null</c>.</summary>
    public JsonEncodedText Of(Ioctl? ioctl)
    {
        if (ioctl is null)
        {
            return Close;
        }

        if (!ioctls.TryGetValue(ioctl, out JsonEncodedText name))
        {
            ioctls[ioctl] = name = JsonEncodedText.Encode(ioctl.Name);
        }

        return name;
    }

    public JsonEncodedText Of(Field field)
    {
        if (!fields.TryGetValue(field, out JsonEncodedText name))
        {
            fields[field] = name = JsonEncodedText.Encode(field.Name);
        }

        return name;
    }

    /// <summary>The name of a field's number; <c>null</c> where it has none.</summary>
    public JsonEncodedText? Of(Field field, ulong number)
    {
        if (field.Symbols.Count == 0)
        {
            return null;
        }

        if (!symbols.TryGetValue(field, out Dictionary<ulong, JsonEncodedText>? named))
        {
            symbols[field] = named = field.Symbols.DistinctBy(s => s.Value).ToDictionary(s => s.Value, s => JsonEncodedText.Encode(s.Name));
        }

        return named.TryGetValue(number, out JsonEncodedText name) ? name : null;
    }

    public JsonEncodedText Of(Handle handle) =>
        handles[((int)handle.Kind << 8) | handle.Number] ??= JsonEncodedText.Encode(handle.ToString());

    /// <summary>An errno's name; <c>null</c> where the model has none.</summary>
    public JsonEncodedText? Of(Errno errno) => errnos[(int)errno];
}
