using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using KvmSpec.Model;

namespace KvmSpec.Runners.Traces;

/// <summary>Reads the small texts of a trace from their bytes: handles, pointers, numbers.</summary>
internal static class TraceText
{
    /// <summary>More of a foreign text is not repeated in a message.</summary>
    private const int LongestShown = 60;

    private const int LongestText = 256;

    /// <summary>What a pointer may be, for messages.</summary>
    public const string PointerForms = "\"fine\", \"unmapped\", \"read-only\" or \"faults-after-N\"";

    private static readonly byte[][] Kinds =
        [.. Enumerable.Range(0, Handle.Kinds).Select(k => Encoding.UTF8.GetBytes(new Handle((DescriptorKind)k, 1).ToString().TrimEnd('1')))];

    private static readonly byte[][] PointerNames =
        [.. new[] { Pointer.Fine, Pointer.Unmapped, Pointer.ReadOnly }.Select(p => Encoding.UTF8.GetBytes(p.ToString()))];

    private static readonly byte[] FaultsAfter = Encoding.UTF8.GetBytes(Pointer.FaultsAfter(0).ToString().TrimEnd('0'));

    /// <summary>A text from outside as a message may repeat it: short and without control characters.</summary>
    public static string Shown(string text) =>
        string.Concat(text.Take(LongestShown).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + (text.Length > LongestShown ? "..." : "");

    public static string Shown(ReadOnlySpan<byte> text) => Shown(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * LongestShown)]));

    /// <summary>The bytes of a JSON string, with escapes undone into the room given; empty where they do not fit.</summary>
    public static ReadOnlySpan<byte> Bytes(in Utf8JsonReader reader, byte[] room) =>
        !reader.ValueIsEscaped ? reader.ValueSpan
        : reader.ValueSpan.Length <= room.Length ? room.AsSpan(0, reader.CopyString(room))
        : default;

    public static byte[] Room() => new byte[LongestText];

    /// <summary>Reads a handle as <see cref="Handle.ToString"/> writes it.</summary>
    public static bool TryHandle(ReadOnlySpan<byte> text, out Handle handle)
    {
        handle = Handle.Kvm;
        int letters = text.Length;
        while (letters > 0 && text[letters - 1] is >= (byte)'0' and <= (byte)'9')
        {
            letters--;
        }

        int kind = 0;
        while (kind < Kinds.Length && !text[..letters].SequenceEqual(Kinds[kind]))
        {
            kind++;
        }

        ReadOnlySpan<byte> digits = text[letters..];
        if (kind == Kinds.Length || (digits.IsEmpty && kind != 0))
        {
            return false;
        }

        if (digits.IsEmpty)
        {
            return true;
        }

        if (!Utf8Parser.TryParse(digits, out byte number, out int used) || used != digits.Length
            || (digits[0] == '0' && (digits.Length > 1 || kind == 0)))
        {
            return false;
        }

        handle = new Handle((DescriptorKind)kind, number);
        return true;
    }

    /// <summary>Reads a pointer's behaviour as <see cref="Pointer.ToString"/> writes it.</summary>
    public static bool TryPointer(ReadOnlySpan<byte> text, out Pointer pointer)
    {
        for (int kind = 0; kind < PointerNames.Length; kind++)
        {
            if (text.SequenceEqual(PointerNames[kind]))
            {
                pointer = new Pointer((PointerKind)kind);
                return true;
            }
        }

        pointer = default;
        if (!text.StartsWith(FaultsAfter) || !Utf8Parser.TryParse(text[FaultsAfter.Length..], out ushort bytes, out int used)
            || used != text.Length - FaultsAfter.Length)
        {
            return false;
        }

        pointer = Pointer.FaultsAfter(bytes);
        return true;
    }

    /// <summary>Reads a number in decimal or, after 0x, in hexadecimal.</summary>
    public static bool TryNumber(ReadOnlySpan<byte> text, out ulong number)
    {
        bool hexadecimal = text.StartsWith("0x"u8);
        ReadOnlySpan<byte> digits = hexadecimal ? text[2..] : text;
        return Utf8Parser.TryParse(digits, out number, out int used, hexadecimal ? 'x' : 'D') && used == digits.Length;
    }
}
