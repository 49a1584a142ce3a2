using System.Collections.Immutable;
using System.Globalization;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Walks;

/// <summary>Reads the golden walks: the files of <c>vectors/walks</c>.</summary>
internal static class WalkVectorFiles
{
    /// <summary>The directory below that of the vectors.</summary>
    public const string Directory = "walks";

    private static readonly string[] FileKeys = ["topic", "title", "cases"];
    private static readonly string[] AccessKeys = ["id", "title", "clauses", .. WalkReader.WalkKeys, "must", "after"];
    private static readonly string[] WriteKeys = ["id", "title", "clauses", .. WalkReader.WriteKeys, "must"];
    private static readonly string[] WrittenKeys = ["hgatp"];
    private static readonly string[] MustKeys = ["spa", "gpa", "type", "cause", "tval", "htval", "htinst"];

    /// <summary>Reads all files; none where the directory has no walks.</summary>
    /// <param name="vectors">The directory of the vectors.</param>
    /// <exception cref="VectorFileException">Something in them is wrong.</exception>
    public static ImmutableArray<WalkVectorFile> Load(string vectors)
    {
        string directory = Path.Combine(vectors, Directory);
        if (!System.IO.Directory.Exists(directory))
        {
            return [];
        }

        List<string> problems = [];
        List<WalkVectorFile> files = [];
        HashSet<string> ids = [];
        foreach (string path in System.IO.Directory.GetFiles(directory, "*" + VectorFiles.Ending).Order(StringComparer.Ordinal))
        {
            if (Read(VectorFiles.NameOf(path), File.ReadAllText(path), problems) is { } file)
            {
                files.Add(file);
                problems.AddRange(file.Cases.Where(c => !ids.Add(c.Id)).Select(c => $"{file.Path}:{c.Line}: id {c.Id} is there twice: give this case another"));
            }
        }

        return problems.Count == 0 ? [.. files] : throw new VectorFileException(problems);
    }

    /// <summary>Reads a file's text.</summary>
    public static WalkVectorFile? Read(string path, string text, List<string> problems)
    {
        int before = problems.Count;
        void Problem(int line, string what) => problems.Add(string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: {what}"));
        if (YamlTree.Read(text, Problem) is not { } root)
        {
            return null;
        }

        Dictionary<string, YamlTree> of = WalkReader.Open(root, "a file", FileKeys, Problem);
        string topic = of.GetValueOrDefault("topic")?.Scalar ?? "";
        if (topic != Path.GetFileNameWithoutExtension(path))
        {
            Problem(1, $"topic {topic} is not the file's name: write topic: {Path.GetFileNameWithoutExtension(path)}");
        }

        ImmutableArray<WalkVector>.Builder cases = ImmutableArray.CreateBuilder<WalkVector>();
        foreach (YamlTree node in of.GetValueOrDefault("cases")?.Items ?? [])
        {
            if (ReadCase(node, topic, Problem) is { } vector)
            {
                cases.Add(vector);
            }
        }

        return problems.Count == before ? new WalkVectorFile(path, topic, of["title"].Scalar ?? "", cases.ToImmutable()) : null;
    }

    private static WalkVector? ReadCase(YamlTree node, string topic, Action<int, string> problem)
    {
        bool failed = false;
        void Wrong(int line, string what)
        {
            failed = true;
            problem(line, what);
        }

        List<KeyValuePair<YamlTree, YamlTree>> entries = node.Entries ?? [];
        bool isWrite = WalkReader.IsWrite(entries);
        Dictionary<string, YamlTree> of = WalkReader.Open(node, "a case", isWrite ? WriteKeys : AccessKeys, Wrong);
        string id = of.GetValueOrDefault("id")?.Scalar ?? "";
        if (!id.StartsWith(topic + "/", StringComparison.Ordinal) || id.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('-' or '/')))
        {
            Wrong(node.Line, $"id '{id}' is no path of lower-case letters, digits and hyphens that begins with {topic}/");
        }

        if (of.GetValueOrDefault("title")?.Scalar is not { Length: > 0 } title)
        {
            Wrong(node.Line, $"{id} has no title: add it");
            title = "";
        }

        HashSet<string> clauses = new WalkReader(Wrong).Names(of.GetValueOrDefault("clauses"), "clauses", [.. WalkClauses.All.Select(c => c.Id)]);
        if (clauses.Count == 0)
        {
            Wrong(node.Line, $"{id} claims no clauses: add them");
        }

        if (!of.TryGetValue("must", out YamlTree? must))
        {
            Wrong(node.Line, $"the case has no result: write {(isWrite ? "must: { hgatp: ... }" : "must: { spa: ... } or must: { cause: ... }")}");
            return null;
        }

        if (isWrite)
        {
            HgatpWrite? asked = new WalkReader(Wrong).ReadWrite(entries);
            ulong written = ReadWritten(must, Wrong);
            return failed || asked is null ? null
                : new HgatpVector { Id = id, Title = title, Line = node.Line, Clauses = [.. clauses], Asked = asked, Must = written };
        }

        WalkCase? walk = new WalkReader(Wrong).Read(entries, node.Line);
        WalkExpectation expected = ReadMust(must, of, Wrong);
        return failed || walk is null ? null
            : new AccessVector { Id = id, Title = title, Line = node.Line, Clauses = [.. clauses], Walk = walk, Must = expected };
    }

