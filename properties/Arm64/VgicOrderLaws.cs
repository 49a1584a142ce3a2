using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Uapi;
using KvmSpec.Properties.Laws;
using Xunit;

namespace KvmSpec.Properties.Arm64;

/// <summary>
/// The order of making, initialising and running a controller and its vCPUs, searched until nothing new appears: one VM,
/// two vCPUs, one controller of each kind on every host that has it.
/// </summary>
public sealed class VgicOrderLaws
{
    private static readonly Lazy<(List<Closure.Step> Steps, int States)[]> Machines = new(() => [.. Kinds().Select(k =>
    {
        List<Closure.Step> steps = Closure.Of(k.Model, Moves(k.Model, k.Type), out int states);
        return (steps, states);
    })]);

    private static IEnumerable<Closure.Step> Steps => Machines.Value.SelectMany(m => m.Steps);

    [Law("vgic.order.closed", "∀ kind of controller, host that has it: the states of its order machine are finitely many, and more than twenty")]
    [Fact]
    public void TheOrderMachineIsClosed() => Assert.All(Machines.Value, m => Assert.InRange(m.States, 21, 20_000));

    [Law("vgic.order.one-way", "∀ step s → s': the controller's kind and its being initialised in s hold in s'; a dead VM stays dead")]
    [Fact]
    public void NothingIsTakenBack()
    {
        foreach (Closure.Step step in Steps)
        {
            (VgicState? was, VgicState? now) = (VgicOf(step.Before), VgicOf(step.After));
            bool kept = was is null || (now is not null && now.Model == was.Model && (now.Initialized || !was.Initialized));
            Assert.True(kept && (VmOf(step.After).Dead || !VmOf(step.Before).Dead), kept ? $"{step.Call} revives a VM" : $"{step.Call} takes a controller back");
        }
    }

    [Law("vgic.order.fixed-vcpus", "∀ step s → s': the controller is initialised in s ⇒ the VM has the same vCPUs in s'")]
    [Fact]
    public void AnInitializedControllerFixesTheVcpus() => Assert.All(
        Steps.Where(s => VgicOf(s.Before) is { Initialized: true }),
        step => Assert.Equal(VmOf(step.Before).Vcpus.Count(), VmOf(step.After).Vcpus.Count()));

    [Law("vgic.order.run-needs-init", "∀ step s → s': a vCPU has first run in s' and the VM has a controller ⇒ it is initialised in s'")]
    [Fact]
    public void WhatHasRunIsInitialized() => Assert.All(
        Steps.Where(s => s.Call.Operation.Ioctl == Ioctls.Run.Ioctl && s.Decided.Errno == Errno.EINTR),
        step => Assert.False(VgicOf(step.After) is { Initialized: false }, step.Call.ToString()));

    private static Vm VmOf(World world) => world.Vms.TryFind(0, out Vm vm) ? vm : throw new InvalidOperationException("no VM");

    private static VgicState? VgicOf(World world) => (VmOf(world).Architecture as Arm64State)?.Vgic;

    private static IEnumerable<(Model.Model Model, Symbol Type)> Kinds() =>
        from setting in Setting.All
        where setting.Revision == Revisions.Linux73 && setting.Host.Architecture == Architecture.Arm64
        from kind in VgicModel.All
        where setting.Model.Offers(kind.Type)
        select (setting.Model, kind.Type);

    /// <summary>The calls of the controllers' openings for one kind of controller.</summary>
    internal static Call[] Moves(Model.Model model, Symbol type) =>
    [
        .. VgicOpenings.Of(new Arm64Calls(model.Book)).SelectMany(o => o)
            .Where(c => c.Operation.Creates != DescriptorKind.Vm)
            .Where(c => c.Operation.OfDevice is { } device ? device == type : c.Operation.Case is null || c.Operation.Case == type)
            .Where(c => c.Operation.Creates != DescriptorKind.Vcpu || c[Ioctls.CreateVcpu.Id] < 2).Distinct(),
    ];
}
