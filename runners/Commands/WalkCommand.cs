using System.Buffers.Binary;
using System.CommandLine;
using System.Text;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Tables;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Vectors;
using KvmSpec.Runners.Walks;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec walk</c>: what the hardware makes of an access, step by step.</summary>
internal static class WalkCommand
{
    private const string Flags = "--";
    private const string Lines = ".jsonl";
    private const long LongestImage = 1L << 30;

    public static Command Make(TextWriter output)
    {
        Argument<string?> file = new("file") { Description = "A walk or a write to hgatp in YAML or JSON, as vectors/walks/README.md has them, or walks in JSON Lines (.jsonl); - is the standard input, one walk a line.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?>[] flags =
        [
            Flag("xlen", "32 or 64."), Flag("hgatp", "The register as it reads."), Flag("vsatp", "The register as it reads."),
            Flag("extensions", "Of svnapot, svpbmt, svadu or svade, svrsw60t59b, with commas."), Flag("menvcfg", "Of pbmte, adue."), Flag("henvcfg", "Of pbmte, adue."),
            Flag("sstatus", "mxr."), Flag("vsstatus", "Of mxr, sum."),
        ];
        Option<string[]> word = new("--word") { Description = "A word of memory: ADDRESS=WORD; all others are 0.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> image = new("--image") { Description = "A raw image of memory: FILE@ADDRESS.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> protect = new("--protect") { Description = "What PMP and PMA allow: FROM..TO=rwx, hyphens for what they do not.", AllowMultipleArgumentsPerToken = true };
        Option<string?> kind = new("--kind") { Description = "load, store, fetch or hlvx." };
        Option<string?> address = new("--address") { Description = "The virtual address." };
        Option<string?> privilege = new("--privilege") { Description = "vs or vu." };
        Option<string?> bytes = new("--bytes") { Description = "How wide the access is." };
        Option<bool> all = new("--all") { Description = "Show also the questions that were answered no." };
        Option<ReportFormat> format = new("--format") { Description = "Text, or JSON with one line a walk.", DefaultValueFactory = _ => ReportFormat.Text };
        Command command = new("walk", "Walk RISC-V page tables as the hardware does: each step with address, entry, decision and clause.")
        {
            file, word, image, protect, kind, address, privilege, bytes, all, format,
        };
        foreach (Option<string?> flag in flags)
        {
            command.Add(flag);
        }

        command.Add(WalkSpikeCommand.Make(output));
        command.Add(Modes(output));
        command.SetAction(parsed =>
        {
            Description description = new();
            foreach (Option<string?> flag in flags)
            {
                description.Add(flag.Name[Flags.Length..], parsed.GetValue(flag), isList: flag.Name is not ("--xlen" or "--hgatp" or "--vsatp"));
            }

            description.AddAccess(parsed.GetValue(kind), parsed.GetValue(address), parsed.GetValue(privilege), parsed.GetValue(bytes));
            description.AddMapping("memory", "--word", parsed.GetValue(word), "ADDRESS=WORD");
            description.AddMapping("protect", "--protect", parsed.GetValue(protect), "FROM..TO=rwx");
            Xlen xlen = parsed.GetValue(flags[0]) == "32" ? Xlen.Rv32 : Xlen.Rv64;
            Dictionary<ulong, ulong> words = ReadImages(parsed.GetValue(image) ?? [], xlen);
            string? path = parsed.GetValue(file);
            if (path is not null && !description.IsEmpty)
            {
                throw new RequestException($"walk {path}: give a file or flags, not both");
            }

            IReadOnlyList<WalkInput> walks = path is null ? [description.Read(words)] : Files(path, words);
            foreach (WalkInput walk in walks)
            {
                if (parsed.GetValue(format) == ReportFormat.Json)
                {
                    output.WriteLine(walk.Json());
                }
                else
                {
                    walk.Write(output, parsed.GetValue(all));
                }
            }

            return ExitStatus.Conforms;
        });
        return command;
    }

    private static Command Modes(TextWriter output)
    {
        Command command = new("modes", "For each pair of G-stage modes the smallest table that they translate differently.");
        command.SetAction(_ =>
        {
            foreach (ModeDifference difference in ModeDifference.All(Xlen.Rv32).Concat(ModeDifference.All(Xlen.Rv64)))
            {
                output.WriteLine($"{difference.One,-8} {difference.Other,-8} {difference.Table}, root at {ModeDifference.Root}, gpa {difference.Address}: "
                    + $"{ModeDifference.Words(difference.ByOne)}; {ModeDifference.Words(difference.ByOther)}");
            }

            return ExitStatus.Conforms;
        });
        return command;
    }

    private static Option<string?> Flag(string name, string description) => new(Flags + name) { Description = description };

    /// <summary>The walks of a file; all of it is read before any of it is walked.</summary>
    private static List<WalkInput> Files(string path, Dictionary<ulong, ulong> words)
    {
        string text = path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path);
        bool lines = path == "-" || path.EndsWith(Lines, StringComparison.Ordinal);
        List<WalkInput> walks = [];
        int number = 0;
        foreach (string part in lines ? text.Split('\n') : [text])
        {
            number++;
            if (!string.IsNullOrWhiteSpace(part))
            {
                int own = number;
                walks.Add(Parse(part, words, (line, problem) => throw new RequestException($"{path}:{(lines ? own : line)}: {problem}")));
            }
        }

        return walks.Count > 0 ? walks : throw new RequestException($"{path}: no walk is there");
    }

    private static WalkInput Parse(string text, IReadOnlyDictionary<ulong, ulong> words, Action<int, string> problem)
    {
        YamlTree? tree = YamlTree.Read(text, problem);
        string[] keys = WalkReader.Keys(tree!.Entries ?? []);
        if (tree.Entries is null)
        {
            problem(tree.Line, $"a walk is a mapping with {string.Join(", ", keys)}");
        }

        foreach ((YamlTree key, _) in tree.Entries!)
        {
            if (!keys.Contains(key.Scalar))
            {
                problem(key.Line, $"a walk has no {key.Scalar}: write {string.Join(", ", keys)}");
            }
        }

        return new WalkReader(problem).ReadInput(tree.Entries, tree.Line, words)!;
    }

    private static Dictionary<ulong, ulong> ReadImages(string[] images, Xlen xlen)
    {
        int size = xlen == Xlen.Rv32 ? 4 : 8;
        Dictionary<ulong, ulong> words = [];
        foreach (string image in images)
        {
            int at = image.LastIndexOf('@');
            if (at < 1 || !CallText.TryReadNumber(image[(at + 1)..], out ulong address))
            {
                throw new RequestException($"--image {image}: give FILE@ADDRESS");
            }

            if (address % (ulong)size != 0)
            {
                throw new RequestException($"--image {image}: the address is not aligned to words of {size} bytes");
            }

            string path = image[..at];
            if (new FileInfo(path) is { Exists: true, Length: > LongestImage })
            {
                throw new RequestException($"--image {image}: an image has at most 1 GiB");
            }

            byte[] content = File.ReadAllBytes(path);
            ulong end = 1UL << WalkReader.PhysicalBits(xlen);
            if (address >= end || (ulong)content.Length > end - address)
            {
                throw new RequestException($"--image {image}: reaches beyond the {WalkReader.PhysicalBits(xlen)} bits of physical addresses");
            }

            if (content.Length % size != 0)
            {
                throw new RequestException($"--image {image}: {content.Length} bytes are no whole number of words of {size} bytes");
            }

            for (int i = 0; i < content.Length; i += size)
            {
                ulong word = size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(i)) : BinaryPrimitives.ReadUInt64LittleEndian(content.AsSpan(i));
                if (!words.TryAdd(address + (ulong)i, word))
                {
                    throw new RequestException($"--image {image}: overlaps another image at 0x{address + (ulong)i:x}");
                }
            }
        }

        return words;
    }

