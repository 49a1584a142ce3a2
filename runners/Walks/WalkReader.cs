using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Walks;

/// <summary>
/// Reads a walk as vectors and <c>kvmspec walk</c> write it: registers, memory, protection and the access, as a mapping.
/// JSON is read too, for its mappings are YAML's.
/// </summary>
internal sealed class WalkReader(Action<int, string> problem)
{
    private const string Write = "write";

    /// <summary>The keys of a walk.</summary>
    public static readonly string[] WalkKeys = ["xlen", "extensions", "hgatp", "vsatp", "menvcfg", "henvcfg", "sstatus", "vsstatus", "memory", "protect", "meanwhile", "access"];
    /// <summary>The keys of a write to hgatp.</summary>
    public static readonly string[] WriteKeys = ["xlen", "machine", "hgatp", Write];
    private static readonly string[] MachineKeys = ["modes", "vmidlen", "unsupported"];
    private static readonly string[] AccessKeys = ["kind", "address", "privilege", "bytes"];
    private static readonly string[] Extensions = ["svnapot", "svpbmt", "svadu", "svade", "svrsw60t59b"];
    private static readonly string[] Configuration = ["pbmte", "adue"];
    private static readonly string[] Status = ["mxr"];
    private static readonly string[] VsStatus = ["mxr", "sum"];
    private static readonly string[] Kinds = ["load", "store", "fetch", "hlvx"];
    private const int MostUpdates = 64;
    private const int PhysicalBits32 = 34;
    private const int PhysicalBits64 = 56;

    private bool failed;

    /// <summary>Bits of a physical address.</summary>
    public static int PhysicalBits(Xlen xlen) => xlen == Xlen.Rv32 ? PhysicalBits32 : PhysicalBits64;

    /// <summary>The keys of what a mapping holds: of a write to hgatp where it has one, else of a walk.</summary>
    public static string[] Keys(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries) => IsWrite(entries) ? WriteKeys : WalkKeys;

    /// <summary>True where a mapping is a write to hgatp.</summary>
    public static bool IsWrite(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries) => entries.Any(e => e.Key.Scalar == Write);

    /// <summary>What a mapping holds, or <c>null</c> where something about it is wrong and was told.</summary>
    public WalkInput? ReadInput(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries, int line, IReadOnlyDictionary<ulong, ulong> words) =>
        IsWrite(entries)
            ? ReadWrite(entries) is { } write ? new HgatpInput(write) : null
            : Read(entries, line, words) is { } walk ? new AccessInput(walk) : null;

    /// <summary>The walk, or <c>null</c> where something about it is wrong and was told.</summary>
    /// <param name="entries">The mapping's entries; keys that are no walk's are somebody else's.</param>
    /// <param name="line">Where the mapping begins.</param>
    /// <param name="words">Words that are there beside those of <c>memory</c>.</param>
    public WalkCase? Read(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries, int line, IReadOnlyDictionary<ulong, ulong>? words = null)
    {
        failed = false;
        Dictionary<string, YamlTree> of = Open(entries);
        Xlen xlen = ReadXlen(of.GetValueOrDefault("xlen"));
        Hgatp hgatp = of.TryGetValue("hgatp", out YamlTree? g) ? ReadHgatp(g, HgatpImplementation.Whole(xlen), xlen) : Hgatp.Reset(xlen);
        (TranslationMode vsMode, ulong vsPpn) = of.TryGetValue("vsatp", out YamlTree? vs) ? ReadVsatp(vs, xlen) : (TranslationMode.VsStage(xlen)[0], 0);
        HashSet<string> extensions = Names(of.GetValueOrDefault("extensions"), "extensions", Extensions);
        HashSet<string> menvcfg = Names(of.GetValueOrDefault("menvcfg"), "menvcfg", Configuration);
        HashSet<string> henvcfg = Names(of.GetValueOrDefault("henvcfg"), "henvcfg", Configuration);
        HashSet<string> sstatus = Names(of.GetValueOrDefault("sstatus"), "sstatus", Status);
        HashSet<string> vsstatus = Names(of.GetValueOrDefault("vsstatus"), "vsstatus", VsStatus);
        if (extensions.Contains("svade") && extensions.Contains("svadu"))
        {
            Wrong(of["extensions"].Line, "extensions has svade and svadu: write svadu alone, with ADUE set or clear");
        }

        Dictionary<ulong, ulong> memory = ReadWords(of.GetValueOrDefault("memory"), "memory", xlen, words);
        List<ProtectedRange> ranges = ReadRanges(of.GetValueOrDefault("protect"));
        SortedDictionary<int, IReadOnlyDictionary<ulong, ulong>> meanwhile = ReadMeanwhile(of.GetValueOrDefault("meanwhile"), xlen);
        Access access = default;
        if (!of.TryGetValue("access", out YamlTree? a))
        {
            Wrong(line, "there is no access: write access: { kind: load, address: 0x1000 }");
        }
        else
        {
            access = ReadAccess(a, xlen);
        }

        return failed ? null : new WalkCase
        {
            Registers = new WalkRegisters
            {
                Hgatp = hgatp,
                VsMode = vsMode,
                VsPpn = vsPpn,
                Extensions = new PteExtensions
                {
                    Svnapot = extensions.Contains("svnapot"),
                    Svpbmt = extensions.Contains("svpbmt"),
                    Svrsw60t59b = extensions.Contains("svrsw60t59b"),
                    Ad = extensions.Contains("svadu") ? AdScheme.Svadu : extensions.Contains("svade") ? AdScheme.Svade : AdScheme.Unnamed,
                },
                MenvcfgPbmte = menvcfg.Contains("pbmte"),
                MenvcfgAdue = menvcfg.Contains("adue"),
                HenvcfgPbmte = henvcfg.Contains("pbmte"),
                HenvcfgAdue = henvcfg.Contains("adue"),
                SstatusMxr = sstatus.Contains("mxr"),
                VsstatusMxr = vsstatus.Contains("mxr"),
                VsstatusSum = vsstatus.Contains("sum"),
            },
            Access = access,
            Words = memory,
            Ranges = ranges,
            Meanwhile = meanwhile,
        };
    }

