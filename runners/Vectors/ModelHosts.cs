using System.Collections.Immutable;
using System.Numerics;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// Hosts for running an older release's model without a kernel: what a newer release answered, cut down to what the older
/// one may answer, with a new VM's answers as the older model gives them.
/// </summary>
public static class ModelHosts
{
    /// <summary>Every revision on every host of the architectures that it is about: what vectors are held against.</summary>
    public static ImmutableArray<Model.Model> Models =>
        [.. Revisions.All.SelectMany(r => All(r).Select(h => new Model.Model(r, h)))];

    /// <summary>The model's hosts of an architecture as that release would find them, and what it needs of imagined ones.</summary>
    public static IReadOnlyList<Host> All(Revision revision, Architecture architecture)
    {
        Host[] real = [.. Hosts.Of(architecture).Select(h => For(revision, h))];
        return [.. real, .. real.Take(1).Select(Hosts.Imagine).OfType<Host>()];
    }

    /// <summary>The model's hosts of every architecture that the revision has rules for, as it would find them.</summary>
    public static IReadOnlyList<Host> All(Revision revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        return [.. revision.Architectures.SelectMany(a => All(revision, a))];
    }

    /// <summary>The host as that release would find it.</summary>
    public static Host For(Revision revision, Host host)
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentNullException.ThrowIfNull(host);
        Model.Model model = new(revision, host with { Release = revision.Release.Name });
        foreach (Operation operation in Questions(model, DescriptorKind.System))
        {
            model = Fit(model, operation);
        }

        int[] onSystem = new int[Host.Capabilities];
        foreach (Operation operation in Questions(model, DescriptorKind.System))
        {
            onSystem[operation.Case!.Value] = model.Host.System(operation.Case);
        }

        int[] onVm = new int[Host.Capabilities];
        Operation creates = model.Book.Operations.First(o => o.Creates == DescriptorKind.Vm);
        Call create = new(creates, Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) };
        World world = model.Interesting(creates, Ioctls.CreateVm.Type)
            .Select(type => model.Step(World.Initial, create.With(Ioctls.CreateVm.Type, type), out _)).First(w => w.Vms != default);
        foreach (Operation operation in Questions(model, DescriptorKind.Vm))
        {
            model.Answer(world, new Call(operation, create.As), out Observation observed, out _);
            onVm[operation.Case!.Value] = (int)observed.Result;
        }

        return model.Host with { OnSystem = [.. onSystem], OnVm = [.. onVm] };
    }

    /// <summary>Takes away the highest bits until the release may answer what is left.</summary>
    private static Model.Model Fit(Model.Model model, Operation operation)
    {
        Call call = new(operation, Handle.Kvm);
        int answer = model.Host.System(operation.Case!);
        if (model.Decide(World.Initial, call).Crashes)
        {
            return model;
        }

        while (answer != 0 && model.Judge(World.Initial, call, new Observation { Result = answer, After = call.Words }).Finding != Finding.AsExpected)
        {
            answer &= ~(1 << BitOperations.Log2((uint)answer));
            model = new(model.Revision, model.Host with { OnSystem = model.Host.OnSystem.SetItem((int)operation.Case!.Value, answer) });
        }

        return model;
    }

    private static IEnumerable<Operation> Questions(Model.Model model, DescriptorKind on) =>
        model.Book.Operations.Where(o => o.Ioctl == Ioctls.CheckExtension.Ioctl && o.Case is not null && o.On == on);
}
