namespace KvmSpec.Model;

/// <summary>How the memory behind a pointer answers.</summary>
public enum PointerKind : byte
{
    /// <summary>Readable and writable over the whole length.</summary>
    Fine,

    /// <summary>Nothing is mapped there.</summary>
    Unmapped,

    /// <summary>Mapped for reading only.</summary>
    ReadOnly,

    /// <summary>The first bytes are fine, the next page is not mapped.</summary>
    FaultsAfter,
}

/// <summary>
/// A pointer handed to the kernel, by what it does rather than by its number: a target picks an address that behaves so.
/// </summary>
public readonly record struct Pointer
{
    /// <summary>Both parts in one number, so that a pointer is written and read at once: halves that were just written apart stall a read of the whole.</summary>
    private readonly uint both;

    public Pointer(PointerKind kind, ushort length = 0) => both = (uint)kind | ((uint)length << 8);

    /// <summary>How the memory answers.</summary>
    public PointerKind Kind => (PointerKind)(byte)both;

    /// <summary>Bytes before the fault, for <see cref="PointerKind.FaultsAfter"/>.</summary>
    public ushort Length => (ushort)(both >> 8);

    public static Pointer Fine => default;

    public static Pointer Unmapped => new(PointerKind.Unmapped);

    public static Pointer ReadOnly => new(PointerKind.ReadOnly);

    public static Pointer FaultsAfter(ushort bytes) => new(PointerKind.FaultsAfter, bytes);

    /// <summary>The pointer as a call's word.</summary>
    public ulong Word => both;

    public static Pointer Of(ulong word) => new((PointerKind)(word & 3), (ushort)(word >> 8));

    /// <summary>True where reading that many bytes faults; also a fine pointer leads only so far.</summary>
    public bool FaultsReading(int bytes) =>
        Kind == PointerKind.Unmapped || bytes > Common.UserMemory.PointerReach || (Kind == PointerKind.FaultsAfter && Length < bytes);

    /// <summary>True where writing that many bytes faults.</summary>
    public bool FaultsWriting(int bytes) => Kind == PointerKind.ReadOnly || FaultsReading(bytes);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        PointerKind.Fine => "fine",
        PointerKind.Unmapped => "unmapped",
        PointerKind.ReadOnly => "read-only",
        _ => $"faults-after-{Length}",
    };

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out Pointer pointer)
    {
        ArgumentNullException.ThrowIfNull(text);
        (bool known, pointer) = text switch
        {
            "fine" => (true, Fine),
            "unmapped" => (true, Unmapped),
            "read-only" => (true, ReadOnly),
            _ when text.StartsWith("faults-after-", StringComparison.Ordinal)
                && ushort.TryParse(text.AsSpan("faults-after-".Length), out ushort bytes) => (true, FaultsAfter(bytes)),
            _ => (false, Fine),
        };
        return known;
    }
}