    /// <summary>The write to hgatp, or <c>null</c> where something about it is wrong and was told.</summary>
    /// <param name="entries">The mapping's entries; keys that are no write's are somebody else's.</param>
    public HgatpWrite? ReadWrite(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries)
    {
        failed = false;
        Dictionary<string, YamlTree> of = Open(entries);
        Xlen xlen = ReadXlen(of.GetValueOrDefault("xlen"));
        HgatpImplementation machine = of.TryGetValue("machine", out YamlTree? has) ? ReadMachine(has, xlen) : HgatpImplementation.Whole(xlen);
        Hgatp before = of.TryGetValue("hgatp", out YamlTree? held) ? ReadHgatp(held, machine, xlen) : Hgatp.Reset(xlen);
        ulong word = Register(of[Write], Write, xlen) ?? 0;
        if (word != 0 && Hgatp.ModeOf(xlen, word) == 0)
        {
            Wrong(of[Write].Line, $"write 0x{word:x}: what a write of Bare leaves is unspecified unless all of it is 0");
        }

        return failed ? null : new HgatpWrite(before, word, machine);
    }

    /// <summary>A word of a register of that width; told where it is none.</summary>
    public ulong? Register(YamlTree node, string name, Xlen xlen)
    {
        ulong? word = Number(node, name);
        if (word is { } w && xlen == Xlen.Rv32 && w >> 32 != 0)
        {
            Wrong(node.Line, $"{name} 0x{w:x} has more than 32 bits: xlen is 32");
            return null;
        }

        return word;
    }

    /// <summary>A number; told where it is none.</summary>
    public ulong? Number(YamlTree node, string name)
    {
        if (node.Scalar is { } text && CallText.TryReadNumber(text, out ulong number))
        {
            return number;
        }

        Wrong(node.Line, $"{name} {node.Scalar ?? node.Kind}: write a number of at most 64 bits, decimal or after 0x hexadecimal");
        return null;
    }

    /// <summary>The entries of a mapping with no keys but these; what is wrong with it is told.</summary>
    public static Dictionary<string, YamlTree> Open(YamlTree node, string what, string[] keys, Action<int, string> problem)
    {
        Dictionary<string, YamlTree> of = [];
        if (node.Entries is null)
        {
            problem(node.Line, $"{what} is {node.Kind}: write a mapping with {string.Join(", ", keys)}");
        }

        foreach ((YamlTree key, YamlTree value) in node.Entries ?? [])
        {
            if (!keys.Contains(key.Scalar))
            {
                problem(key.Line, $"{what} has no key {key.Scalar}: write {string.Join(", ", keys)}");
            }
            else if (!of.TryAdd(key.Scalar!, value))
            {
                problem(key.Line, $"{key.Scalar} stands twice in {what}: write it once");
            }
        }

        return of;
    }

    /// <summary>Names out of a choice, as a list; told where one is unknown.</summary>
    public HashSet<string> Names(YamlTree? node, string name, string[] known)
    {
        if (node is { Items: null })
        {
            Wrong(node.Line, $"{name} is {node.Kind}: write a list of {string.Join(", ", known)}");
        }

        HashSet<string> names = [];
        foreach (YamlTree item in node?.Items ?? [])
        {
            if (!known.Contains(item.Scalar))
            {
                Wrong(item.Line, $"{name} has no {item.Scalar ?? item.Kind}: write {string.Join(", ", known)}");
            }

            names.Add(item.Scalar ?? "");
        }

        return names;
    }

