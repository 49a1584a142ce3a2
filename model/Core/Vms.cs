using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>
/// The VMs that live, an immutable value. Their keys are small, as each is the first that is free: a VM stands in the place
/// of its key. The first two places are in the value itself, since sequences seldom have more and a state then needs no
/// array for them.
/// </summary>
public readonly struct Vms : IEquatable<Vms>
{
    private const int Near = 2;

    private readonly Vm? first;
    private readonly Vm? second;

    /// <summary>The places from the third on. None is empty at the end, so that equal values have equal places.</summary>
    private readonly Vm?[]? later;

    private Vms(Vm? first, Vm? second, Vm?[]? later)
    {
        this.first = first;
        this.second = second;
        this.later = later;
    }

    /// <summary>Finds the VM with that key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(uint key, out Vm vm)
    {
        vm = Find(key)!;
        return vm is not null;
    }

    /// <summary>The VM with that key, if there is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vm? Find(uint key) => key == 0 ? first : key == 1 ? second : Later(later, key);

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
        return vm.Key == Vm.None.Key ? this : Put(vm.Key, vm);
    }

    /// <summary>The VMs without the one of that key.</summary>
    public Vms Without(uint key) => Has(key) ? Put(key, null) : this;

    public Enumerator GetEnumerator() => new(this);

    /// <inheritdoc/>
    public bool Equals(Vms other) =>
        first == other.first && second == other.second && new ReadOnlySpan<Vm>(later!).SequenceEqual(new ReadOnlySpan<Vm>(other.later!));

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

    private uint Length => Near + (uint)(later?.Length ?? 0);

    private static Vm? Later(Vm?[]? places, uint key) =>
        places is not null && key - Near < (uint)places.Length ? places[key - Near] : null;

    private Vms Put(uint key, Vm? vm) => key switch
    {
        0 => new(vm, second, later),
        1 => new(first, vm, later),
        _ => new(first, second, Changed(later ?? [], (int)(key - Near), vm)),
    };

    /// <summary>The places with another VM in one of them, up to the last that has one.</summary>
    private static Vm?[]? Changed(Vm?[] places, int at, Vm? vm)
    {
        Vm?[] changed = new Vm?[Math.Max(places.Length, at + 1)];
        places.CopyTo(changed, 0);
        changed[at] = vm;
        int length = Array.FindLastIndex(changed, v => v is not null) + 1;
        return length == 0 ? null : changed[..length];
    }

    /// <summary>Walks the VMs in the order of their keys.</summary>
    public struct Enumerator
    {
        private readonly Vms vms;
        private uint next;

        internal Enumerator(Vms vms)
        {
            this.vms = vms;
            Current = Vm.None;
        }

        public Vm Current { get; private set; }

        public bool MoveNext()
        {
            while (next < vms.Length)
            {
                if (vms.TryFind(next++, out Vm vm))
                {
                    Current = vm;
                    return true;
                }
            }

            return false;
        }
    }
}
