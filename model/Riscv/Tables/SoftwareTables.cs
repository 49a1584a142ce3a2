using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Model.Riscv.Tables;

/// <summary>
/// The G-stage tables of a VM as KVM keeps them in software, 7.3 (arch/riscv/kvm/gstage.c): which entries it writes, and
/// how it walks them itself. KVM's walk looks at fewer bits than hardware does: an entry is absent where its whole word is
/// 0, a leaf where R, W or X is set, and no address is too wide.
/// </summary>
/// <param name="mode">The VM's mode.</param>
/// <param name="root">Where the root table is, aligned to 16 KiB.</param>
/// <param name="pages">Zeroed pages for tables, taken from the front; where none is left, an allocation fails.</param>
public sealed class SoftwareTables(TranslationMode mode, Spa root, Queue<Spa> pages)
{
    private const ulong LeafBits = Pte.R | Pte.W | Pte.X;

    private readonly Dictionary<ulong, ulong> words = [];

    public TranslationMode Mode => mode;

    /// <summary>The words that are not 0, by address: what hardware finds in memory.</summary>
    public IReadOnlyDictionary<ulong, ulong> Words => words;

    /// <summary>The register value that makes hardware walk these tables.</summary>
    public Hgatp Hgatp => new(mode, 0, root.Value >> Paging.OffsetBits);

    /// <summary>
    /// Finds the leaf of an address. Where there is none, the level is that at which an empty entry ended the walk, which
    /// callers take for the size of the hole.
    /// </summary>
    public bool FindLeaf(Gpa address, out Spa at, out Pte leaf, out int level)
    {
        level = mode.Levels - 1;
        at = EntryAt(root.Value, address, level);
        while ((leaf = Read(at)).Bits != 0)
        {
            if (IsLeaf(leaf))
            {
                return true;
            }

            if (level == 0)
            {
                return false;
            }

            level--;
            at = EntryAt(leaf.Ppn << Paging.OffsetBits, address, level);
        }

        return false;
    }

    /// <summary>
    /// Maps a page. Where a leaf is there already: a larger one is split down to the page first, one that leads to the same
    /// page has its permissions replaced and keeps its size, another is overwritten.
    /// </summary>
    /// <param name="address">The guest physical address.</param>
    /// <param name="page">Where its page is.</param>
    /// <param name="size">The page's bytes: those of a leaf at some level.</param>
    /// <param name="readOnly">True where the guest may not write.</param>
    /// <param name="executable">True where it may execute.</param>
    /// <returns><c>null</c>, or why not: EINVAL for another size, EEXIST for a leaf on the way, ENOMEM.</returns>
    public Errno? Map(Gpa address, Spa page, ulong size, bool readOnly, bool executable)
    {
        int wanted = Enumerable.Range(0, mode.Levels).FirstOrDefault(l => size == 1UL << mode.LeafBits(l), -1);
        if (wanted < 0)
        {
            return Errno.EINVAL;
        }

        // A and D are set from the start, so that nothing depends on who would set them.
        ulong flags = Pte.V | Pte.A | Pte.D | Pte.U | Pte.R | (readOnly ? 0 : Pte.W) | (executable ? Pte.X : 0);
        if (FindLeaf(address, out Spa at, out Pte leaf, out int level))
        {
            if (level > wanted)
            {
                Split(address, wanted);
            }
            else if (((leaf.Ppn << Paging.OffsetBits) & ~(size - 1)) == page.Value)
            {
                words[at.Value] = Pte.Of(leaf.Ppn, flags).Bits;
                return null;
            }
        }

        return Set(address, wanted, Pte.Of(page.Value >> Paging.OffsetBits, flags));
    }

    /// <summary>
    /// Replaces the leaves above a level on the way to an address by tables of smaller leaves with the same permissions;
    /// stops where no page is left for a table.
    /// </summary>
    public void Split(Gpa address, int target)
    {
        ulong table = root.Value;
        for (int level = mode.Levels - 1; level > target; level--)
        {
            Spa at = EntryAt(table, address, level);
            Pte entry = Read(at);
            if (entry.Bits == 0)
            {
                return;
            }

            if (IsLeaf(entry))
            {
                if (!pages.TryDequeue(out Spa next))
                {
                    return;
                }

                ulong step = 1UL << ((level - 1) * mode.IndexBits);
                for (ulong i = 0; i < 1UL << mode.IndexBits; i++)
                {
                    words[next.Value + (i * (ulong)mode.PteBytes)] = entry.With(i * step << Pte.PpnShift).Bits;
                }

                entry = Pte.Of(next.Value >> Paging.OffsetBits, Pte.V);
                words[at.Value] = entry.Bits;
            }

            table = entry.Ppn << Paging.OffsetBits;
        }
    }

    /// <summary>
    /// Unmaps a range. A leaf that is not wholly inside, or that an address within meets in its middle, stays and is
    /// stepped over; KVM warns of it once.
    /// </summary>
    /// <returns>False where a leaf stayed.</returns>
    public bool Unmap(Gpa start, ulong size)
    {
        bool all = true;
        ulong end = start.Value + size;
        for (ulong address = start.Value; address < end;)
        {
            bool found = FindLeaf(new Gpa(address), out Spa at, out _, out int level);
            ulong page = 1UL << mode.LeafBits(level);
            if (!found)
            {
                address = (address + page) & ~(page - 1);
                continue;
            }

            if ((address & (page - 1)) == 0 && end - address >= page)
            {
                words.Remove(at.Value);
            }
            else
            {
                all = false;
            }

            address += page;
        }

        return all;
    }

    /// <summary>Takes W from every leaf that a range touches, whole leaves at a time.</summary>
    public void WriteProtect(Gpa start, Gpa end)
    {
        for (ulong address = start.Value; address < end.Value;)
        {
            bool found = FindLeaf(new Gpa(address), out Spa at, out Pte leaf, out int level);
            ulong page = 1UL << mode.LeafBits(level);
            if (found)
            {
                words[at.Value] = leaf.Bits & ~Pte.W;
            }

            address = (address & ~(page - 1)) + page;
        }
    }

    private Errno? Set(Gpa address, int wanted, Pte entry)
    {
        ulong table = root.Value;
        for (int level = mode.Levels - 1; level > wanted; level--)
        {
            Spa at = EntryAt(table, address, level);
            Pte there = Read(at);
            if (IsLeaf(there))
            {
                return Errno.EEXIST;
            }

            if (there.Bits == 0)
            {
                if (!pages.TryDequeue(out Spa next))
                {
                    return Errno.ENOMEM;
                }

                there = Pte.Of(next.Value >> Paging.OffsetBits, Pte.V);
                words[at.Value] = there.Bits;
            }

            table = there.Ppn << Paging.OffsetBits;
        }

        words[EntryAt(table, address, wanted).Value] = entry.Bits;
        return null;
    }

    private Spa EntryAt(ulong table, Gpa address, int level) => new(table + (mode.Index(address.Value, level) * (ulong)mode.PteBytes));

    private Pte Read(Spa at) => new(words.GetValueOrDefault(at.Value));

    private static bool IsLeaf(Pte entry) => (entry.Bits & LeafBits) != 0;
}