    private Dictionary<string, YamlTree> Open(IReadOnlyList<KeyValuePair<YamlTree, YamlTree>> entries)
    {
        Dictionary<string, YamlTree> of = [];
        foreach ((YamlTree key, YamlTree value) in entries)
        {
            if (!of.TryAdd(key.Scalar ?? "", value))
            {
                Wrong(key.Line, $"{key.Scalar} stands twice: write it once");
            }
        }

        return of;
    }

    private Xlen ReadXlen(YamlTree? node)
    {
        if (node is not null && node.Scalar is not ("32" or "64"))
        {
            Wrong(node.Line, $"xlen {node.Scalar}: write 32 or 64");
        }

        return node?.Scalar == "32" ? Xlen.Rv32 : Xlen.Rv64;
    }

    private HgatpImplementation ReadMachine(YamlTree node, Xlen xlen)
    {
        Dictionary<string, YamlTree> of = Open(node, "machine", MachineKeys, Wrong);
        HgatpImplementation whole = HgatpImplementation.Whole(xlen);
        HashSet<string> modes = Names(of.GetValueOrDefault("modes"), "modes", [.. whole.Modes.Select(m => m.Name.ToLowerInvariant())]);
        if (of.TryGetValue("modes", out YamlTree? listed) && !modes.Contains("bare"))
        {
            Wrong(listed.Line, "modes lacks bare: every machine has it");
        }

        ulong vmid = of.TryGetValue("vmidlen", out YamlTree? bits) ? Number(bits, "vmidlen") ?? 0 : (ulong)whole.VmidBits;
        if (vmid > (ulong)whole.VmidBits)
        {
            Wrong(bits!.Line, $"vmidlen {vmid}: write at most {whole.VmidBits}");
        }

        string unsupported = of.GetValueOrDefault("unsupported")?.Scalar ?? "old";
        if (unsupported is not ("old" or "bare"))
        {
            Wrong(of["unsupported"].Line, $"unsupported {unsupported}: write old or bare");
        }

        return new HgatpImplementation(listed is null ? whole.Modes : [.. whole.Modes.Where(m => modes.Contains(m.Name.ToLowerInvariant()))], (int)vmid, unsupported == "bare");
    }

    private Hgatp ReadHgatp(YamlTree node, HgatpImplementation machine, Xlen xlen)
    {
        if (Register(node, "hgatp", xlen) is not { } word)
        {
            return Hgatp.Reset(xlen);
        }

        NoSteps nobody = default;
        Hgatp hgatp = Hgatp.Write(Hgatp.Reset(xlen), word, machine, ref nobody);
        if (hgatp.Word != word)
        {
            Wrong(node.Line, $"hgatp 0x{word:x} is nothing that it can hold: MODE is {string.Join(" or ", machine.Modes.Select(m => $"{m.Code} ({m})"))}, VMID has {machine.VmidBits} bits, those between MODE and VMID are 0, and the root is a multiple of 16 KiB");
        }

        return hgatp;
    }

    private (TranslationMode Mode, ulong Ppn) ReadVsatp(YamlTree node, Xlen xlen)
    {
        if (Register(node, "vsatp", xlen) is not { } word)
        {
            return (TranslationMode.VsStage(xlen)[0], 0);
        }

        (TranslationMode? mode, ulong ppn) = Satp.Read(xlen, word);
        if (mode is null)
        {
            Wrong(node.Line, $"vsatp 0x{word:x} is nothing that it can hold: MODE is {string.Join(" or ", TranslationMode.VsStage(xlen).Select(m => $"{m.Code} ({m})"))}");
        }

        return (mode ?? TranslationMode.VsStage(xlen)[0], ppn);
    }

    /// <summary>Reads what another hart stores: words by the compare-and-swap before which it does so.</summary>
    private SortedDictionary<int, IReadOnlyDictionary<ulong, ulong>> ReadMeanwhile(YamlTree? node, Xlen xlen)
    {
        if (node is { Entries: null })
        {
            Wrong(node.Line, $"meanwhile is {node.Kind}: write {{ 1: {{ 0x80000000: 0x1 }} }}");
        }

        SortedDictionary<int, IReadOnlyDictionary<ulong, ulong>> meanwhile = [];
        foreach ((YamlTree key, YamlTree value) in node?.Entries ?? [])
        {
            if (Number(key, "the compare-and-swap") is not { } number)
            {
                continue;
            }

            if (number is 0 or > MostUpdates || !meanwhile.TryAdd((int)number, ReadWords(value, "meanwhile", xlen, null)))
            {
                Wrong(key.Line, $"meanwhile {number}: write each compare-and-swap of the walk once, from 1 to {MostUpdates}");
            }
        }

        return meanwhile;
    }

