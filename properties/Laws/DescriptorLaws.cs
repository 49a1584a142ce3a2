using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>Descriptors and the objects behind them.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class DescriptorLaws
{
    [Law("descriptor.closed-ebadf", "∀ m, s, c: descriptor(c) ∉ open(s) ⇒ answer(m, s, c) = EBADF ∧ step(m, s, c) = s")]
    [Property(MaxTest = 6000)]
    public void ClosedAnswersEbadf(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
    {
        World next = setting.Model.Step(world, call, out Rule decided);
        bool closed = !world.IsOpen(call.On);
        return (!closed || (decided.Errno == Errno.EBADF && ReferenceEquals(next, world))) && (closed == (decided.Id == "descriptor.closed"));
    });

    [Law("vm.lives-with-descriptors", "∀ reachable s: vms(s) = { vm(d) | d ∈ open(s), d belongs to a VM }")]
    [Property(MaxTest = 10000)]
    public void VmLivesWithDescriptors(Setting setting, SequenceName name) => Walks.EachState(setting, name, world =>
    {
        HashSet<uint> held = [];
        foreach (Descriptor descriptor in world.Open)
        {
            if (descriptor.Vm != Descriptor.NoVm)
            {
                held.Add(descriptor.Vm);
            }
        }

        foreach (Vm vm in world.Vms)
        {
            if (!held.Remove(vm.Key))
            {
                return false;
            }
        }

        return held.Count == 0;
    });

    [Law("descriptor.object-exists", "∀ reachable s, d ∈ open(s): the vCPU, device or guest_memfd behind d is in vm(d)")]
    [Property(MaxTest = 6000)]
    public void ObjectExists(Setting setting, SequenceName name) => Walks.EachState(setting, name, world =>
    {
        foreach (Descriptor d in world.Open)
        {
            bool exists = d.Name.Kind switch
            {
                DescriptorKind.Vcpu => world.Vms.TryFind(d.Vm, out Vm vm) && vm.Vcpus.Has(d.Object),
                DescriptorKind.Device => world.Vms.TryFind(d.Vm, out Vm vm) && vm.Devices.Has(d.Object),
                DescriptorKind.GuestMemory => world.Vms.TryFind(d.Vm, out Vm vm) && vm.Memory.Has(d.Object),
                DescriptorKind.Vm => world.Vms.Has(d.Vm),
                _ => d.Vm == Descriptor.NoVm,
            };
            if (!exists)
            {
                return false;
            }
        }

        return true;
    });

    [Law("guest-memfd.ends-with-descriptor", "∀ reachable s, v ∈ vms(s): memory(v) = { object(d) | d ∈ open(s) is a guest_memfd of v }, slots bound only to those")]
    [Property(MaxTest = 4000)]
    public void GuestMemoryEndsWithDescriptor(Setting setting, SequenceName name) => Walks.EachState(setting, name, world =>
    {
        foreach (Vm vm in world.Vms)
        {
            int open = 0;
            foreach (Descriptor d in world.Open)
            {
                open += d.Name.Kind == DescriptorKind.GuestMemory && d.Vm == vm.Key ? 1 : 0;
            }

            if (open != vm.Memory.Count())
            {
                return false;
            }

            foreach (Memslot slot in vm.Memslots)
            {
                if (slot.Memory != 0 && !vm.Memory.Has(slot.Memory - 1))
                {
                    return false;
                }
            }
        }

        return true;
    });

    [Law("vm.independent", "∀ m, s, c, v ≠ vm(c): name(c) is not taken ⇒ v in step(m, s, c) = v in s")]
    [Property(MaxTest = 10000)]
    public void VmsAreIndependent(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        if (step.Call.Operation.Creates is not null && step.Before.IsOpen(step.Call.As))
        {
            return true;
        }

        foreach (Vm vm in step.Before.Vms)
        {
            if (vm.Key != step.Vm && (!step.After.Vms.TryFind(vm.Key, out Vm after) || !ReferenceEquals(vm, after)))
            {
                return false;
            }
        }

        return true;
    });

    [Law("vm.dead-answers-eio", "∀ m, s, c: vm(c) is dead ⇒ answer(m, s, c) = EIO, but close succeeds and a known ioctl's bare number is left open")]
    [Property(MaxTest = 2000)]
    public void DeadAnswersEio(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
    {
        World dead = world;
        foreach (Vm vm in world.Vms)
        {
            dead = dead.With(vm with { Dead = true });
        }

        Rule decided = setting.Model.Decide(dead, call);
        bool open = dead.Open.TryFind(call.On, out Descriptor target);
        return !open || decided.Open || target.Vm == Descriptor.NoVm || target.Name.Kind == DescriptorKind.GuestMemory
            || (call.Operation.Ioctl is null ? decided.Accepts : decided.Errno == Errno.EIO);
    });
}
