using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace KvmSpec.Runners.Spec;

/// <summary>
/// spec.md as clauses and generated tables. What is in neither is prose and stays as it is when the file is written.
/// </summary>
public sealed partial class SpecFile
{
    /// <summary>The name of the file in messages.</summary>
    public const string FileName = "spec.md";

    private const string Separator = " · ";
    private const string SourceMark = "Source: ";
    private const string EvidenceMark = "Evidence: ";

    private readonly ImmutableArray<string> lines;
    private readonly Dictionary<string, int> evidenceLines = [];
    private readonly Dictionary<string, Clause> byId = [];
    private readonly List<Clause> clauses = [];
    private readonly Dictionary<string, (int Begin, int End)> tables = [];

    private SpecFile(string name, string text)
    {
        Name = name;
        lines = [.. text.ReplaceLineEndings("\n").Split('\n')];
    }

    /// <summary>The copy that the program carries.</summary>
    public static SpecFile Embedded { get; } = Parse(ReadEmbedded());

    /// <summary>What the file is called in messages.</summary>
    public string Name { get; }

    /// <summary>The whole text.</summary>
    public string Text => string.Join('\n', lines);

    /// <summary>The clauses in the order of the file.</summary>
    public IReadOnlyList<Clause> Clauses => clauses;

    /// <summary>The names of the generated tables that the file has places for.</summary>
    public IReadOnlyCollection<string> Tables => tables.Keys;

    /// <summary>The clause with that id, or <c>null</c>.</summary>
    public Clause? Find(string id) => byId.GetValueOrDefault(id);

    /// <summary>The lines of a generated table as they stand in the file.</summary>
    public string Table(string name) => string.Join('\n', lines[(tables[name].Begin + 1)..tables[name].End]);

    /// <summary>The line on which a generated table begins, counted from 1.</summary>
    public int TableLine(string name) => tables[name].Begin + 1;

    /// <summary>Reads a file.</summary>
    /// <exception cref="SpecFormatException">The text is not well formed.</exception>
    public static SpecFile Parse(string text, string name = FileName)
    {
        ArgumentNullException.ThrowIfNull(text);
        SpecFile file = new(name, text);
        file.Read();
        return file;
    }

    /// <summary>The text of the file with tables and evidence replaced; what is not named stays.</summary>
    /// <param name="newTables">Lines of tables by name, without the markers.</param>
    /// <param name="newEvidence">What stands after <c>Evidence:</c>, by clause.</param>
    public string Write(IReadOnlyDictionary<string, string> newTables, IReadOnlyDictionary<string, string>? newEvidence = null)
    {
        ArgumentNullException.ThrowIfNull(newTables);
        Dictionary<int, string> evidence = (newEvidence ?? ImmutableDictionary<string, string>.Empty)
            .ToDictionary(e => evidenceLines[e.Key], e => EvidenceMark + e.Value);
        Dictionary<int, string> starts = newTables.ToDictionary(t => tables[t.Key].Begin, t => t.Key);
        List<string> written = [];
        for (int i = 0; i < lines.Length; i++)
        {
            written.Add(evidence.GetValueOrDefault(i, lines[i]));
            if (starts.TryGetValue(i, out string? table))
            {
                written.Add(newTables[table]);
                i = tables[table].End - 1;
            }
        }

        return string.Join('\n', written);
    }

    private static string ReadEmbedded()
    {
        using Stream stream = typeof(SpecFile).Assembly.GetManifestResourceStream(FileName)
            ?? throw new InvalidOperationException($"{FileName} is not embedded in the program");
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private void Read()
    {
        string chapter = "";
        bool quoted = false;
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i];
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                quoted = !quoted;
            }
            else if (quoted)
            {
                continue;
            }
            else if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                chapter = line[3..];
            }
            else if (line.StartsWith("### ", StringComparison.Ordinal))
            {
                i = ReadClause(i, chapter);
            }
            else if (BeginOfTable().Match(line) is { Success: true } begin)
            {
                i = ReadTable(i, begin.Groups[1].Value);
            }
        }

        if (quoted)
        {
            throw Problem(lines.Length - 1, "the last quoted block is not closed");
        }
    }

    private int ReadTable(int begin, string table)
    {
        int end = lines.IndexOf($"<!-- end {table} -->", begin);
        if (end < 0)
        {
            throw Problem(begin, $"the table {table} has no end");
        }

        if (!tables.TryAdd(table, (begin, end)))
        {
            throw Problem(begin, $"the table {table} is there twice");
        }

        return end;
    }

    /// <summary>Reads the clause whose heading stands on a line; returns its last line.</summary>
    private int ReadClause(int heading, string chapter)
    {
        string id = lines[heading][4..];
        if (!WellFormedId().IsMatch(id))
        {
            throw Problem(heading, $"{id} is no clause id: lower-case kebab in two to four parts");
        }

        string[] parts = LineAt(heading + 1).Split(Separator);
        if (parts.Length != 3 || parts.Any(string.IsNullOrWhiteSpace))
        {
            throw Problem(heading + 1, $"{id}: expected errno{Separator}calls{Separator}releases");
        }

        int at = heading + 2;
        string text = ReadParagraph(ref at, SourceMark, id);
        string source = ReadParagraph(ref at, EvidenceMark, id);
        string evidence = LineAt(at)[EvidenceMark.Length..];
        if (LineAt(at + 1).Length != 0)
        {
            throw Problem(at + 1, $"{id}: the evidence is one line, and an empty line follows it");
        }

        Clause clause = new(id, parts[0], parts[1], parts[2], text, source[SourceMark.Length..], evidence, chapter, heading + 1);
        if (!byId.TryAdd(id, clause))
        {
            throw Problem(heading, $"{id} is there already, on line {byId[id].Line}");
        }

        clauses.Add(clause);
        evidenceLines[id] = at;
        return at;
    }

    /// <summary>Joins the lines from here up to one that begins with a mark.</summary>
    private string ReadParagraph(ref int at, string mark, string id)
    {
        int first = at;
        while (at == first || !LineAt(at).StartsWith(mark, StringComparison.Ordinal))
        {
            bool marked = LineAt(at).StartsWith(EvidenceMark, StringComparison.Ordinal)
                || (LineAt(at).StartsWith(SourceMark, StringComparison.Ordinal) && (mark == SourceMark || at > first));
            if (marked || LineAt(at).Length == 0 || lines[at][0] == '#')
            {
                throw Problem(at, $"{id}: expected text and then a line that begins with \"{mark.TrimEnd()}\"");
            }

            at++;
        }

        return string.Join(' ', lines[first..at]);
    }

    private string LineAt(int index) => index < lines.Length ? lines[index] : "";

    private SpecFormatException Problem(int index, string problem) => new(Name, index + 1, problem);

    [GeneratedRegex(@"\A[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*){1,3}\z")]
    private static partial Regex WellFormedId();

    [GeneratedRegex(@"\A<!-- begin ([a-z0-9-]+) -->\z")]
    private static partial Regex BeginOfTable();
}
