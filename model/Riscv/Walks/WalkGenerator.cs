using KvmSpec.Model.Sequences;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>
/// Draws accesses with tables. It builds a translation that works, with levels, addresses and permissions drawn, and then
/// damages none, one or two things, so that about half of the accesses succeed and the others fail at every step. A case
/// is a pure function of its seed.
/// </summary>
/// <param name="xlen">RV32 or RV64.</param>
/// <param name="extensions">What the machine has.</param>
public sealed class WalkGenerator(Xlen xlen, PteExtensions extensions)
{
    /// <summary>The most words that a case has; two-stage tables of Sv57 with a path of its own for each have about 30.</summary>
    public const int MostWords = 36;

    private const int Attempts = 64;
    private const int DataAlignment = 8;

    private readonly Dictionary<ulong, ulong> words = [];
    private readonly HashSet<int> taken = [];
    private readonly HashSet<ulong> leaves = [];
    private Mixer mixer;
    private TranslationMode gMode = TranslationMode.Bare64;
    private TranslationMode vsMode = TranslationMode.Bare64;
    private ulong gRoot;
    private ulong gHigh;
    private GuestPrivilege privilege;
    private bool failed;

    /// <summary>The case of a seed.</summary>
    public WalkCase Generate(ulong seed)
    {
        mixer = new Mixer(seed);
        while (true)
        {
            NoSteps nobody = default;
            if (Attempt() is { } drawn && WalkArena.Confines(drawn, ref nobody, out _))
            {
                return drawn;
            }
        }
    }

    private WalkCase? Attempt()
    {
        words.Clear();
        taken.Clear();
        leaves.Clear();
        failed = false;
        gMode = Pick(TranslationMode.GStage(xlen), bareOneIn: 16);
        vsMode = Pick(TranslationMode.VsStage(xlen), bareOneIn: 3);
        privilege = Chance(50) ? GuestPrivilege.Vs : GuestPrivilege.Vu;
        gRoot = gMode.IsBare ? 0 : NewTable(Paging.GStageRootSize);
        gHigh = Chance(50) ? 0 : mixer.Next();
        (AccessKind kind, bool hlvx) = mixer.Below(20) switch
        {
            < 8 => (AccessKind.Load, false),
            < 10 => (AccessKind.Load, true),
            < 15 => (AccessKind.Store, false),
            _ => (AccessKind.Fetch, false),
        };

        ulong page = Chance(8)
            ? WalkArena.Protected[2 + mixer.Below(4)].From.Value + ((ulong)mixer.Below(16) << Paging.OffsetBits)
            : WalkArena.Data.Value + ((ulong)mixer.Below(900) << Paging.OffsetBits);
        ulong target = page + (ulong)(mixer.Below((int)Paging.PageSize / DataAlignment) * DataAlignment);
        ulong gpa = MapGuest(target, vsMode.IsBare ? gMode.Width : Math.Min(gMode.Width, xlen == Xlen.Rv32 ? 34 : 56));
        ulong vsRoot = 0;
        ulong va = vsMode.IsBare ? gpa : MapVirtual(gpa, out vsRoot);
        if (vsMode.IsBare && xlen == Xlen.Rv32 && gpa >> 32 != 0)
        {
            return null;
        }

        for (int i = mixer.Below(100) switch { < 45 => 0, < 85 => 1, _ => 2 }; i > 0 && words.Count > 0; i--)
        {
            Damage();
        }

        if (Chance(3) && xlen == Xlen.Rv64)
        {
            va ^= 1UL << (38 + mixer.Below(26));
        }

        if (failed || words.Count > MostWords)
        {
            return null;
        }

        return new WalkCase
        {
            Registers = new WalkRegisters
            {
                Hgatp = new Hgatp(gMode, 0, gRoot >> Paging.OffsetBits),
                VsMode = vsMode,
                VsPpn = vsRoot >> Paging.OffsetBits,
                Extensions = extensions,
                MenvcfgPbmte = xlen == Xlen.Rv64 && Chance(75),
                MenvcfgAdue = Chance(75),
                HenvcfgPbmte = xlen == Xlen.Rv64 && Chance(75),
                HenvcfgAdue = Chance(75),
                SstatusMxr = Chance(25),
                VsstatusMxr = Chance(25),
                VsstatusSum = Chance(60),
            },
            Access = new Access(new Gva(va), kind, privilege, hlvx, hlvx || xlen == Xlen.Rv32 ? 4 : 8),
            Words = new Dictionary<ulong, ulong>(words),
            Ranges = WalkArena.Ranges,
        };
    }

