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
    private const int FirstOfAKind = 10;

    private readonly ulong names;
    private readonly Descriptor[]? entries;

    private Descriptors(ulong names, Descriptor[] entries)
    {
        this.names = names;
        this.entries = entries;
    }

    /// <summary>Which of a kind's first handles are open: bit N for number N.</summary>
    public uint Numbers(DescriptorKind kind) => (uint)(names >> ((int)kind * FirstOfAKind)) & ((1u << FirstOfAKind) - 1);

    public bool Has(Handle name) => TryPlace(name, out _);

    /// <summary>Finds the descriptor of that name.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(Handle name, out Descriptor found)
    {
        bool open = TryPlace(name, out int at);
        found = open ? entries![at] : default;
        return open;
    }

    /// <summary>The descriptors with this one in place of one of the same name, or beside the others.</summary>
    public Descriptors With(in Descriptor descriptor)
    {
        ReadOnlySpan<Descriptor> before = entries;
        bool there = TryPlace(descriptor.Name, out int at);
        Descriptor[] changed = new Descriptor[before.Length + (there ? 0 : 1)];
        before[..at].CopyTo(changed);
        changed[at] = descriptor;
        before[(there ? at + 1 : at)..].CopyTo(changed.AsSpan(at + 1));
        return new(names | Bit(descriptor.Name), changed);
    }

    /// <summary>The descriptors without that name.</summary>
    public Descriptors Without(Handle name)
    {
        if (!TryPlace(name, out int at))
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

    /// <summary>Where a name's descriptor stands; where it is not open, where it would.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPlace(Handle name, out int at)
    {
        ulong bit = Bit(name);
        at = BitOperations.PopCount(names & (bit - 1));
        return bit != 0 ? (names & bit) != 0 : TryPlaceLater(name, ref at);
    }

    private bool TryPlaceLater(Handle name, ref int at)
    {
        ReadOnlySpan<Descriptor> all = entries;
        while (at < all.Length && Order(all[at].Name) < Order(name))
        {
            at++;
        }

        return at < all.Length && all[at].Name == name;
    }

    /// <summary>The handle's bit among the first of its kind; none for later ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Bit(Handle name) => name.Number < FirstOfAKind ? 1UL << (((int)name.Kind * FirstOfAKind) + name.Number) : 0;

    private static int Order(Handle name) => ((int)name.Kind << 8) | name.Number;
}
