using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Tables;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Laws;
using Xunit;

namespace KvmSpec.Properties.Walks;

/// <summary>What ties KVM's own tables to the hardware that walks them. k is KVM's tables, g a guest physical address.</summary>
[Properties(QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class TableLaws
{
    private const ulong Root = 0x80000000;
    private const int Drawn = 1000;

    [Law("tables.mapped-is-translated", "∀ k, g: k.map(g, page, ro, x) = ok ⇒ hardware takes g to page; stores iff ¬ro; fetches iff x")]
    [Property(MaxTest = Drawn)]
    public void MappedIsTranslated(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        Gpa within = new(drawn.Address.Value + (drawn.Offset & ~7UL));
        Assert.Equal(new Spa(drawn.Page.Value + (drawn.Offset & ~7UL)), Walk(tables, within, AccessKind.Load).Spa);
        Assert.Equal(drawn.ReadOnly, Walk(tables, within, AccessKind.Store).IsTrap);
        Assert.Equal(!drawn.Executable, Walk(tables, within, AccessKind.Fetch).IsTrap);
    }

    [Law("tables.alias-is-a-fault", "∀ k, g mapped: k finds the same leaf at g + 2^width, and hardware refuses that by gstage.width")]
    [Property(MaxTest = Drawn)]
    public void AliasesFault(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        Gpa alias = new(drawn.Address.Value + (1UL << drawn.Mode.Width));
        Assert.True(tables.FindLeaf(drawn.Address, out Spa one, out _, out _));
        Assert.True(tables.FindLeaf(alias, out Spa other, out _, out _));
        Assert.Equal(one, other);
        Assert.Equal(WalkClauses.GWidth, Walk(tables, alias, AccessKind.Load).Clause);
    }

    [Law("tables.accessed-and-dirty-are-set", "∀ k, g mapped, scheme of A and D: hardware answers the same and changes no entry")]
    [Property(MaxTest = Drawn)]
    public void NothingDependsOnSvadu(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        foreach (AccessKind kind in Enum.GetValues<AccessKind>())
        {
            Assert.Single(Enum.GetValues<AdScheme>().Select(ad => Walk(tables, drawn.Address, kind, ad)).Distinct());
        }
    }

    [Law("tables.split-changes-nothing", "∀ k, g mapped at a level above 0, address in the page: hardware answers the same before and after k.split(g)")]
    [Property(MaxTest = 100)]
    public void SplitChangesNothing(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        Gpa[] within = [.. drawn.Within(8)];
        AccessKind[] kinds = Enum.GetValues<AccessKind>();
        (Spa, TrapCause)[] before = [.. within.SelectMany(g => kinds.Select(k => Place(Walk(tables, g, k))))];
        tables.Split(drawn.Address, 0);
        Assert.True(tables.FindLeaf(drawn.Address, out _, out _, out int level));
        Assert.Equal(0, level);
        Assert.Equal(before, within.SelectMany(g => kinds.Select(k => Place(Walk(tables, g, k)))));
    }

    [Law("tables.napot-is-sixteen-pages", "∀ 64 KiB page with N, address in it: hardware answers as for sixteen pages with the same permissions")]
    [Property(MaxTest = 300)]
    public void NapotIsSixteenPages(int high, int low)
    {
        Drawing drawn = new(high, low);
        ulong flags = Pte.V | Pte.U | Pte.A | Pte.D | Pte.R | (drawn.ReadOnly ? 0 : Pte.W) | (drawn.Executable ? Pte.X : 0);
        ulong table = Root + Paging.GStageRootSize;
        Dictionary<ulong, ulong> pages = new() { [Root] = Pte.Of(table >> 12, Pte.V).Bits, [table] = Pte.Of((table + 4096) >> 12, Pte.V).Bits };
        Dictionary<ulong, ulong> napot = new(pages);
        ulong first = drawn.Offset % 32 * 16;
        for (ulong i = 0; i < 16; i++)
        {
            pages[table + 4096 + ((first + i) * 8)] = Pte.Of(0x40000 + i, flags).Bits;
            napot[table + 4096 + ((first + i) * 8)] = Pte.Of(0x40008, flags | Pte.N).Bits;
        }

        WalkCase walk = new()
        {
            Registers = new() { Hgatp = new Hgatp(TranslationMode.Sv39x4, 0, Root >> 12), VsMode = TranslationMode.Bare64, Extensions = new() { Svnapot = true } },
            Access = new Access(new Gva((first << 12) + (drawn.Offset & 0xfff8)), drawn.Offset % 2 == 0 ? AccessKind.Store : AccessKind.Fetch),
            Words = pages,
        };
        Assert.Equal(Place(walk.Run(out _)), Place((walk with { Words = napot }).Run(out _)));
    }

    [Law("tables.unmapped-is-a-fault", "∀ k, g mapped, range over the page: k.unmap(range) ⇒ hardware refuses g; a range that covers part of the page leaves it")]
    [Property(MaxTest = Drawn)]
    public void UnmappedFaults(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        if (drawn.Size > Paging.PageSize)
        {
            Assert.False(tables.Unmap(drawn.Address, drawn.Size - Paging.PageSize));
            Assert.False(Walk(tables, drawn.Address, AccessKind.Load).IsTrap);
        }

        Assert.True(tables.Unmap(drawn.Address, drawn.Size));
        Assert.Equal(WalkClauses.EntryValid, Walk(tables, drawn.Address, AccessKind.Load).Clause);
    }

    [Law("tables.write-protected-is-read-only", "∀ k, g mapped, page of the range inside: k.protect(range) ⇒ hardware refuses stores anywhere in the leaf, loads and fetches as before")]
    [Property(MaxTest = Drawn)]
    public void WriteProtectedIsReadOnly(int high, int low)
    {
        Drawing drawn = new(high, low);
        SoftwareTables tables = drawn.Mapped();
        ulong page = drawn.Address.Value + (drawn.Offset & ~(Paging.PageSize - 1));
        tables.WriteProtect(new Gpa(page), new Gpa(page + Paging.PageSize));
        Assert.True(Walk(tables, drawn.Address, AccessKind.Store).IsTrap);
        Assert.False(Walk(tables, drawn.Address, AccessKind.Load).IsTrap);
        Assert.Equal(!drawn.Executable, Walk(tables, drawn.Address, AccessKind.Fetch).IsTrap);
    }

    [Law("tables.refusals", "k.map with a size of no level = EINVAL; below a leaf that cannot be split = EEXIST; without a page for a table = ENOMEM")]
    [Fact]
    public void Refusals()
    {
        SoftwareTables tables = new(TranslationMode.Sv39x4, new Spa(Root), new Queue<Spa>());
        Assert.Equal(Errno.EINVAL, tables.Map(new Gpa(0), new Spa(0x40000000), 8192, false, false));
        Assert.Equal(Errno.ENOMEM, tables.Map(new Gpa(0), new Spa(0x40000000), 4096, false, false));
        Assert.Null(tables.Map(new Gpa(0), new Spa(0x40000000), 1 << 30, false, false));
        Assert.Equal(Errno.EEXIST, tables.Map(new Gpa(0), new Spa(0x40000000), 4096, false, false));
    }

    [Law("tables.mode-matters", "∀ modes m ≠ n: some table of one entry, or of none where m is Bare, is translated differently by m and n; none of fewer is")]
    [Fact]
    public void ModesDiffer()
    {
        foreach (ModeDifference difference in ModeDifference.All(Xlen.Rv64).Concat(ModeDifference.All(Xlen.Rv32)))
        {
            Assert.Equal(difference.One.IsBare ? 0 : 1, difference.Entries.Count);
            Assert.NotEqual(Place(difference.ByOne), Place(difference.ByOther));
        }
    }

    [Law("hgatp.legal", "∀ word, before: the register reads a supported mode, PPN[1:0] = 0 where it is paged, VMID below 2^vmidlen; writing what it reads changes nothing")]
    [Property(MaxTest = Drawn)]
    public bool HgatpIsLegal(int high, int low)
    {
        Mixer mixer = new(Mixer.SeedOf((ulong)high, (ulong)low));
        Xlen xlen = mixer.Below(2) == 0 ? Xlen.Rv32 : Xlen.Rv64;
        ulong Word() => xlen == Xlen.Rv32 ? (uint)mixer.Next() : mixer.Next();
        HgatpImplementation implementation = new([.. TranslationMode.GStage(xlen).Where(m => m.IsBare || mixer.Below(3) > 0)],
            mixer.Below(Hgatp.VmidMax(xlen) + 1), mixer.Below(2) == 0);
        NoSteps nobody = default;
        Hgatp before = Hgatp.Write(Hgatp.Reset(xlen), Word(), implementation, ref nobody);
        Hgatp after = Hgatp.Write(before, Word(), implementation, ref nobody);
        return implementation.Modes.Contains(after.Mode) && (after.Mode.IsBare || (after.Ppn & 3) == 0) && after.Vmid >> implementation.VmidBits == 0
            && Hgatp.Write(after, after.Word, implementation, ref nobody) == after;
    }

    private static (Spa, TrapCause) Place(WalkResult result) => (result.Spa, result.Cause);

    private static WalkResult Walk(SoftwareTables tables, Gpa address, AccessKind kind, AdScheme ad = AdScheme.Svade)
    {
        Dictionary<ulong, ulong> words = new(tables.Words);
        SparseMemory memory = new(words, []);
        NoSteps nobody = default;
        Walker walker = new(new WalkRegisters
        {
            Hgatp = tables.Hgatp,
            VsMode = TranslationMode.VsStage(tables.Mode.Xlen)[0],
            Extensions = new() { Ad = ad },
        });
        WalkResult result = walker.TranslateGuestPhysical(address, new Access(new Gva(address.Value), kind), ref memory, ref nobody);
        Assert.All(tables.Words, w => Assert.Equal(w.Value, words[w.Key]));
        return result;
    }

    /// <summary>A page of any mode and size.</summary>
    private sealed class Drawing
    {
        private Mixer mixer;

        public Drawing(int high, int low)
        {
            mixer = new Mixer(Mixer.SeedOf((ulong)high, (ulong)low));
            TranslationMode[] modes = [TranslationMode.Sv32x4, TranslationMode.Sv39x4, TranslationMode.Sv48x4, TranslationMode.Sv57x4];
            Mode = modes[mixer.Below(modes.Length)];
            int level = mixer.Below(Mode.Levels);
            Size = 1UL << Mode.LeafBits(level);
            Address = new Gpa(mixer.Next() & ((1UL << Mode.Width) - 1) & ~(Size - 1));
            int physical = Mode.Xlen == Xlen.Rv32 ? 34 : 56;
            Page = new Spa(mixer.Next() & ((1UL << physical) - 1) & ~(Size - 1));
            Offset = mixer.Next() & (Size - 1);
            ReadOnly = mixer.Below(2) == 0;
            Executable = mixer.Below(2) == 0;
        }

        public TranslationMode Mode { get; }

        public Gpa Address { get; }

        public Spa Page { get; }

        public ulong Size { get; }

        public ulong Offset { get; }

        public bool ReadOnly { get; }

        public bool Executable { get; }

        public IEnumerable<Gpa> Within(int count) => Enumerable.Range(0, count).Select(_ => new Gpa(Address.Value + (mixer.Next() & (Size - 1) & ~7UL)));

        /// <summary>Tables in which the page is mapped.</summary>
        public SoftwareTables Mapped()
        {
            const int Pages = 16;
            SoftwareTables tables = new(Mode, new Spa(Root), new Queue<Spa>(Enumerable.Range(0, Pages).Select(i => new Spa(Root + Paging.GStageRootSize + ((ulong)i * Paging.PageSize)))));
            Assert.Null(tables.Map(Address, Page, Size, ReadOnly, Executable));
            return tables;
        }
    }
}
