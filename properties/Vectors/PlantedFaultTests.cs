using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Vectors;

/// <summary>The cases are strong enough to notice a dropped check, two checks exchanged, and a limit moved by one.</summary>
public sealed class PlantedFaultTests
{
    private const string FirstVersion = "vm/KVM_SET_USER_MEMORY_REGION";
    private const string SecondVersion = "vm/KVM_SET_USER_MEMORY_REGION2";
    private const string Apart = "no call fails both checks";
    private const string SameErrno = "the check after it refuses the same calls with the same errno";
    private const string Steps = "no value lies between the limit and the moved one";

    /// <summary>Faults that no case can notice, and why.</summary>
    private static readonly ImmutableDictionary<string, string> Unnoticed = new Dictionary<string, string>
    {
        ["vm/KVM_CREATE_VCPU: swap create-vcpu.exists and create-vcpu.id-limit-of-vm"] = "an id that exists is below the VM's limit",
        [FirstVersion + ": drop memslot.flags.first-version"] = SameErrno,
        [FirstVersion + ": drop memslot.flags.unknown"] = "the check before it refuses the same calls, for every host has read-only slots",
        [SecondVersion + ": swap memslot.guest-memfd.closed and memslot.guest-memfd.other"] = Apart,
        ["vm/KVM_GET_DIRTY_LOG: swap get-dirty-log.no-bitmap and get-dirty-log.unwritable"] = Apart,
        ["vm/KVM_CLEAR_DIRTY_LOG: swap clear-dirty-log.no-bitmap and clear-dirty-log.range"] = Apart,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): swap dirty-ring.smallest-with-pml and dirty-ring.largest"] = Apart,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): swap dirty-ring.smallest-with-pml and dirty-ring.largest"] = Apart,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): swap argument.unreadable and dirty-ring.unsupported"] = "every host has these rings",
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): drop dirty-ring.unsupported"] = "every host has these rings",
        ["vm/KVM_ENABLE_CAP: drop enable-cap.flags"] = SameErrno,
        ["vcpu/KVM_ENABLE_CAP: drop enable-cap.flags"] = SameErrno,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_SGX_ATTRIBUTE): drop enable-cap.flags"] = SameErrno,
        ["vm/KVM_CREATE_VCPU: swap create-vcpu.avic-slot and create-vcpu.identity-map-unaligned"] = "AVIC is AMD's and the identity map Intel's",
        ["vm/KVM_CREATE_VCPU: swap create-vcpu.identity-map-slot and create-vcpu.identity-map-end"] = Apart,
        ["vm/KVM_CREATE_PIT: swap create-irqchip.absent and create-pit.exists"] = "a kernel that does not know the ioctl has made no PIT",
        ["vm/KVM_CREATE_PIT: swap create-pit.exists and create-pit.no-pic"] = Apart,
        ["vm/KVM_CREATE_PIT2: swap create-pit.exists and create-pit.no-pic"] = Apart,
        ["limit dirty-ring-largest moved by 1"] = Steps,
        ["limit dirty-ring-smallest moved by -1"] = Steps,
        ["limit gpa-end moved by 1"] = Steps,
        ["limit user-address-end moved by 1"] = Steps,
    }.ToImmutableDictionary();

    private const string NoRings = "no RISC-V host has these rings, so nothing comes after";
    private const string TooMany = "a case would need 1024 vCPUs";

    /// <summary>The same for RISC-V.</summary>
    private static readonly ImmutableDictionary<string, string> UnnoticedOnRiscv = new Dictionary<string, string>
    {
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): drop dirty-ring.before-vcpus"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): drop dirty-ring.largest"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): drop dirty-ring.once"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): drop dirty-ring.power-of-two"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): drop dirty-ring.smallest"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): swap dirty-ring.largest and dirty-ring.once"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING): swap dirty-ring.smallest and dirty-ring.largest"] = NoRings,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): swap argument.unreadable and dirty-ring.unsupported"] = "every host has these rings",
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): drop dirty-ring.unsupported"] = "every host has these rings",
        ["vm/KVM_ENABLE_CAP(KVM_CAP_DIRTY_LOG_RING_ACQ_REL): swap dirty-ring.smallest and dirty-ring.largest"] = Apart,
        ["vm/KVM_ENABLE_CAP: drop enable-cap.flags"] = SameErrno,
        [FirstVersion + ": drop memslot.flags.first-version"] = SameErrno,
        [FirstVersion + ": drop memslot.flags.unknown"] = "the check before it refuses the same calls, for every host has read-only slots",
        ["vm/KVM_GET_DIRTY_LOG: swap get-dirty-log.no-bitmap and get-dirty-log.unwritable"] = Apart,
        ["vm/KVM_CLEAR_DIRTY_LOG: swap clear-dirty-log.no-bitmap and clear-dirty-log.range"] = Apart,
        ["vm/KVM_CREATE_VCPU: drop create-vcpu.count-limit"] = TooMany,
        ["vm/KVM_CREATE_VCPU: swap create-vcpu.count-limit and create-vcpu.exists"] = TooMany,
        ["limit vcpus moved by -1"] = TooMany,
        ["limit vcpus moved by 1"] = TooMany,
        ["limit dirty-ring-largest moved by 1"] = Steps,
        ["limit dirty-ring-smallest moved by -1"] = Steps,
        ["limit gpa-end moved by 1"] = Steps,
        ["limit user-address-end moved by 1"] = Steps,
    }.ToImmutableDictionary();

    private const string OneMode = "RV32 has one mode, and KVM does not load on a host without it";

    /// <summary>On RV32 these as well.</summary>
    private static readonly ImmutableDictionary<string, string> UnnoticedOnRv32 = UnnoticedOnRiscv.AddRange(new Dictionary<string, string>
    {
        ["vm/KVM_ENABLE_CAP(KVM_CAP_VM_GPA_BITS): drop riscv.gpa-bits.host-maximum"] = OneMode,
        ["vm/KVM_ENABLE_CAP(KVM_CAP_VM_GPA_BITS): swap riscv.gpa-bits.host-maximum and riscv.gpa-bits.before-vcpus"] = OneMode,
    });

    [Theory]
    [InlineData(Architecture.X86)]
    [InlineData(Architecture.Riscv64)]
    [InlineData(Architecture.Riscv32)]
    public void EveryPlantedFaultIsNoticed(Architecture architecture)
    {
        ImmutableDictionary<string, string> allowed = architecture switch { Architecture.X86 => Unnoticed, Architecture.Riscv64 => UnnoticedOnRiscv, _ => UnnoticedOnRv32 };
        Revision newest = Revisions.Linux73;
        Dictionary<Model.Model, Vector[]> ran = Golden.Models.Where(m => m.Revision == newest && m.Host.Architecture == architecture)
            .ToDictionary(m => m, m => Golden.Vectors.Where(v => v.Revisions.Includes(newest) && v.Host.Unmet(m) is null).ToArray());
        string[] unnoticed = [.. Faults(newest.Book(architecture)!).Where(f => !Noticed(new Revision("fault", "", newest, f.Fault with { In = [architecture] }), ran)).Select(f => f.Name).Order(StringComparer.Ordinal)];
        Golden.Empty(unnoticed.Except(allowed.Keys).Select(f => f + " is not noticed").Concat(allowed.Keys.Except(unnoticed).Select(f => f + " is noticed after all")));
    }

    /// <summary>A model without a check may meet a state that the check had ruled out: that is noticed too.</summary>
    private static bool Noticed(Revision fault, Dictionary<Model.Model, Vector[]> ran)
    {
        try
        {
            return ran.Any(r => Golden.Failures(r.Value, r.Key, new Model.Model(fault, r.Key.Host)).Any());
        }
        catch (NullReferenceException)
        {
            return true;
        }
    }

    /// <summary>What a kernel may do wrong. A list's last rule decides what is left, so dropping it is no kernel.</summary>
    private static IEnumerable<(string Name, Edit Fault)> Faults(Book book)
    {
        foreach (Operation operation in book.Operations)
        {
            for (int i = 0; i < operation.Rules.Length - 1; i++)
            {
                (Rule rule, Rule next) = (operation.Rules[i], operation.Rules[i + 1]);
                if (rule.Accepts || rule == Model.Common.Gates.Closed || rule == Model.Common.Gates.VmDead)
                {
                    continue;
                }

                yield return Named(operation, new Drop(rule.Id) { Only = operation.FullName });
                if (!next.Accepts && next.Errno != rule.Errno)
                {
                    yield return Named(operation, new Swap(rule.Id, next.Id) { Only = operation.FullName });
                }
            }
        }

        foreach ((Limit limit, int by) in book.Limits.Keys.SelectMany(l => new[] { (l, -1), (l, 1) }))
        {
            yield return ($"limit {limit} moved by {by}", new SetLimit(limit, b => b.Moved(by), $"moved by {by}"));
        }
    }

    private static (string Name, Edit Fault) Named(Operation operation, Edit edit) => ($"{operation.FullName}: {edit.Words}", edit);
}
