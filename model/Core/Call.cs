using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>The words of a call, by <see cref="Field.Index"/>.</summary>
[InlineArray(Length)]
public struct Words : IEquatable<Words>
{
    /// <summary>The most words that an ioctl of the model has.</summary>
    public const int Length = 8;

    private ulong first;

    /// <inheritdoc/>
    public readonly bool Equals(Words other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Words other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode()
    {
        HashCode hash = default;
        foreach (ulong word in (ReadOnlySpan<ulong>)this)
        {
            hash.Add(word);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Words left, Words right) => left.Equals(right);

    public static bool operator !=(Words left, Words right) => !left.Equals(right);
}

/// <summary>
/// One call of a sequence: an operation on a descriptor, with all its words. A call is a value and means something after
/// any other call was removed: handles nobody bound go out as fd -1.
/// </summary>
public struct Call : IEquatable<Call>
{
    /// <summary>What a descriptor-valued word holds unless it is given: fd -1.</summary>
    public const ulong NoDescriptor = uint.MaxValue;

    public Operation Operation;

    /// <summary>The descriptor it is made on.</summary>
    public Handle On;

    /// <summary>The name that the new descriptor gets, where the call makes one.</summary>
    public Handle As;

    /// <summary>How the argument's pointer behaves, where the argument is one.</summary>
    public Pointer Argument;

    public Words Words;

    public Call(Operation operation, Handle on)
    {
        ArgumentNullException.ThrowIfNull(operation);
        Operation = operation;
        On = on;
        if (operation.Case is { } symbol)
        {
            Words[operation.Ioctl!.Selector!.Index] = symbol.Value;
        }

        foreach (Field field in operation.Fields)
        {
            if (field.Meaning == Meaning.Descriptor)
            {
                Words[field.Index] = NoDescriptor;
            }
        }
    }

    /// <summary>The value of a field.</summary>
    public readonly ulong this[Field field] => Words[field.Index];

    /// <summary>The call with another value in one field, cut to the field's width.</summary>
    public readonly Call With(Field field, ulong value)
    {
        ArgumentNullException.ThrowIfNull(field);
        Call changed = this;
        changed.Words[field.Index] = field.Meaning == Meaning.Number ? value & field.Mask : value;
        return changed;
    }

    /// <inheritdoc/>
    public readonly bool Equals(Call other) =>
        ReferenceEquals(Operation, other.Operation) && On == other.On && As == other.As
        && Argument == other.Argument && Words.Equals(other.Words);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is Call other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Operation, On, As, Argument, Words);

    public static bool operator ==(Call left, Call right) => left.Equals(right);

    public static bool operator !=(Call left, Call right) => !left.Equals(right);

    /// <inheritdoc/>
    public override readonly string ToString() => CallText.Write(this);
}
