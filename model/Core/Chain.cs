namespace KvmSpec.Model;

/// <summary>A value that a <see cref="Chain{T}"/> keeps in the order of its key.</summary>
public interface IKeyed
{
    uint Key { get; }
}

/// <summary>
/// An immutable list in the order of its keys; the empty list is <c>null</c>. Changing one entry shares the rest, so a
/// state costs what changed in it, and no number of memslots or vCPUs is out of the model's scope.
/// </summary>
public sealed class Chain<T> : IEquatable<Chain<T>>
    where T : IKeyed, IEquatable<T>
{
    internal Chain(uint key, T value, Chain<T>? next)
    {
        Key = key;
        Value = value;
        Next = next;
    }

    public T Value { get; }

    /// <summary>The value's key, beside it so that a search need not ask each value.</summary>
    internal uint Key { get; }

    public Chain<T>? Next { get; }

    /// <inheritdoc/>
    public bool Equals(Chain<T>? other)
    {
        Chain<T>? one = this;
        while (!ReferenceEquals(one, other))
        {
            if (one is null || other is null || !one.Value.Equals(other.Value))
            {
                return false;
            }

            one = one.Next;
            other = other.Next;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Chain<T>);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (T value in this)
        {
            hash.Add(value);
        }

        return hash.ToHashCode();
    }
}

/// <summary>What can be done with a <see cref="Chain{T}"/>, the empty one included.</summary>
public static class Chain
{
    /// <summary>Walks a chain without allocating.</summary>
    public ref struct Enumerator<T>(Chain<T>? chain)
        where T : IKeyed, IEquatable<T>
    {
        private Chain<T>? rest = chain;
        private Chain<T>? at;

        public readonly T Current => at!.Value;

        public bool MoveNext()
        {
            at = rest;
            rest = rest?.Next;
            return at is not null;
        }
    }

    public static Enumerator<T> GetEnumerator<T>(this Chain<T>? chain)
        where T : IKeyed, IEquatable<T> => new(chain);

    /// <summary>The number of entries.</summary>
    public static int Count<T>(this Chain<T>? chain)
        where T : IKeyed, IEquatable<T>
    {
        int count = 0;
        for (; chain is not null; chain = chain.Next)
        {
            count++;
        }

        return count;
    }

    /// <summary>Finds the entry with that key.</summary>
    public static bool TryFind<T>(this Chain<T>? chain, uint key, out T value)
        where T : IKeyed, IEquatable<T>
    {
        while (chain is not null && chain.Key < key)
        {
            chain = chain.Next;
        }

        if (chain is not null && chain.Key == key)
        {
            value = chain.Value;
            return true;
        }

        value = default!;
        return false;
    }

    public static bool Has<T>(this Chain<T>? chain, uint key)
        where T : IKeyed, IEquatable<T> => chain.TryFind(key, out _);

    /// <summary>The chain with this entry in place of one with the same key, or beside the others.</summary>
    public static Chain<T> With<T>(this Chain<T>? chain, T value)
        where T : IKeyed, IEquatable<T> => chain.With(value.Key, value);

    private static Chain<T> With<T>(this Chain<T>? chain, uint key, T value)
        where T : IKeyed, IEquatable<T>
    {
        if (chain is null || chain.Key > key)
        {
            return new Chain<T>(key, value, chain);
        }

        return chain.Key == key
            ? new Chain<T>(key, value, chain.Next)
            : new Chain<T>(chain.Key, chain.Value, chain.Next.With(key, value));
    }

    /// <summary>The chain without the entry of that key.</summary>
    public static Chain<T>? Without<T>(this Chain<T>? chain, uint key)
        where T : IKeyed, IEquatable<T>
    {
        if (chain is null || chain.Key > key)
        {
            return chain;
        }

        if (chain.Key == key)
        {
            return chain.Next;
        }

        Chain<T>? rest = chain.Next.Without(key);
        return ReferenceEquals(rest, chain.Next) ? chain : new Chain<T>(chain.Key, chain.Value, rest);
    }

    /// <summary>The smallest number from 0 that is nobody's key.</summary>
    public static uint FirstFree<T>(this Chain<T>? chain)
        where T : IKeyed, IEquatable<T>
    {
        uint free = 0;
        for (; chain is not null && chain.Key == free; chain = chain.Next)
        {
            free++;
        }

        return free;
    }
}