    /// <summary>Maps a physical address through the G-stage; returns the guest physical one.</summary>
    private ulong MapGuest(ulong target, int width)
    {
        if (gMode.IsBare)
        {
            return target;
        }

        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            int level = Chance(words.Count > MostWords / 2 ? 30 : 60) ? 0 : mixer.Below(gMode.Levels);
            ulong high = Chance(70) ? gHigh : mixer.Next();
            ulong low = (1UL << gMode.LeafBits(level)) - 1;
            bool napot = level == 0 && extensions.Svnapot && Chance(15);
            low = napot ? (Paging.PageSize << Pte.NapotBits) - 1 : low;
            ulong gpa = ((high & ~low) | (target & low)) & (width == 64 ? ulong.MaxValue : (1UL << width) - 1);
            if (Place(gMode, gRoot, gpa, level, Leaf(target, level, gMode, napot, user: true), _ => NewTable(Paging.PageSize), t => t))
            {
                return gpa;
            }
        }

        failed = true;
        return 0;
    }

    /// <summary>Maps a guest physical address through the VS-stage; returns the virtual one.</summary>
    private ulong MapVirtual(ulong gpa, out ulong root)
    {
        Dictionary<ulong, ulong> places = [];
        ulong NewVsTable(int unused)
        {
            ulong table = NewTable(Paging.PageSize);
            ulong at = MapGuest(table, Math.Min(gMode.Width, xlen == Xlen.Rv32 ? 34 : 56));
            places[at] = table;
            return at;
        }

        root = NewVsTable(0);
        int level = Chance(60) ? 0 : mixer.Below(vsMode.Levels);
        bool napot = level == 0 && extensions.Svnapot && Chance(15);
        ulong low = napot ? (Paging.PageSize << Pte.NapotBits) - 1 : (1UL << vsMode.LeafBits(level)) - 1;
        ulong va = (mixer.Next() & ~low) | (gpa & low);
        int above = 64 - vsMode.Width;
        va = xlen == Xlen.Rv32 ? va & uint.MaxValue : (ulong)((long)(va << above) >> above);
        bool user = privilege == GuestPrivilege.Vu ? Chance(94) : Chance(20);
        if (!Place(vsMode, root, va, level, Leaf(gpa, level, vsMode, napot, user), NewVsTable, t => places[t]))
        {
            failed = true;
        }

        return va;
    }

    /// <summary>Writes the entries on the way to a leaf; false where something else is in the way.</summary>
    private bool Place(TranslationMode mode, ulong root, ulong address, int leaf, ulong entry, Func<int, ulong> newTable, Func<ulong, ulong> physical)
    {
        ulong table = root;
        for (int level = mode.Levels - 1; ; level--)
        {
            ulong at = physical(table) + (mode.Index(address, level) * (ulong)mode.PteBytes);
            bool isTaken = words.TryGetValue(at, out ulong there);
            if ((isTaken && level == leaf) || leaves.Contains(at))
            {
                return false;
            }

            if (level == leaf)
            {
                words[at] = entry;
                return leaves.Add(at);
            }

            Pte pointer = new(there);

            table = isTaken ? pointer.Ppn << Paging.OffsetBits : newTable(level);
            words[at] = isTaken ? there : Pte.Of(table >> Paging.OffsetBits, Pte.V | (Chance(5) ? Pte.G : 0) | (Chance(5) ? 0x100UL : 0)).Bits;
        }
    }

    private ulong Leaf(ulong target, int level, TranslationMode mode, bool napot, bool user)
    {
        ulong ppn = target >> mode.LeafBits(level) << (level * mode.IndexBits);
        ulong flags = Pte.V
            | (Chance(95) ? Pte.R | (Chance(92) ? Pte.W : 0) : 0)
            | (Chance(88) ? Pte.X : 0)
            | (user ? Pte.U : 0)
            | (Chance(10) ? Pte.G : 0)
            | (Chance(90) ? Pte.A : 0)
            | (Chance(82) ? Pte.D : 0)
            | (Chance(10) ? 0x100UL : 0)
            | (Chance(10) ? 0x200UL : 0);
        if (napot)
        {
            ppn = (ppn & ~((1UL << Pte.NapotBits) - 1)) | (1UL << (Pte.NapotBits - 1));
            flags |= Pte.N;
        }

        if (extensions.Svpbmt && xlen == Xlen.Rv64 && Chance(5))
        {
            flags |= (1UL + (ulong)mixer.Below(2)) << Pte.PbmtShift;
        }

        return Pte.Of(ppn, flags).Bits;
    }

    /// <summary>A zeroed table apart from all others of the case; now and then where PMP forbids it.</summary>
    private ulong NewTable(ulong size)
    {
        const int Slots = (int)(WalkArena.PoolSize / Paging.GStageRootSize);
        const int ProtectedSlots = 2 * (int)(WalkArena.ProtectedSize / Paging.GStageRootSize);
        int slot;
        do
        {
            slot = mixer.Below(150) == 0 ? Slots - 1 - mixer.Below(ProtectedSlots) : mixer.Below(Slots - ProtectedSlots);
        }
        while (!taken.Add(slot));

        return WalkArena.Tables.Value + ((ulong)slot * Paging.GStageRootSize)
            + (size == Paging.PageSize ? (ulong)mixer.Below(4) * Paging.PageSize : 0);
    }

    private void Damage()
    {
        ulong at = words.Keys.ElementAt(mixer.Below(words.Count));
        ulong bits = words[at];
        bool wide = xlen == Xlen.Rv64;
        switch (mixer.Below(wide ? 11 : 7))
        {
            case 0:
            case 1:
                bits ^= 1UL << mixer.Below(8);
                break;
            case 2:
                bits = (bits & ~(Pte.R | Pte.W | Pte.X)) | ((ulong)mixer.Below(8) << 1);
                break;
            case 3:
                bits ^= 1UL << (Pte.PpnShift + mixer.Below(10));
                break;
            case 4:
                bits = Pte.Of((WalkArena.NearMissing >> Paging.OffsetBits) + (ulong)mixer.Below(1024), bits & ((1UL << Pte.PpnShift) - 1)).Bits;
                break;
            case 5:
                bits &= ~(Pte.A | Pte.D);
                break;
            case 6:
                bits ^= Pte.U;
                break;
            case 7:
                bits ^= 1UL << (54 + mixer.Below(7));
                break;
            case 8:
                bits ^= (1UL + (ulong)mixer.Below(3)) << Pte.PbmtShift;
                break;
            case 9:
                bits ^= Pte.N;
                break;
            default:
                bits ^= 1UL << (Pte.PpnShift + 29 + mixer.Below(15));
                break;
        }

        words[at] = bits;
    }

    private TranslationMode Pick(IReadOnlyList<TranslationMode> modes, int bareOneIn) =>
        mixer.Below(bareOneIn) == 0 ? modes[0] : modes[1 + mixer.Below(modes.Count - 1)];

    private bool Chance(int percent) => mixer.Below(100) < percent;
}
