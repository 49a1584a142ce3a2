namespace KvmSpec.Model;

/// <summary>An open descriptor: its name and the object behind it.</summary>
/// <param name="Name">The handle.</param>
/// <param name="Vm">The number of the VM it belongs to; <see cref="NoVm"/> for others.</param>
/// <param name="Object">vCPU id, device key or guest_memfd number.</param>
public readonly record struct Descriptor(Handle Name, uint Vm, uint Object = 0) : IKeyed
{
    public const uint NoVm = uint.MaxValue;

    public uint Key => KeyOf(Name);

    public static uint KeyOf(Handle name) => ((uint)name.Kind << 8) | name.Number;
}

/// <summary>
/// The whole state of a sequence: the open descriptors, and the VMs that live as long as one of their descriptors does.
/// </summary>
public sealed record World
{
    private const int NamesOfAKind = 10;

    private readonly ulong names;

    private World(Chain<Descriptor>? open, ulong names, Chain<Vm>? vms)
    {
        Open = open;
        this.names = names;
        Vms = vms;
    }

    /// <summary>The state in which every sequence begins: /dev/kvm and /dev/null are open.</summary>
    public static readonly World Initial = new World(null, 0, null)
        .Bind(new Descriptor(Handle.Kvm, Descriptor.NoVm))
        .Bind(new Descriptor(new Handle(DescriptorKind.Foreign, 0), Descriptor.NoVm));

    /// <summary>The open descriptors.</summary>
    public Chain<Descriptor>? Open { get; }

    /// <summary>The VMs that live.</summary>
    public Chain<Vm>? Vms { get; }

    public bool IsOpen(Handle handle) => handle.Number < NamesOfAKind
        ? (names & Bit(handle)) != 0
        : Open.Has(Descriptor.KeyOf(handle));

    /// <summary>Which of a kind's first handles are open: bit N for number N.</summary>
    public uint OpenNumbers(DescriptorKind kind) => (uint)(names >> ((int)kind * NamesOfAKind)) & ((1u << NamesOfAKind) - 1);

    /// <summary>The state with one VM changed.</summary>
    public World With(Vm changed) => new(Open, names, Vms.With(changed));

    /// <summary>The state with a new VM and its descriptor.</summary>
    public World Create(Handle name, Vm created) => new World(Open, names, Vms.With(created)).Bind(new Descriptor(name, created.Key));

    /// <summary>The state with a name bound to a new descriptor; what the name stood for before is closed, as by dup2.</summary>
    public World Bind(in Descriptor descriptor)
    {
        World before = IsOpen(descriptor.Name) ? CloseKeeping(descriptor.Name, descriptor.Vm) : this;
        return new World(before.Open.With(descriptor), before.names | Bit(descriptor.Name), before.Vms);
    }

    /// <summary>The state after closing a descriptor: its object ends where nothing else holds it.</summary>
    public World Close(Handle name) => CloseKeeping(name, Descriptor.NoVm);

    private World CloseKeeping(Handle name, uint kept)
    {
        if (!Open.TryFind(Descriptor.KeyOf(name), out Descriptor closed))
        {
            return this;
        }

        Chain<Descriptor>? open = Open.Without(closed.Key);
        ulong left = names & ~Bit(name);
        if (closed.Vm == Descriptor.NoVm || !Vms.TryFind(closed.Vm, out Vm vm))
        {
            return new World(open, left, Vms);
        }

        if (closed.Vm != kept && !Holds(open, closed.Vm))
        {
            return new World(open, left, Vms.Without(closed.Vm));
        }

        Vm after = name.Kind switch
        {
            DescriptorKind.Device when Common.Devices.EndWithDescriptor(closed.Object) =>
                vm with { Devices = vm.Devices.Without(closed.Object) },
            DescriptorKind.GuestMemory => Common.GuestMemoryFiles.Ended(vm, closed.Object),
            _ => vm,
        };
        return new World(open, left, ReferenceEquals(after, vm) ? Vms : Vms.With(after));
    }

    /// <summary>The handle's bit among the first of its kind; none for later ones.</summary>
    private static ulong Bit(Handle handle) =>
        handle.Number < NamesOfAKind ? 1UL << (((int)handle.Kind * NamesOfAKind) + handle.Number) : 0;

    private static bool Holds(Chain<Descriptor>? open, uint vm)
    {
        foreach (Descriptor descriptor in open)
        {
            if (descriptor.Vm == vm)
            {
                return true;
            }
        }

        return false;
    }
}
