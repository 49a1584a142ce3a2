using System.Globalization;
using System.Text;

namespace KvmSpec.Model;

/// <summary>
/// A call as one line of a vector: a YAML flow mapping with the UAPI's own names. Words that are zero (descriptors: -1)
/// and pointers that are fine are left out, so that what stands there matters.
/// </summary>
public static class CallText
{
    /// <summary>The line, with more entries at its end (such as the expected result) where given.</summary>
    public static string Write(in Call call, params ReadOnlySpan<string> more)
    {
        StringBuilder text = new("{ on: ");
        text.Append(call.On).Append(", ioctl: ").Append(call.Operation.Ioctl?.Name ?? "close");
        foreach (Field field in call.Operation.Fields)
        {
            ulong word = call[field];
            ulong none = field.Meaning == Meaning.Descriptor ? Call.NoDescriptor : 0;
            if (field.Direction == Direction.Out || (word == none && field != call.Operation.Ioctl!.Selector))
            {
                continue;
            }

            bool selects = field == call.Operation.Ioctl!.Selector;
            text.Append(", ").Append(field.Name).Append(": ").Append(!selects ? WriteWord(field, word) : call.Operation.Case?.Name ?? Number(word));
        }

        if (call.Argument != Pointer.Fine && call.Operation.Ioctl is { TakesPointer: true })
        {
            text.Append(", pointer: ").Append(call.Argument);
        }

        if (call.Operation.Creates is not null)
        {
            text.Append(", as: ").Append(call.As);
        }

        foreach (string entry in more)
        {
            text.Append(", ").Append(entry);
        }

        return text.Append(" }").ToString();
    }

    /// <summary>A field's value by its meaning: a symbol, a handle, a pointer's behaviour, or a number.</summary>
    public static string WriteWord(Field field, ulong word)
    {
        ArgumentNullException.ThrowIfNull(field);
        switch (field.Meaning)
        {
            case Meaning.Pointer:
                return Pointer.Of(word).ToString();
            case Meaning.Descriptor:
                return Handle.TryFrom(word, out Handle handle) ? handle.ToString() : ((int)word).ToString(CultureInfo.InvariantCulture);
            default:
                return field.Symbols.FirstOrDefault(s => s.Value == word)?.Name ?? Number(word);
        }
    }

    /// <summary>Small numbers in decimal, others in hexadecimal.</summary>
    public static string Number(ulong word) =>
        word < 65536 ? word.ToString(CultureInfo.InvariantCulture) : $"0x{word:x}";

    /// <summary>Reads a field's value as <see cref="WriteWord"/> writes it.</summary>
    public static bool TryReadWord(Field field, string text, out ulong word)
    {
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(text);
        word = 0;
        switch (field.Meaning)
        {
            case Meaning.Pointer:
                if (!Pointer.TryParse(text, out Pointer pointer))
                {
                    return false;
                }

                word = pointer.Word;
                return true;
            case Meaning.Descriptor when Handle.TryParse(text, out Handle handle):
                word = handle.Word;
                return true;
            case Meaning.Descriptor:
                bool raw = int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number);
                word = (uint)number;
                return raw;
            default:
                if (field.Symbols.FirstOrDefault(s => s.Name == text) is { } symbol)
                {
                    word = symbol.Value;
                    return true;
                }

                return TryReadNumber(text, out word) && (word & ~field.Mask) == 0;
        }
    }

    /// <summary>Reads a number in decimal or, after 0x, in hexadecimal.</summary>
    public static bool TryReadNumber(string text, out ulong number)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
