using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Walks.Server;

namespace KvmSpec.Runners.Bench;

/// <summary>The figures of page walks: every check on, over tables in flat memory.</summary>
internal sealed partial class BenchRun
{
    private const int HotPages = 512;
    private const int ManyPages = 262_144;
    private const int CheckedAccesses = 50_000;

    private void Walks()
    {
        Walks("walks, one stage, Sv39x4, hot", TranslationMode.Sv39x4, TranslationMode.Bare64, HotPages);
        Walks("walks, one stage, Sv48x4, hot", TranslationMode.Sv48x4, TranslationMode.Bare64, HotPages);
        Walks("walks, one stage, Sv57x4, hot", TranslationMode.Sv57x4, TranslationMode.Bare64, HotPages);
        double ours = Walks($"walks, one stage, Sv39x4, {ManyPages:#,0} pages", TranslationMode.Sv39x4, TranslationMode.Bare64, ManyPages);
        Walks("walks, two stages, Sv39 over Sv39x4, hot", TranslationMode.Sv39x4, TranslationMode.Sv39, HotPages);
        try
        {
            using WalkServer server = new(new QemuMachine(Xlen.Rv64));
            OfQemu(server, ours);
        }
        catch (TargetException missing)
        {
            output.WriteLine("  walks of QEMU: skipped, " + missing.Message);
        }
    }

    /// <summary>QEMU's walks of the same tables, each page once so that none was kept, and random accesses as checks make them.</summary>
    private void OfQemu(WalkServer server, double ours)
    {
        FlatTables tables = new(TranslationMode.Sv39x4, TranslationMode.Bare64, ManyPages);
        KeyValuePair<ulong, ulong>[] words = [.. tables.Words];
        ulong[] addresses = [.. tables.Accesses.Select(a => a.Address.Value)];
        double theirs = Rate($"{server.Opinion.Name}, TLB misses of the same tables", "M/s", 1e6, _ =>
        {
            server.Many(tables.Registers, words, addresses);
            return addresses.Length;
        });
        Line("  walks here for one miss there", ours / theirs, "");
        Rate($"{server.Opinion.Name}, random accesses checked", "k/s", 1e3, seed =>
        {
            WalkCheckRun run = new(server, Xlen.Rv64, new WalkOracle(WalkExcuses.Of(server.Opinion, Xlen.Rv64)));
            run.Run(new SequencePlan(seed, CheckedAccesses, 1), null, default);
            return CheckedAccesses;
        });
    }

    private double Walks(string what, TranslationMode gMode, TranslationMode vsMode, int pages)
    {
        FlatTables tables = new(gMode, vsMode, pages);
        Walker walker = new(tables.Registers);
        FlatMemory memory = tables.Memory;
        Access[] accesses = tables.Accesses;
        NoSteps nobody = default;
        ulong total = 0;
        double rate = Rate(what, "M/s", 1e6, _ =>
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
        return rate;
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

/// <summary>
/// Tables of 4 KiB pages in the walk server's pools, and a load of each page in a drawn order. The guest has more pages than
/// there is memory: several are the same.
/// </summary>
internal sealed class FlatTables
{
    private const ulong Leaf = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D;
    private const ulong Guest = 0x100000000;
    private const ulong Virtual = 0x1000000000;
    private const int PagesOfMemory = 512;
    private const int TablesAtLeast = 256;

    private static readonly ulong From = WalkArena.Tables.Value;

    private readonly ulong[] words;
    private ulong next = From + Paging.GStageRootSize;

    public FlatTables(TranslationMode gMode, TranslationMode vsMode, int pages)
    {
        int tables = (pages / PagesOfMemory) + TablesAtLeast;
        words = new ulong[tables * (int)Paging.PageSize / sizeof(ulong)];
        ulong vsRoot = Take();
        Model.Sequences.Mixer mixer = new(1);
        Accesses = new Access[pages];
        for (int i = 0; i < pages; i++)
        {
            ulong guest = Guest + ((ulong)i * Paging.PageSize);
            Put(gMode, From, guest, WalkArena.Data.Value + ((ulong)(i % PagesOfMemory) * Paging.PageSize), Pte.U);
            ulong address = guest;
            if (!vsMode.IsBare)
            {
                address = Virtual + ((ulong)i * Paging.PageSize);
                Put(vsMode, vsRoot, address, guest, 0);
            }

            Accesses[i] = new Access(new Gva(address + ((ulong)mixer.Below(512) * sizeof(ulong))), AccessKind.Load, Bytes: sizeof(ulong));
        }

        for (ulong table = vsRoot; !vsMode.IsBare && table < next; table += Paging.PageSize)
        {
            Put(gMode, From, table, table, Pte.U);
        }

        for (int i = pages - 1; i > 0; i--)
        {
            int j = mixer.Below(i + 1);
            (Accesses[i], Accesses[j]) = (Accesses[j], Accesses[i]);
        }

        Memory = new FlatMemory(From, WalkArena.Data.Value + WalkArena.PoolSize - From, words);
        Registers = new WalkRegisters { Hgatp = new Hgatp(gMode, 0, From >> Paging.OffsetBits), VsMode = vsMode, VsPpn = vsMode.IsBare ? 0 : vsRoot >> Paging.OffsetBits };
    }

    public FlatMemory Memory { get; }

    public WalkRegisters Registers { get; }

    public Access[] Accesses { get; }

    /// <summary>The entries that are not 0, by address.</summary>
    public IEnumerable<KeyValuePair<ulong, ulong>> Words =>
        words.Select((word, i) => KeyValuePair.Create(From + ((ulong)i * sizeof(ulong)), word)).Where(w => w.Value != 0);

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
