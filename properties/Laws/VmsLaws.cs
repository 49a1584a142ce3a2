using FsCheck.Xunit;
using KvmSpec.Model;

namespace KvmSpec.Properties.Laws;

/// <summary>The VMs that live are a sorted dictionary that never changes.</summary>
public sealed class VmsLaws
{
    private const int Keys = 4;

    [Law("vms.is-sorted-dictionary", "∀ list of with and without: the VMs and SortedDictionary agree in entries, order, membership and first free key; no edit changes what was there before")]
    [Property(MaxTest = 3000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool IsSortedDictionary(int[] edits)
    {
        Vms vms = default;
        SortedDictionary<uint, Vm> entries = [];
        foreach (int edit in edits)
        {
            Vm[] before = [.. entries.Values];
            Vms after = Edit(vms, entries, edit);
            if (!List(vms).SequenceEqual(before))
            {
                return false;
            }

            vms = after;
        }

        uint free = (uint)Enumerable.Range(0, Keys + 1).First(k => !entries.ContainsKey((uint)k));
        return List(vms).SequenceEqual(entries.Values)
            && vms.FirstFree() == free
            && Enumerable.Range(0, Keys + 1).All(k => vms.Has((uint)k) == entries.ContainsKey((uint)k)
                && (!vms.TryFind((uint)k, out Vm found) || ReferenceEquals(found, entries[(uint)k])));
    }

    [Law("vms.equal-by-entries", "∀ a, b: a = b ⇔ entries(a) = entries(b), whatever the order of edits; a = b ⇒ hash(a) = hash(b)")]
    [Property(MaxTest = 2000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool EqualByEntries(int[] edits, int[] others)
    {
        (Vms vms, SortedDictionary<uint, Vm> entries) = Build(edits);
        Vms again = entries.Values.Reverse().Aggregate(default(Vms), (made, vm) => made.With(vm));
        (Vms other, SortedDictionary<uint, Vm> otherEntries) = Build(others);
        return vms == again && vms.GetHashCode() == again.GetHashCode()
            && (vms == other) == entries.Values.SequenceEqual(otherEntries.Values);
    }

    [Law("vms.none-has-no-place", "∀ a: with(a, none) = a")]
    [Property(MaxTest = 100, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool NoneHasNoPlace(int[] edits)
    {
        (Vms vms, _) = Build(edits);
        return vms.With(Vm.None with { DirtyRing = 4096 }) == vms && !vms.Has(Vm.None.Key);
    }

    private static (Vms Vms, SortedDictionary<uint, Vm> Entries) Build(int[] edits)
    {
        Vms vms = default;
        SortedDictionary<uint, Vm> entries = [];
        foreach (int edit in edits)
        {
            vms = Edit(vms, entries, edit);
        }

        return (vms, entries);
    }

    private static Vms Edit(Vms vms, SortedDictionary<uint, Vm> entries, int edit)
    {
        uint key = (uint)edit % Keys;
        if (edit < 0)
        {
            entries.Remove(key);
            return vms.Without(key);
        }

        entries[key] = new Vm { Key = key, Type = (ulong)(edit % 3) };
        return vms.With(entries[key]);
    }

    private static List<Vm> List(Vms vms)
    {
        List<Vm> list = [];
        foreach (Vm vm in vms)
        {
            list.Add(vm);
        }

        return list;
    }
}
