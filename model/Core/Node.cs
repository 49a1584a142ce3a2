namespace KvmSpec.Model;

/// <summary>Where a call meets the model: the state before it, the descriptor it is made on, the host and the limits.</summary>
public readonly ref struct Node
{
    internal Node(Model model, World world, Vm vm, uint target, bool closed)
    {
        Model = model;
        World = world;
        Vm = vm;
        Object = target;
        Closed = closed;
    }

    public Model Model { get; }

    public World World { get; }

    /// <summary>What stands behind the descriptor: a vCPU's id, a device's key, a guest_memfd's number.</summary>
    public uint Object { get; }

    /// <summary>True where the call's handle stands for no open descriptor.</summary>
    public bool Closed { get; }

    /// <summary>The VM behind the descriptor; an empty one for descriptors that have none.</summary>
    public Vm Vm { get; }

    /// <summary>The vCPU behind the descriptor; for others, one that never ran.</summary>
    public Vcpu Vcpu => Vm.Vcpus.TryFind(Object, out Vcpu vcpu) ? vcpu : default;

    public Host Host => Model.Host;

    /// <summary>The value of a limit on this host in this revision.</summary>
    public ulong this[Limit limit] => Model.Limits[limit.Index];

    /// <summary>The state with this VM changed.</summary>
    public World With(Vm changed) => World.With(changed);

    /// <summary>The state with this VM changed, and a name bound to a new descriptor of what it has now.</summary>
    /// <param name="changed">The VM.</param>
    /// <param name="name">The name.</param>
    /// <param name="made">What stands behind the descriptor, as <see cref="Object"/> says.</param>
    public World With(Vm changed, Handle name, uint made) => World.With(changed, new Descriptor(name, changed.Key, made));
}
