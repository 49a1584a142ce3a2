using System.Globalization;
using System.Text;
using KvmSpec.Model;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// Owns how vector files look: cases in the order of their ids, keys in one order, numbers as calls are printed
/// everywhere. Formatting what is formatted changes nothing.
/// </summary>
public static class VectorFormatter
{
    private const int Widest = 140;
    private const string NeedsQuotes = "-?:,[]{}#&*!|>'\"%@` ";

    /// <summary>The text as it should be.</summary>
    /// <exception cref="VectorFileException">The text is no vector file.</exception>
    public static string Format(string path, string text) => Write(VectorFiles.Parse(path, text));

    /// <summary>
    /// Formats the files of a directory, and what is generated beside them: the schema and the table of ioctls. Returns those
    /// that were not in form.
    /// </summary>
    /// <param name="directory">The directory, or one file.</param>
    /// <param name="write">Whether to change them, or only to look.</param>
    /// <exception cref="VectorFileException">A file cannot be read.</exception>
    public static IReadOnlyList<string> Run(string directory, bool write)
    {
        List<string> changed = [];
        foreach (VectorFile file in VectorFiles.Load(directory))
        {
            string path = File.Exists(directory) ? directory : Path.Combine(directory, file.Topic + VectorFiles.Ending);
            Keep(path, Write(file), write, changed);
        }

        if (Path.Combine(directory, "schema.json") is var schema && File.Exists(schema))
        {
            Keep(schema, VectorSchema.Text(), write, changed);
        }

        if (Path.Combine(directory, "README.md") is var readme && File.Exists(readme))
        {
            Keep(readme, IoctlTable.Update(VectorFiles.NameOf(readme), File.ReadAllText(readme)), write, changed);
        }

        return changed;
    }

    private static void Keep(string path, string wanted, bool write, List<string> changed)
    {
        if (File.ReadAllText(path) == wanted)
        {
            return;
        }

        changed.Add(VectorFiles.NameOf(path));
        if (write)
        {
            string partial = path + ".partial";
            File.WriteAllText(partial, wanted);
            File.Move(partial, path, overwrite: true);
        }
    }

    /// <summary>A file's text.</summary>
    public static string Write(VectorFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"topic: {file.Topic}\ntitle: {Quote(file.Title)}\ncases:\n");
        string separator = "";
        foreach (Vector vector in file.Cases.OrderBy(v => v.Id, StringComparer.Ordinal))
        {
            text.Append(separator);
            separator = "\n";
            Write(text, vector);
        }

        return text.ToString();
    }

    /// <summary>A call with what must come of it, as one line.</summary>
    public static string Write(VectorCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        List<string> more = [call.May ? $"may: [{string.Join(", ", call.Outcomes)}]" : $"must: {call.Outcomes[0]}"];
        if (call.By is not null)
        {
            more.Add($"by: {call.By}");
        }

        if (!call.After.IsEmpty)
        {
            more.Add($"after: {{ {string.Join(", ", call.After.OrderBy(a => a.Key.Index).Select(a => $"{a.Key.Name}: {CallText.Number(a.Value)}"))} }}");
        }

        return CallText.Write(call.Call, [.. more]);
    }

    private static void Write(StringBuilder text, Vector vector)
    {
        text.Append(CultureInfo.InvariantCulture, $"  - id: {vector.Id}\n    title: {Quote(vector.Title)}\n");
        if (vector.Note is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"    note: {Quote(vector.Note)}\n");
        }

        string clauses = $"    clauses: [{string.Join(", ", vector.Clauses)}]";
        if (clauses.Length <= Widest)
        {
            text.Append(clauses).Append('\n');
        }
        else
        {
            text.Append("    clauses:\n");
            foreach (string clause in vector.Clauses)
            {
                text.Append("      - ").Append(clause).Append('\n');
            }
        }

        text.Append(CultureInfo.InvariantCulture, $"    revisions: {vector.Revisions}\n    host: {vector.Host}\n    calls:\n");
        foreach (VectorCall call in vector.Calls)
        {
            text.Append("      - ").Append(Write(call)).Append('\n');
        }
    }


    private static string Quote(string text)
    {
        bool plain = !NeedsQuotes.Contains(text[0], StringComparison.Ordinal) && !text.Contains(": ", StringComparison.Ordinal)
            && !text.Contains(" #", StringComparison.Ordinal) && text[^1] is not (':' or ' ') && !text.Any(char.IsControl)
            && !CallText.TryReadNumber(text, out _) && text is not ("true" or "false" or "null" or "~");
        return plain ? text : "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal) + "\"";
    }
}
