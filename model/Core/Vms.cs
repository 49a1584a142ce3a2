using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>
/// The VMs that live, an immutable value. Their keys are small, as each is the first that is free: a VM stands in the place
/// of its key.
/// </summary>
public readonly struct Vms : IEquatable<Vms>
{
    /// <summary>No place is empty at the end, so that equal values have equal places.</summary>
    private readonly Vm?[]? places;

    private Vms(Vm?[] places) => this.places = places;

    /// <summary>Finds the VM with that key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(uint key, out Vm vm)
    {
        Vm?[]? all = places;
        vm = all is not null && key < (uint)all.Length ? all[key]! : null!;
        return vm is not null;
    }

    public bool Has(uint key) => TryFind(key, out _);

    /// <summary>The smallest number from 0 that is nobody's key.</summary>
    public uint FirstFree()
    {
        uint free = 0;
        while (Has(free))
        {
            free++;
        }

        return free;
    }

    /// <summary>
    /// The VMs with this one in place of the one with its key, or beside the others. <see cref="Vm.None"/> has no place: what an
    /// edited book's call on no VM changes of it is lost.
    /// </summary>
    public Vms With(Vm vm)
    {
        ArgumentNullException.ThrowIfNull(vm);
        if (vm.Key == Vm.None.Key)
        {
            return this;
        }

        Vm?[] changed = Copy(Math.Max(Length, (int)vm.Key + 1));
        changed[vm.Key] = vm;
        return new(changed);
    }

    /// <summary>The VMs without the one of that key.</summary>
    public Vms Without(uint key)
    {
        if (!Has(key))
        {
            return this;
        }

        int length = Length;
        while (length > 0 && (length - 1 == key || places![length - 1] is null))
        {
            length--;
        }

        Vm?[] changed = Copy(length);
        if (key < length)
        {
            changed[key] = null;
        }

        return new(changed);
    }

    public Enumerator GetEnumerator() => new(places);

    /// <inheritdoc/>
    public bool Equals(Vms other) => new ReadOnlySpan<Vm>(places!).SequenceEqual(new ReadOnlySpan<Vm>(other.places!));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Vms other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (Vm vm in this)
        {
            hash.Add(vm);
        }

        return hash.ToHashCode();
    }

    public static bool operator ==(Vms left, Vms right) => left.Equals(right);

    public static bool operator !=(Vms left, Vms right) => !left.Equals(right);

    private int Length => places?.Length ?? 0;

    /// <summary>The places up to a length; one by one, as there are few.</summary>
    private Vm?[] Copy(int length)
    {
        Vm?[] copy = new Vm?[length];
        for (int i = 0; i < copy.Length && i < Length; i++)
        {
            copy[i] = places![i];
        }

        return copy;
    }

    /// <summary>Walks the VMs in the order of their keys.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<Vm?> places;
        private int at = -1;

        internal Enumerator(ReadOnlySpan<Vm?> places) => this.places = places;

        public readonly Vm Current => places[at]!;

        public bool MoveNext()
        {
            do
            {
                at++;
            }
            while (at < places.Length && places[at] is null);

            return at < places.Length;
        }
    }
}
