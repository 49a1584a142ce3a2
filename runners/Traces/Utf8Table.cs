namespace KvmSpec.Runners.Traces;

/// <summary>Values by name, found by the name's UTF-8 bytes without making a string of them.</summary>
internal sealed class Utf8Table<T>
    where T : class
{
    private readonly (byte[] Name, T Value)[] slots;
    private readonly uint mask;

    public Utf8Table(IEnumerable<KeyValuePair<string, T>> entries)
    {
        KeyValuePair<string, T>[] all = [.. entries];
        Names = [.. all.Select(e => e.Key)];
        slots = new (byte[], T)[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * all.Length) + 1)];
        mask = (uint)slots.Length - 1;
        foreach ((string name, T value) in all)
        {
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(name);
            uint at = Hash(bytes) & mask;
            while (slots[at].Name is not null)
            {
                at = (at + 1) & mask;
            }

            slots[at] = (bytes, value);
        }
    }

    /// <summary>The names, in the order given.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The value of that name; <c>null</c> where there is none.</summary>
    public T? Find(ReadOnlySpan<byte> name)
    {
        for (uint at = Hash(name) & mask; slots[at].Name is { } known; at = (at + 1) & mask)
        {
            if (name.SequenceEqual(known))
            {
                return slots[at].Value;
            }
        }

        return null;
    }

    /// <summary>FNV-1a.</summary>
    private static uint Hash(ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261;
        foreach (byte letter in name)
        {
            hash = (hash ^ letter) * 16777619;
        }

        return hash;
    }
}
