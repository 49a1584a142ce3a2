using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Common;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>What holds of the memslots of every reachable VM.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class MemslotLaws
{
    [Law("memslot.disjoint", "∀ reachable s, v ∈ vms(s), a ≠ b ∈ memslots(v): space(a) = space(b) ⇒ range(a) ∩ range(b) = ∅")]
    [Property(MaxTest = 8000)]
    public void AreDisjoint(Setting setting, SequenceName name) => EachSlot(setting, name, (vm, slot) =>
    {
        foreach (Memslot other in vm.Memslots)
        {
            if (other.Key != slot.Key && other.AddressSpace == slot.AddressSpace && other.Overlaps(slot.Gpa, slot.Size))
            {
                return false;
            }
        }

        return true;
    });

    [Law("memslot.aligned", "∀ reachable s, a ∈ memslots(s): gpa(a), size(a), address(a), offset(a) ≡ 0 mod 4096 ∧ size(a) > 0")]
    [Property(MaxTest = 4000)]
    public void AreAligned(Setting setting, SequenceName name) => EachSlot(setting, name, (_, slot) =>
        ((slot.Gpa | slot.Size | slot.UserAddress | slot.MemoryOffset) & (Vm.PageSize - 1)) == 0 && slot.Size > 0);

    [Law("memslot.inside-limits", "∀ reachable s, a ∈ memslots(s): gpa(a) + size(a) ≤ gpa-end ∧ id(a) < memslots ∧ pages(a) ≤ memslot-pages ∧ space(a) < address-spaces")]
    [Property(MaxTest = 4000)]
    public void AreInsideLimits(Setting setting, SequenceName name) => EachSlot(setting, name, (_, slot) =>
        slot.Gpa < slot.Gpa + slot.Size && slot.Gpa + slot.Size <= setting.Model[ArchitectureLimits.GpaEnd]
        && (ushort)slot.Key < setting.Model[CommonLimits.Memslots]
        && (setting.Host.Architecture.HasNarrowLong() ? slot.Size < 1UL << 32 : slot.Pages <= setting.Model[CommonLimits.MemslotPages])
        && slot.AddressSpace < setting.Model[CommonLimits.AddressSpaces]
        && slot.UserAddress + slot.Size <= setting.Model[CommonLimits.UserAddressEnd]);

    [Law("memslot.guest-memfd-disjoint", "∀ reachable s, a ≠ b ∈ memslots(s): file(a) = file(b) ≠ ∅ ⇒ file ranges disjoint and inside the file")]
    [Property(MaxTest = 4000)]
    public void GuestMemoryIsBoundOnce(Setting setting, SequenceName name) => EachSlot(setting, name, (vm, slot) =>
    {
        if (slot.Memory == 0)
        {
            return true;
        }

        foreach (Memslot other in vm.Memslots)
        {
            if (other.Key != slot.Key && other.Memory == slot.Memory
                && other.MemoryOffset < slot.MemoryOffset + slot.Size && slot.MemoryOffset < other.MemoryOffset + other.Size)
            {
                return false;
            }
        }

        return vm.Memory.TryFind(slot.Memory - 1, out GuestMemory file) && slot.MemoryOffset + slot.Size <= file.Size;
    });

    [Law("memslot.dirty-bits-need-bitmap", "∀ reachable s, a ∈ memslots(s): ¬logged(a) ⇒ dirty(a) = 0; dirty(a) has no bit at or above pages(a); logged(a) ⇒ a asks for logging")]
    [Property(MaxTest = 4000)]
    public void DirtyBitsNeedBitmap(Setting setting, SequenceName name) => EachSlot(setting, name, (_, slot) =>
        (slot.Logged || slot.Dirty == 0) && (slot.Pages >= 64 || slot.Dirty >> (int)slot.Pages == 0)
        && (!slot.Logged || (slot.Flags & Memslots.LogDirtyPages) != 0));

    private static void EachSlot(Setting setting, SequenceName name, Func<Vm, Memslot, bool> holds) => Walks.EachState(setting, name, world =>
    {
        foreach (Vm vm in world.Vms)
        {
            foreach (Memslot slot in vm.Memslots)
            {
                if (!holds(vm, slot))
                {
                    return false;
                }
            }
        }

        return true;
    });
}
