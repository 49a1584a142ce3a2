using KvmSpec.Model;
using KvmSpec.Model.Common;

namespace KvmSpec.Runners.Checking;

/// <summary>
/// Faults planted on purpose: kernels that check wrongly, as revisions. They show that a fault is found and how a report
/// of one reads; <c>check --target planted:NAME</c> checks one.
/// </summary>
public static class Plants
{
    public static readonly IReadOnlyList<Revision> All =
    [
        Planted("duplicate-vcpu", "KVM_CREATE_VCPU accepts an id that is in use", new Drop("create-vcpu.exists")),
        Planted("overlap-before-size", "an overlap is found before an unaligned size", new Move("memslot.overlap", "memslot.size.unaligned")),
        Planted("slot-limit", "one memslot id too many is accepted", new SetLimit(CommonLimits.Memslots, bound => bound.Moved(1), "is one higher")),
        Planted("vcpu-uncounted", "closing a vCPU's descriptor forgets the vCPU", new Replace("close.closes", rule => rule with { Then = Forget }, "forgets the vCPU") { Only = "vcpu/close" }),
        Planted("late-ring", "a dirty ring is accepted after a vCPU", new Drop("dirty-ring.before-vcpus")),
    ];

    /// <summary>The planted fault of that name on top of a release.</summary>
    public static Revision? Find(string name, Revision release)
    {
        ArgumentNullException.ThrowIfNull(release);
        return All.FirstOrDefault(p => p.Name == name) is { } plant
            ? new Revision(plant.Name, plant.Title, release, plant.Edits) { IsRelease = false }
            : null;
    }

    private static Revision Planted(string name, string title, Edit edit) =>
        new("planted:" + name, title, Revisions.Linux73, [edit]) { IsRelease = false };

    private static World Forget(in Node n, in Call c)
    {
        Vm vm = n.Vm with { Vcpus = n.Vm.Vcpus.Without(n.Object) };
        return n.With(vm).Close(c.On);
    }
}
