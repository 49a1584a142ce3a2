using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;

namespace KvmSpec.Properties.Laws;

/// <summary>What a living VM never takes back.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class OneWayLaws
{
    [Law("one-way.vcpus", "∀ s → s', v in both: ids(vcpus(v, s)) ⊆ ids(vcpus(v, s'))")]
    [Property(MaxTest = 6000)]
    public void VcpusNeverDecrease(Setting setting, SequenceName name) => Walks.EachVm(setting, name, (before, after) =>
    {
        foreach (Vcpu vcpu in before.Vcpus)
        {
            if (!after.Vcpus.Has(vcpu.Id))
            {
                return false;
            }
        }

        return true;
    });

    [Law("one-way.type-and-death", "∀ s → s', v in both: type(v) stays; dead(v, s) ⇒ dead(v, s')")]
    [Property(MaxTest = 2000)]
    public void TypeAndDeath(Setting setting, SequenceName name) => Walks.EachVm(setting, name, (before, after) =>
        before.Type == after.Type && (!before.Dead || after.Dead));

    [Law("one-way.dirty-ring", "∀ s → s', v in both: ring(v, s) ≠ 0 ⇒ ring(v, s') = ring(v, s); ring with bitmap is never taken back")]
    [Property(MaxTest = 4000)]
    public void DirtyRing(Setting setting, SequenceName name) => Walks.EachVm(setting, name, (before, after) =>
        (before.DirtyRing == 0 || after.DirtyRing == before.DirtyRing) && (!before.RingWithBitmap || after.RingWithBitmap));

    [Law("one-way.x86.irqchip", "∀ s → s', v in both: irqchip(v, s) ≠ none ⇒ irqchip(v, s') = irqchip(v, s)")]
    [Property(MaxTest = 4000)]
    public void IrqchipMode(Setting setting, SequenceName name) => EachX86(setting, name, (_, before, after) =>
        before.Irqchip == Irqchip.None || after.Irqchip == before.Irqchip);

    [Law("one-way.x86.pit", "∀ s → s', v in both: pit(v, s) ⇒ pit(v, s'); pit(v, s') ⇒ irqchip(v, s') = kernel")]
    [Property(MaxTest = 4000)]
    public void Pit(Setting setting, SequenceName name) => EachX86(setting, name, (_, before, after) =>
        (!before.Pit || after.Pit) && (!after.Pit || after.Irqchip == Irqchip.Kernel));

    [Law("one-way.x86.vcpu-ids", "∀ s → s', v in both: maxids(v, s) ≠ 0 ⇒ maxids(v, s') = maxids(v, s); ∀ vCPU u of v: id(u) < maxids(v, s')")]
    [Property(MaxTest = 4000)]
    public void MaxVcpuIds(Setting setting, SequenceName name) => EachX86(setting, name, (after, state, next) =>
    {
        uint was = state.MaxVcpuIds;
        uint now = next.MaxVcpuIds;
        foreach (Vcpu vcpu in after.Vcpus)
        {
            if (vcpu.Id >= now)
            {
                return false;
            }
        }

        return was == 0 || was == now;
    });

    [Law("one-way.x86.task-state", "∀ s → s', v in both: task-state(v, s) ≠ 0 ⇒ task-state(v, s') = task-state(v, s)")]
    [Property(MaxTest = 2000)]
    public void TaskState(Setting setting, SequenceName name) => EachX86(setting, name, (_, before, after) =>
        before.TaskState == 0 || before.TaskState == after.TaskState);

    [Law("one-way.x86.before-vcpus", "∀ s → s', v in both: v has vCPUs in s ⇒ irqchip, bus cycle, boot vCPU, identity map and dirty ring stay")]
    [Property(MaxTest = 4000)]
    public void FixedByFirstVcpu(Setting setting, SequenceName name) => Walks.EachVm(setting, name, (before, after) =>
    {
        if (before.Architecture is not X86State was || after.Architecture is not X86State now)
        {
            return true;
        }

        return !before.HasVcpus || (was.Irqchip == now.Irqchip && was.BusCycle == now.BusCycle && was.BootCpu == now.BootCpu
            && was.IdentityMap == now.IdentityMap && before.DirtyRing == after.DirtyRing);
    });

    private static void EachX86(Setting setting, SequenceName name, Func<Vm, X86State, X86State, bool> holds) =>
        Walks.EachVm(setting, name, (before, after) =>
            before.Architecture is not X86State was || (after.Architecture is X86State now && holds(after, was, now)));
}