    private Dictionary<ulong, ulong> ReadWords(YamlTree? node, string name, Xlen xlen, IReadOnlyDictionary<ulong, ulong>? others)
    {
        Dictionary<ulong, ulong> memory = others is null ? [] : new(others);
        ulong size = xlen == Xlen.Rv32 ? 4UL : 8;
        int bits = PhysicalBits(xlen);
        if (node is { Entries: null })
        {
            Wrong(node.Line, $"{name} is {node.Kind}: write {{ 0x80000000: 0x1, ... }}");
        }

        foreach ((YamlTree key, YamlTree value) in node?.Entries ?? [])
        {
            if (Number(key, "the address") is not { } address || Register(value, "the word", xlen) is not { } word)
            {
                continue;
            }

            if (address % size != 0)
            {
                Wrong(key.Line, $"the word at 0x{address:x} is not aligned: words are of {size} bytes");
            }
            else if (address >> bits != 0)
            {
                Wrong(key.Line, $"the address 0x{address:x} is wider than the {bits} bits of physical addresses");
            }
            else if (!memory.TryAdd(address, word))
            {
                Wrong(key.Line, $"the word at 0x{address:x} stands twice: write it once");
            }
        }

        return memory;
    }

    private List<ProtectedRange> ReadRanges(YamlTree? node)
    {
        if (node is { Entries: null })
        {
            Wrong(node.Line, $"protect is {node.Kind}: write {{ 0x80000000..0x80001000: r-x }}");
        }

        List<ProtectedRange> ranges = [];
        foreach ((YamlTree key, YamlTree value) in node?.Entries ?? [])
        {
            string[] ends = (key.Scalar ?? "").Split("..");
            if (ends.Length != 2 || !CallText.TryReadNumber(ends[0], out ulong from) || !CallText.TryReadNumber(ends[1], out ulong to) || from >= to)
            {
                Wrong(key.Line, $"protect {key.Scalar ?? key.Kind}: write the first address and the first after it, such as 0x80000000..0x80001000");
            }
            else if (value.Scalar is not { Length: 3 } text || text[0] is not ('r' or '-') || text[1] is not ('w' or '-') || text[2] is not ('x' or '-'))
            {
                Wrong(value.Line, $"protect allows {value.Scalar ?? value.Kind}: write r, w and x, or a hyphen in their place, such as r-x");
            }
            else
            {
                ranges.Add(new ProtectedRange(new Spa(from), new Spa(to), (text[0] == 'r' ? Permissions.Read : 0)
                    | (text[1] == 'w' ? Permissions.Write : 0) | (text[2] == 'x' ? Permissions.Execute : 0)));
            }
        }

        return ranges;
    }

    private Access ReadAccess(YamlTree node, Xlen xlen)
    {
        Dictionary<string, YamlTree> of = Open(node, "access", AccessKeys, Wrong);
        string kind = of.GetValueOrDefault("kind")?.Scalar ?? "load";
        if (!Kinds.Contains(kind))
        {
            Wrong(of["kind"].Line, $"access is no {kind}: write {string.Join(", ", Kinds)}");
        }

        string privilege = of.GetValueOrDefault("privilege")?.Scalar ?? "vs";
        if (privilege is not ("vs" or "vu"))
        {
            Wrong(of["privilege"].Line, $"privilege {privilege}: write vs or vu");
        }

        ulong bytes = of.TryGetValue("bytes", out YamlTree? width) ? Number(width, "bytes") ?? 1 : 1;
        if (bytes is not (1 or 2 or 4 or 8))
        {
            Wrong(width!.Line, $"bytes {bytes}: write 1, 2, 4 or 8");
        }

        ulong address = 0;
        if (of.TryGetValue("address", out YamlTree? at))
        {
            address = Register(at, "the address", xlen) ?? 0;
            if ((address & (Paging.PageSize - 1)) + bytes > Paging.PageSize)
            {
                Wrong(at.Line, $"the access at 0x{address:x} straddles pages: walk each part by itself");
            }
        }
        else if (node.Entries is not null)
        {
            Wrong(node.Line, "access has no address: add it");
        }

        return new Access(new Gva(address), kind switch { "store" => AccessKind.Store, "fetch" => AccessKind.Fetch, _ => AccessKind.Load },
            privilege == "vu" ? GuestPrivilege.Vu : GuestPrivilege.Vs, kind == "hlvx", (int)bytes);
    }

    private void Wrong(int line, string what)
    {
        failed = true;
        problem(line, what);
    }

    /// <summary>Addresses in hexadecimal; other small numbers as they are.</summary>
    public static string Address(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
