using System.Numerics;
using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>An open descriptor: its name and the object behind it.</summary>
/// <param name="Name">The handle.</param>
/// <param name="Vm">The number of the VM it belongs to; <see cref="NoVm"/> for others.</param>
/// <param name="Object">vCPU id, device key or guest_memfd number.</param>
public readonly record struct Descriptor(Handle Name, uint Vm, uint Object = 0)
{
    public const uint NoVm = uint.MaxValue;
}

/// <summary>
/// The open descriptors, an immutable value. The first names of each kind have a bit that tells whether one is open, and
/// the bits before it tell where it stands: finding one of them needs no search. Later names stand behind them in order.
/// </summary>
public readonly struct Descriptors : IEquatable<Descriptors>
{
    /// <summary>So many names of a kind have a bit.</summary>
    private const int FirstOfAKind = 8;

    private readonly ulong names;
    private readonly Descriptor[]? entries;

    private Descriptors(ulong names, Descriptor[] entries)
    {
        this.names = names;
        this.entries = entries;
    }

    /// <summary>Which of a kind's first handles are open: bit N for number N.</summary>
    public uint Numbers(DescriptorKind kind) => (uint)(names >> ((int)kind * FirstOfAKind)) & ((1u << FirstOfAKind) - 1);

    public bool Has(Handle name) => Place(name) >= 0;

    /// <summary>Finds the descriptor of that name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(Handle name, out Descriptor found)
    {
        int at = Place(name);
        found = at >= 0 ? entries![at] : default;
        return at >= 0;
    }

    /// <summary>The descriptors with this one in place of one of the same name, or beside the others.</summary>
    public Descriptors With(in Descriptor descriptor)
    {
        ReadOnlySpan<Descriptor> before = entries;
        int at = Place(descriptor.Name);
        bool there = at >= 0;
        at = there ? at : ~at;
        Descriptor[] changed = new Descriptor[before.Length + (there ? 0 : 1)];
        before[..at].CopyTo(changed);
        changed[at] = descriptor;
        before[(there ? at + 1 : at)..].CopyTo(changed.AsSpan(at + 1));
        return new(names | Bit(descriptor.Name), changed);
    }

    /// <summary>The descriptors without that name.</summary>
    public Descriptors Without(Handle name)
    {
        int at = Place(name);
        if (at < 0)
        {
            return this;
        }

        ReadOnlySpan<Descriptor> before = entries;
        Descriptor[] changed = new Descriptor[before.Length - 1];
        before[..at].CopyTo(changed);
        before[(at + 1)..].CopyTo(changed.AsSpan(at));
        return new(names & ~Bit(name), changed);
    }

    public ReadOnlySpan<Descriptor>.Enumerator GetEnumerator() => new ReadOnlySpan<Descriptor>(entries).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Descriptors other) => names == other.names && new ReadOnlySpan<Descriptor>(entries).SequenceEqual(other.entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Descriptors other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Descriptor descriptor in this)
        {
            hash.Add(descriptor);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Descriptors left, Descriptors right) => left.Equals(right);

    public static bool operator !=(Descriptors left, Descriptors right) => !left.Equals(right);

    /// <summary>Where a name's descriptor stands; where it is not open, the complement of where it would.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Place(Handle name)
    {
        if (name.Number >= FirstOfAKind)
        {
            return LaterPlace(entries, name, BitOperations.PopCount(names));
        }

        int at = BitOperations.PopCount(names & (Bit(name) - 1));
        return (names & Bit(name)) != 0 ? at : ~at;
    }

    private static int LaterPlace(Descriptor[]? all, Handle name, int at)
    {
        int end = all?.Length ?? 0;
        while (at < end && all![at].Name.Order < name.Order)
        {
            at++;
        }

        return at < end && all![at].Name == name ? at : ~at;
    }

    /// <summary>The handle's bit among the first of its kind; none for later ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bit(Handle name) => name.Number < FirstOfAKind ? 1UL << (((int)name.Kind * FirstOfAKind) + name.Number) : 0;
}
