using System.Globalization;
using System.Text;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Walks;

/// <summary>Owns how the files of golden walks look, as <see cref="VectorFormatter"/> does those of calls.</summary>
internal static class WalkVectorFormatter
{
    /// <summary>Formats the files; returns those that were not in form.</summary>
    public static IReadOnlyList<string> Run(string vectors, bool write)
    {
        List<string> changed = [];
        foreach (WalkVectorFile file in WalkVectorFiles.Load(vectors))
        {
            string path = Path.Combine(vectors, WalkVectorFiles.Directory, file.Topic + VectorFiles.Ending);
            string wanted = Write(file);
            if (File.ReadAllText(path) != wanted)
            {
                changed.Add(file.Path);
                if (write)
                {
                    File.WriteAllText(path + ".partial", wanted);
                    File.Move(path + ".partial", path, overwrite: true);
                }
            }
        }

        return changed;
    }

    /// <summary>A file's text.</summary>
    public static string Write(WalkVectorFile file)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"topic: {file.Topic}\ntitle: {Quote(file.Title)}\ncases:\n");
        string separator = "";
        foreach (WalkVector vector in file.Cases.OrderBy(c => c.Id, StringComparer.Ordinal))
        {
            text.Append(separator);
            Write(text, vector);
            separator = "\n";
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, WalkVector vector)
    {
        text.Append(CultureInfo.InvariantCulture, $"  - id: {vector.Id}\n    title: {Quote(vector.Title)}\n    clauses: [{string.Join(", ", vector.Clauses)}]\n");
        vector.Write(text);
    }

    /// <summary>Words by address, in a line.</summary>
    public static string Words(IEnumerable<KeyValuePair<ulong, ulong>> words) =>
        $"{{ {string.Join(", ", words.OrderBy(w => w.Key).Select(w => $"0x{w.Key:x}: 0x{w.Value:x}"))} }}";

    /// <summary>Writes a walk as files have it, which <c>kvmspec walk</c> reads too.</summary>
    /// <param name="text">Where.</param>
    /// <param name="walk">The walk.</param>
    /// <param name="note">What is said beside the word of an address, as a comment; empty for nothing.</param>
    public static void Write(StringBuilder text, WalkCase walk, Func<ulong, string> note)
    {
        WalkRegisters registers = walk.Registers;
        PteExtensions extensions = registers.Extensions;
        Access access = walk.Access;
        text.Append(CultureInfo.InvariantCulture, $"    xlen: {(int)registers.Xlen}\n");
        List(text, "extensions", (extensions.Svnapot, "svnapot"), (extensions.Svpbmt, "svpbmt"), (extensions.Ad == AdScheme.Svadu, "svadu"),
            (extensions.Ad == AdScheme.Svade, "svade"), (extensions.Svrsw60t59b, "svrsw60t59b"));
        text.Append(CultureInfo.InvariantCulture, $"    hgatp: 0x{registers.Hgatp.Word:x}\n    vsatp: 0x{Satp.Word(registers.VsMode, registers.VsPpn):x}\n");
        List(text, "menvcfg", (registers.MenvcfgPbmte, "pbmte"), (registers.MenvcfgAdue, "adue"));
        List(text, "henvcfg", (registers.HenvcfgPbmte, "pbmte"), (registers.HenvcfgAdue, "adue"));
        List(text, "sstatus", (registers.SstatusMxr, "mxr"));
        List(text, "vsstatus", (registers.VsstatusMxr, "mxr"), (registers.VsstatusSum, "sum"));
        if (walk.Words.Count > 0)
        {
            text.Append("    memory:\n");
            foreach ((ulong address, ulong word) in walk.Words.OrderBy(w => w.Key))
            {
                string said = note(address);
                text.Append(CultureInfo.InvariantCulture, $"      0x{address:x}: 0x{word:x}{(said.Length > 0 ? "  # " : "")}{said}\n");
            }
        }

        if (walk.Ranges.Count > 0)
        {
            text.Append("    protect:\n");
            foreach (ProtectedRange range in walk.Ranges)
            {
                text.Append(CultureInfo.InvariantCulture, $"      {range.From}..{range.To}: {Quoted(range.Allowed)}\n");
            }
        }

        if (walk.Meanwhile.Count > 0)
        {
            text.Append("    meanwhile:\n");
            foreach ((int number, IReadOnlyDictionary<ulong, ulong> stored) in walk.Meanwhile.OrderBy(m => m.Key))
            {
                text.Append(CultureInfo.InvariantCulture, $"      {number}: {Words(stored)}\n");
            }
        }

        string kind = access.Hlvx ? "hlvx" : access.Kind.ToString().ToLowerInvariant();
        text.Append(CultureInfo.InvariantCulture, $"    access: {{ kind: {kind}, address: {access.Address}, privilege: {access.Privilege.ToString().ToLowerInvariant()}, bytes: {access.Bytes} }}\n");
    }

    private static void List(StringBuilder text, string key, params (bool Set, string Name)[] names)
    {
        if (names.Any(n => n.Set))
        {
            text.Append(CultureInfo.InvariantCulture, $"    {key}: [{string.Join(", ", names.Where(n => n.Set).Select(n => n.Name))}]\n");
        }
    }

    /// <summary>What is let through: r, w and x, or hyphens.</summary>
    public static string Allowed(Permissions allowed) =>
        string.Concat((allowed & Permissions.Read) != 0 ? 'r' : '-', (allowed & Permissions.Write) != 0 ? 'w' : '-', (allowed & Permissions.Execute) != 0 ? 'x' : '-');

    private static string Quoted(Permissions allowed)
    {
        string text = Allowed(allowed);
        return text[0] == '-' ? $"\"{text}\"" : text;
    }

    private static string Quote(string text) => text.Contains(": ", StringComparison.Ordinal) ? "\"" + text.Replace("\"", "\\\"", StringComparison.Ordinal) + "\"" : text;
}
