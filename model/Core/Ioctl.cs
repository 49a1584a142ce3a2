using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>A named constant of the UAPI whose number a revision's vocabulary may change.</summary>
/// <param name="Name">The header's name, such as KVM_CAP_SPLIT_IRQCHIP.</param>
/// <param name="Value">Its number in the newest release.</param>
public sealed record Symbol(string Name, ulong Value)
{
    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <inheritdoc/>
    public bool Equals(Symbol? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>Where a call's word lives.</summary>
public enum Place : byte
{
    /// <summary>It is the ioctl's third argument itself.</summary>
    Argument,

    /// <summary>In the struct that the third argument points to.</summary>
    Struct,

    /// <summary>In memory that a pointer inside the struct leads to.</summary>
    Pointee,

    /// <summary>In the vCPU's mapped run page (struct kvm_run).</summary>
    RunPage,
}

/// <summary>What a word means, and so how it is written in text.</summary>
public enum Meaning : byte
{
    Number,
    Pointer,
    Descriptor,
}

/// <summary>Whether the kernel reads a word, writes it, or both.</summary>
public enum Direction : byte
{
    In,
    Out,
    InOut,
}

/// <summary>One word of a call: its UAPI name, where it lies, and what the kernel does with it.</summary>
public sealed class Field
{
    public required string Name { get; init; }

    public Place Place { get; init; } = Place.Struct;

    public Meaning Meaning { get; init; }

    public Direction Direction { get; init; }

    /// <summary>Bytes from the start of the struct, the pointee or the run page.</summary>
    public int Offset { get; init; }

    /// <summary>Width in bytes: 1, 2, 4 or 8.</summary>
    public int Width { get; init; } = 8;

    /// <summary>For <see cref="Place.Pointee"/>: the pointer that leads here.</summary>
    public Field? Through { get; init; }

    /// <summary>For a pointer: how many bytes behind it the kernel may touch.</summary>
    public int Reach { get; init; } = 8;

    /// <summary>Names that text may use for this word's numbers.</summary>
    public IReadOnlyList<Symbol> Symbols { get; init; } = [];

    /// <summary>The index of the word in a call; given by the ioctl that owns the field.</summary>
    public int Index { get; internal set; }

    /// <summary>True for a word of the same memory: descriptors can know one ioctl by different shapes.</summary>
    public bool LiesWith(Field other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return ReferenceEquals(this, other)
            || (Place == other.Place && Offset == other.Offset && Width == other.Width && Through?.Offset == other.Through?.Offset);
    }

    /// <summary>A mask of the word's width.</summary>
    public ulong Mask => Width == 8 ? ulong.MaxValue : (1UL << (8 * Width)) - 1;

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>The shape of one ioctl: its request number and the words of its argument.</summary>
public sealed class Ioctl
{
    private static int count;

    /// <param name="request">The ioctl's name and number.</param>
    /// <param name="size">Bytes of the struct its argument points to; 0 where the argument is a value.</param>
    /// <param name="fields">Its words, in the order of their indices.</param>
    public Ioctl(Symbol request, int size, params Field[] fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        Request = request;
        Size = size;
        Fields = [.. fields];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i].Index = i;
        }

        Id = count++;
    }

    /// <summary>A number of this process for tables indexed by ioctl.</summary>
    public int Id { get; }

    public Symbol Request { get; }

    public string Name => Request.Name;

    public int Size { get; }

    public ImmutableArray<Field> Fields { get; }

    /// <summary>The field whose value chooses among cases, such as KVM_ENABLE_CAP's <c>cap</c>.</summary>
    public Field? Selector { get; init; }

    /// <summary>The field through which the kernel returns a new descriptor, where it is not the result.</summary>
    public Field? DescriptorField { get; init; }

    public bool TakesPointer => Size > 0;

    public Field this[string name] => Fields.First(f => f.Name == name);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
