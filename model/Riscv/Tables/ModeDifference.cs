using System.Collections.Immutable;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Model.Riscv.Tables;

/// <summary>
/// A smallest table that two modes translate differently: why the mode of a VM may not change while it has tables.
/// </summary>
/// <param name="One">A mode.</param>
/// <param name="Other">Another.</param>
/// <param name="Entries">The table's words that are not 0.</param>
/// <param name="Address">The guest physical address.</param>
/// <param name="ByOne">What the first mode makes of it.</param>
/// <param name="ByOther">What the second mode makes of it.</param>
public sealed record ModeDifference(
    TranslationMode One, TranslationMode Other, ImmutableSortedDictionary<ulong, ulong> Entries, Gpa Address, WalkResult ByOne, WalkResult ByOther)
{
    /// <summary>Where the root table is.</summary>
    public static readonly Spa Root = new(0x80000000);

    private const ulong Page = Pte.V | Pte.R | Pte.W | Pte.X | Pte.U | Pte.A | Pte.D;
    private const int MostEntries = 2;

    /// <summary>The table in words.</summary>
    public string Table => Entries.IsEmpty ? "an empty table" : string.Join(", ", Entries.Select(e => $"0x{e.Key:x}: 0x{e.Value:x} ({new Pte(e.Value).Flags})"));

    /// <summary>What a mode makes of it, in words.</summary>
    public static string Words(WalkResult result) => result.IsTrap ? $"cause {(int)result.Cause} by {result.Clause}" : $"spa {result.Spa}";

    /// <summary>For each pair of modes of a register width the smallest.</summary>
    public static IEnumerable<ModeDifference> All(Xlen xlen)
    {
        ImmutableArray<TranslationMode> modes = TranslationMode.GStage(xlen);
        for (int one = 0; one < modes.Length; one++)
        {
            for (int other = one + 1; other < modes.Length; other++)
            {
                yield return Find(modes[one], modes[other]);
            }
        }
    }

    /// <summary>Searches tables of no entry, of one, of two; of equal ones that with the lowest entry and address.</summary>
    public static ModeDifference Find(TranslationMode one, TranslationMode other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        foreach (ImmutableSortedDictionary<ulong, ulong> words in Tables(one.PteBytes))
        {
            foreach (ulong address in Addresses(one, other))
            {
                WalkResult first = Walk(one, words, address);
                WalkResult second = Walk(other, words, address);
                if (first.Cause != second.Cause || first.Spa != second.Spa)
                {
                    return new ModeDifference(one, other, words, new Gpa(address), first, second);
                }
            }
        }

        throw new InvalidOperationException($"no table of {MostEntries} entries tells {one} from {other}");
    }

    private static IEnumerable<ImmutableSortedDictionary<ulong, ulong>> Tables(int pteBytes)
    {
        ulong[] entries = [Pte.Of(0, Page).Bits, Pte.Of(Root.Value >> Paging.OffsetBits, Pte.V).Bits];
        ulong[] places = [Root.Value, Root.Value + (ulong)pteBytes];
        List<ImmutableSortedDictionary<ulong, ulong>> level = [ImmutableSortedDictionary<ulong, ulong>.Empty];
        for (int count = 0; count <= MostEntries; count++)
        {
            foreach (ImmutableSortedDictionary<ulong, ulong> table in level)
            {
                yield return table;
            }

            level = [.. level.SelectMany(t => places.Where(p => !t.ContainsKey(p)).SelectMany(p => entries.Select(e => t.Add(p, e))))];
        }
    }

    /// <summary>0 and the first address of the second entry at each level, of either mode.</summary>
    private static IEnumerable<ulong> Addresses(TranslationMode one, TranslationMode other) =>
        new[] { one, other }.SelectMany(m => Enumerable.Range(0, m.Levels).Select(l => 1UL << m.LeafBits(l))).Prepend(0UL).Distinct().Order();

    private static WalkResult Walk(TranslationMode mode, ImmutableSortedDictionary<ulong, ulong> words, ulong address)
    {
        SparseMemory memory = new(new Dictionary<ulong, ulong>(words), []);
        NoSteps nobody = default;
        Walker walker = new(new WalkRegisters { Hgatp = new Hgatp(mode, 0, Root.Value >> Paging.OffsetBits), VsMode = TranslationMode.VsStage(mode.Xlen)[0] });
        return walker.TranslateGuestPhysical(new Gpa(address), new Access(new Gva(address), AccessKind.Load), ref memory, ref nobody);
    }
}
