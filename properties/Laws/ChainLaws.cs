using FsCheck.Xunit;
using KvmSpec.Model;

namespace KvmSpec.Properties.Laws;

/// <summary>A chain is a sorted dictionary that never changes.</summary>
public sealed class ChainLaws
{
    private const int Keys = 12;

    [Law("chain.is-sorted-dictionary", "∀ list of with and without: chain and SortedDictionary agree in entries, order, count, membership and first free key")]
    [Property(MaxTest = 3000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool IsSortedDictionary(int[] edits)
    {
        (Chain<Vcpu>? chain, SortedDictionary<uint, Vcpu> entries) = Build(edits);
        uint free = (uint)Enumerable.Range(0, Keys + 1).First(k => !entries.ContainsKey((uint)k));
        return List(chain).SequenceEqual(entries.Values)
            && chain.Count() == entries.Count
            && chain.FirstFree() == free
            && Enumerable.Range(0, Keys + 1).All(k => chain.Has((uint)k) == entries.ContainsKey((uint)k)
                && (!chain.TryFind((uint)k, out Vcpu found) || found == entries[(uint)k]));
    }

    [Law("chain.equal-by-entries", "∀ a, b: a = b ⇔ entries(a) = entries(b), whatever the order of edits; a = b ⇒ hash(a) = hash(b)")]
    [Property(MaxTest = 2000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool EqualByEntries(int[] edits, int[] others)
    {
        (Chain<Vcpu>? chain, SortedDictionary<uint, Vcpu> entries) = Build(edits);
        Chain<Vcpu>? again = null;
        foreach (Vcpu vcpu in entries.Values.Reverse())
        {
            again = again.With(vcpu);
        }

        (Chain<Vcpu>? other, SortedDictionary<uint, Vcpu> otherEntries) = Build(others);
        return Equals(chain, again) && chain?.GetHashCode() == again?.GetHashCode()
            && Equals(chain, other) == entries.Values.SequenceEqual(otherEntries.Values);
    }

    [Law("chain.immutable", "∀ a, edit: entries(a) are the same before and after edit(a); without(a, k) = a itself where k ∉ a")]
    [Property(MaxTest = 2000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool IsImmutable(int[] edits, int edit)
    {
        (Chain<Vcpu>? chain, SortedDictionary<uint, Vcpu> entries) = Build(edits);
        Edit(chain, entries: null, edit);
        return List(chain).SequenceEqual(entries.Values) && ReferenceEquals(chain.Without(Keys), chain);
    }

    private static (Chain<Vcpu>? Chain, SortedDictionary<uint, Vcpu> Entries) Build(int[] edits)
    {
        Chain<Vcpu>? chain = null;
        SortedDictionary<uint, Vcpu> entries = [];
        foreach (int edit in edits)
        {
            chain = Edit(chain, entries, edit);
        }

        return (chain, entries);
    }

    private static Chain<Vcpu>? Edit(Chain<Vcpu>? chain, SortedDictionary<uint, Vcpu>? entries, int edit)
    {
        uint key = (uint)edit % Keys;
        if (edit < 0)
        {
            entries?.Remove(key);
            return chain.Without(key);
        }

        Vcpu vcpu = new(key, edit % 2 == 0, (byte)(edit % 5));
        if (entries is not null)
        {
            entries[key] = vcpu;
        }

        return chain.With(vcpu);
    }

    private static List<Vcpu> List(Chain<Vcpu>? chain)
    {
        List<Vcpu> list = [];
        foreach (Vcpu vcpu in chain)
        {
            list.Add(vcpu);
        }

        return list;
    }
}