    /// <summary>A walk made of flags: one line for each, so that a problem has its flag.</summary>
    private sealed class Description
    {
        private readonly StringBuilder text = new();
        private readonly List<string> flags = [];

        public bool IsEmpty => flags.Count == 0;

        public void Add(string key, string? value, bool isList)
        {
            if (value is not null)
            {
                Line(Flags + key, isList ? $"{key}: [{value}]" : $"{key}: {value}");
            }
        }

        public void AddAccess(string? kind, string? address, string? privilege, string? bytes)
        {
            if (kind is not null || address is not null || privilege is not null || bytes is not null)
            {
                Line("the access", "access:");
                foreach ((string key, string? value) in new[] { ("kind", kind), ("address", address), ("privilege", privilege), ("bytes", bytes) })
                {
                    if (value is not null)
                    {
                        Line(Flags + key, $"  {key}: {value}");
                    }
                }
            }
        }

        public void AddMapping(string key, string flag, string[]? entries, string form)
        {
            if (entries is not { Length: > 0 })
            {
                return;
            }

            Line(flag, key + ":");
            foreach (string entry in entries)
            {
                string[] parts = entry.Split('=');
                Line($"{flag} {entry}", parts.Length == 2 ? $"  {parts[0]}: {parts[1]}" : throw new RequestException($"{flag} {entry}: give {form}"));
            }
        }

        public WalkInput Read(IReadOnlyDictionary<ulong, ulong> words) => IsEmpty
            ? throw new RequestException("walk: give a file, or flags such as --hgatp and --address; 'kvmspec walk --help' lists them")
            : Parse(text.ToString(), words, (line, problem) => throw new RequestException($"{flags[Math.Clamp(line - 1, 0, flags.Count - 1)]}: {problem}"));

        private void Line(string flag, string line)
        {
            flags.Add(flag);
            text.Append(line).Append('\n');
        }
    }
}
