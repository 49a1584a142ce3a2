using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>
/// The whole state of a sequence: the open descriptors, and the VMs that live as long as one of their descriptors does.
/// </summary>
public sealed record World
{
    private readonly Descriptors open;
    private readonly Vms vms;

    private World(Descriptors open, Vms vms)
    {
        this.open = open;
        this.vms = vms;
    }

    /// <summary>The state in which every sequence begins: /dev/kvm and /dev/null are open.</summary>
    public static readonly World Initial = new World(default, default)
        .Bind(new Descriptor(Handle.Kvm, Descriptor.NoVm))
        .Bind(new Descriptor(new Handle(DescriptorKind.Foreign, 0), Descriptor.NoVm));

    /// <summary>The open descriptors.</summary>
    public Descriptors Open => open;

    /// <summary>The VMs that live.</summary>
    public Vms Vms => vms;

    /// <summary>Finds an open descriptor and the VM behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryFind(Handle name, out Descriptor found, out Vm vm)
    {
        bool there = open.TryFind(name, out found);
        vm = (there ? vms.Find(found.Vm) : null) ?? Vm.None;
        return there;
    }

    public bool IsOpen(Handle handle) => Open.Has(handle);

    /// <summary>The state with one VM changed.</summary>
    public World With(Vm changed) => new(Open, Vms.With(changed));

    /// <summary>The state with one VM changed, or new, and a name bound to a new descriptor of it.</summary>
    public World With(Vm changed, in Descriptor descriptor) =>
        IsOpen(descriptor.Name) ? With(changed).Bind(descriptor) : new(Open.With(descriptor), Vms.With(changed));

    /// <summary>The state with a name bound to a new descriptor; what the name stood for before is closed, as by dup2.</summary>
    public World Bind(in Descriptor descriptor)
    {
        World before = IsOpen(descriptor.Name) ? CloseKeeping(descriptor.Name, descriptor.Vm) : this;
        return new World(before.Open.With(descriptor), before.Vms);
    }

    /// <summary>The state after closing a descriptor: its object ends where nothing else holds it.</summary>
    public World Close(Handle name) => CloseKeeping(name, Descriptor.NoVm);

    private World CloseKeeping(Handle name, uint kept)
    {
        if (!Open.TryFind(name, out Descriptor closed))
        {
            return this;
        }

        Descriptors open = Open.Without(name);
        if (closed.Vm == Descriptor.NoVm || !Vms.TryFind(closed.Vm, out Vm vm))
        {
            return new World(open, Vms);
        }

        if (closed.Vm != kept && !Holds(open, closed.Vm))
        {
            return new World(open, Vms.Without(closed.Vm));
        }

        Vm after = name.Kind switch
        {
            DescriptorKind.Device when Common.Devices.EndWithDescriptor(closed.Object) =>
                vm with { Devices = vm.Devices.Without(closed.Object) },
            DescriptorKind.GuestMemory => Common.GuestMemoryFiles.Ended(vm, closed.Object),
            _ => vm,
        };
        return new World(open, ReferenceEquals(after, vm) ? Vms : Vms.With(after));
    }

    private static bool Holds(Descriptors open, uint vm)
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