    private static ulong ReadWritten(YamlTree tree, Action<int, string> wrong)
    {
        if (WalkReader.Open(tree, "must", WrittenKeys, wrong).TryGetValue("hgatp", out YamlTree? written))
        {
            return new WalkReader(wrong).Number(written, "hgatp") ?? 0;
        }

        wrong(tree.Line, "must has no hgatp: write what it reads as");
        return 0;
    }

    private static WalkExpectation ReadMust(YamlTree tree, Dictionary<string, YamlTree> of, Action<int, string> wrong)
    {
        Dictionary<string, YamlTree> must = WalkReader.Open(tree, "must", MustKeys, wrong);
        ulong Number(string key) => must.TryGetValue(key, out YamlTree? value) ? new WalkReader(wrong).Number(value, key) ?? 0 : 0;
        TrapCause cause = (TrapCause)Number("cause");
        if (must.ContainsKey("cause") == must.ContainsKey("spa") || (must.ContainsKey("cause") && (cause == TrapCause.None || !Enum.IsDefined(cause))))
        {
            wrong(tree.Line, "must has a spa, or a cause out of 1, 5, 7, 12, 13, 15, 20, 21 and 23");
        }

        MemoryType type = MemoryType.Pma;
        if (must.TryGetValue("type", out YamlTree? named) && (named.Scalar is not ("pma" or "nc" or "io") || !Enum.TryParse(named.Scalar, ignoreCase: true, out type)))
        {
            wrong(named.Line, $"type {named.Scalar}: write pma, nc or io");
        }

        ImmutableSortedDictionary<ulong, ulong>.Builder after = ImmutableSortedDictionary.CreateBuilder<ulong, ulong>();
        foreach ((YamlTree key, YamlTree value) in of.GetValueOrDefault("after")?.Entries ?? [])
        {
            if (new WalkReader(wrong).Number(key, "the address") is { } address && new WalkReader(wrong).Number(value, "the word") is { } word)
            {
                after[address] = word;
            }
        }

        return new WalkExpectation(new WalkResult
        {
            Cause = cause,
            Type = type,
            Pseudo = (ushort)Number("htinst"),
            Spa = new Spa(Number("spa")),
            Gpa = new Gpa(Number("gpa")),
            Tval = new Gva(Number("tval")),
            Htval = Number("htval"),
        }, after.ToImmutable());
    }
}
