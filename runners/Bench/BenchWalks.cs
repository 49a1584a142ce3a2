using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Bench;

/// <summary>The figures of page walks: every check on, over tables in flat memory.</summary>
internal sealed partial class BenchRun
{
    private const int HotPages = 512;
    private const int ManyPages = 262_144;

    private void Walks()
    {
        Walks("walks, one stage, Sv39x4, hot", TranslationMode.Sv39x4, TranslationMode.Bare64, HotPages);
        Walks("walks, one stage, Sv48x4, hot", TranslationMode.Sv48x4, TranslationMode.Bare64, HotPages);
        Walks("walks, one stage, Sv57x4, hot", TranslationMode.Sv57x4, TranslationMode.Bare64, HotPages);
        Walks($"walks, one stage, Sv39x4, {ManyPages:#,0} pages", TranslationMode.Sv39x4, TranslationMode.Bare64, ManyPages);
        Walks("walks, two stages, Sv39 over Sv39x4, hot", TranslationMode.Sv39x4, TranslationMode.Sv39, HotPages);
    }

    private void Walks(string what, TranslationMode gMode, TranslationMode vsMode, int pages)
    {
        FlatTables tables = new(gMode, vsMode, pages);
        Walker walker = new(tables.Registers);
        FlatMemory memory = tables.Memory;
        Access[] accesses = tables.Accesses;
        NoSteps nobody = default;
        ulong total = 0;
        Rate(what, "M/s", 1e6, _ =>
        {
            foreach (ref readonly Access access in accesses.AsSpan())
            {
                total += walker.Translate(access, ref memory, ref nobody).Spa.Value;
            }

            return accesses.Length;
        });
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (ref readonly Access access in accesses.AsSpan())
        {
            total += walker.Translate(access, ref memory, ref nobody).Spa.Value;
        }

        Line("  bytes allocated a walk", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)accesses.Length, "B");
    }
}

/// <summary>RAM from one address on, without protection; what is outside it is missing. Tables are at its beginning.</summary>
internal readonly struct FlatMemory(ulong from, ulong size, ulong[] words) : IPhysicalMemory
{
    public bool Allows(Spa address, int bytes, Permissions needed) => address.Value - from < size;

    public ulong Read(Spa address, int bytes) => words[(int)((address.Value - from) / sizeof(ulong))];

    public bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement) =>
        Interlocked.CompareExchange(ref words[(int)((address.Value - from) / sizeof(ulong))], replacement, expected) == expected;
}

/// <summary>Tables of 4 KiB pages in flat memory, and a load of each page in a drawn order.</summary>
internal sealed class FlatTables
{
    private const ulong From = 0x80000000;
    private const ulong Leaf = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D;

    private readonly ulong[] words;
    private ulong next;

    public FlatTables(TranslationMode gMode, TranslationMode vsMode, int pages)
    {
        ulong data = From + (ulong)((pages / 256) + 256) * Paging.PageSize;
        words = new ulong[(data - From) / sizeof(ulong)];
        next = From + Paging.GStageRootSize;
        ulong vsRoot = Take();
        Model.Sequences.Mixer mixer = new(1);
        Accesses = new Access[pages];
        for (int i = 0; i < pages; i++)
        {
            ulong page = data + ((ulong)i * Paging.PageSize);
            Put(gMode, From, page, page, Pte.U);
            ulong address = page;
            if (!vsMode.IsBare)
            {
                address = 0x1000000000 + ((ulong)i * Paging.PageSize);
                Put(vsMode, vsRoot, address, page, 0);
            }

            Accesses[i] = new Access(new Gva(address + ((ulong)mixer.Below(512) * sizeof(ulong))), AccessKind.Load, Bytes: sizeof(ulong));
        }

        for (ulong table = vsRoot; !vsMode.IsBare && table < data; table += Paging.PageSize)
        {
            Put(gMode, From, table, table, Pte.U);
        }

        for (int i = pages - 1; i > 0; i--)
        {
            int j = mixer.Below(i + 1);
            (Accesses[i], Accesses[j]) = (Accesses[j], Accesses[i]);
        }

        Memory = new FlatMemory(From, data - From + ((ulong)pages * Paging.PageSize), words);
        Registers = new WalkRegisters { Hgatp = new Hgatp(gMode, 0, From >> Paging.OffsetBits), VsMode = vsMode, VsPpn = vsMode.IsBare ? 0 : vsRoot >> Paging.OffsetBits };
    }

    public FlatMemory Memory { get; }

    public WalkRegisters Registers { get; }

    public Access[] Accesses { get; }

    private ulong Take()
    {
        ulong page = next;
        next += Paging.PageSize;
        return page;
    }

    private void Put(TranslationMode mode, ulong root, ulong address, ulong page, ulong flags)
    {
        ulong table = root;
        for (int level = mode.Levels - 1; level > 0; level--)
        {
            ref ulong entry = ref words[((table - From) / sizeof(ulong)) + mode.Index(address, level)];
            if (entry == 0)
            {
                entry = Pte.Of(Take() >> Paging.OffsetBits, Pte.V).Bits;
            }

            table = new Pte(entry).Ppn << Paging.OffsetBits;
        }

        words[((table - From) / sizeof(ulong)) + mode.Index(address, 0)] = Pte.Of(page >> Paging.OffsetBits, Leaf | flags).Bits;
    }
}
