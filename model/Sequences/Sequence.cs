using System.Globalization;
using System.Text;

namespace KvmSpec.Model.Sequences;

/// <summary>
/// What names a generated sequence: its seed and its length. With revision and host it is the same sequence everywhere;
/// printed as <c>0x1234:20</c> it is what <c>--replay</c> takes.
/// </summary>
public readonly record struct SequenceName(ulong Seed, int Length)
{
    /// <summary>The longest sequence that is generated.</summary>
    public const int Longest = 1000;

    /// <inheritdoc/>
    public override string ToString() => $"0x{Seed:x}:{Length}";

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out SequenceName name)
    {
        ArgumentNullException.ThrowIfNull(text);
        name = default;
        string[] parts = text.Split(':');
        if (parts.Length != 2 || !CallText.TryReadNumber(parts[0], out ulong seed)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length is < 1 or > Longest)
        {
            return false;
        }

        name = new SequenceName(seed, length);
        return true;
    }
}

/// <summary>Calls in their order, as a value: the durable form of a test and of a failure.</summary>
public sealed class Sequence(params Call[] calls) : IEquatable<Sequence>
{
    public ReadOnlySpan<Call> Calls => calls;

    public int Length => calls.Length;

    public Call this[int index] => calls[index];

    /// <inheritdoc/>
    public bool Equals(Sequence? other) => other is not null && Calls.SequenceEqual(other.Calls);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Sequence);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Call call in calls)
        {
            hash.Add(call);
        }

        return hash.ToHashCode();
    }

    /// <summary>One call a line, as in a vector.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (Call call in calls)
        {
            text.Append("- ").Append(call).Append('\n');
        }

        return text.ToString();
    }
}
