using KvmSpec.Runners.Commands;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KvmSpec.Runners.Checking;

/// <summary>A group of divergences that is accepted.</summary>
public sealed record Excuse(string Ioctl, string Clause, string Observed, string Reason)
{
    public bool Covers(Group group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return (Ioctl, Clause, Observed) == (group.Ioctl, group.Clause, group.Observed);
    }
}

/// <summary>
/// The divergences that somebody accepts, each with a reason: a YAML list of <c>{ ioctl, clause, observed, reason }</c>,
/// with the words of the report. An excuse that no longer occurs is reported.
/// </summary>
public sealed record Excuses(IReadOnlyList<Excuse> List)
{
    private static readonly string[] Keys = ["ioctl", "clause", "observed", "reason"];

    /// <summary>Reads the file; none where there is no path.</summary>
    /// <exception cref="RequestException">The file cannot be read or is no such list.</exception>
    public static Excuses Load(string? path)
    {
        if (path is null)
        {
            return new Excuses([]);
        }

        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"{path}: {e.Message}");
        }

        YamlStream stream = [];
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new RequestException($"{path}:{e.Start.Line}: {e.Message.ReplaceLineEndings(" ")}");
        }

        if (stream.Documents.Count == 0)
        {
            return new Excuses([]);
        }

        return stream.Documents[0].RootNode is YamlSequenceNode list
            ? new Excuses([.. list.Select(entry => Read(path, entry))])
            : throw new RequestException($"{path}:1: give a list of {{ ioctl, clause, observed, reason }}");
    }

    private static Excuse Read(string path, YamlNode entry)
    {
        if (entry is not YamlMappingNode map)
        {
            throw new RequestException($"{path}:{entry.Start.Line}: give {{ ioctl, clause, observed, reason }}");
        }

        Dictionary<string, string> words = [];
        foreach ((YamlNode key, YamlNode value) in map)
        {
            string name = key.ToString();
            if (!Keys.Contains(name))
            {
                throw new RequestException($"{path}:{key.Start.Line}: unknown key {name}; there are {string.Join(", ", Keys)}");
            }

            if (value is not YamlScalarNode scalar)
            {
                throw new RequestException($"{path}:{value.Start.Line}: {name}: give a text");
            }

            words[name] = scalar.Value ?? "";
        }

        return Keys.FirstOrDefault(k => string.IsNullOrWhiteSpace(words.GetValueOrDefault(k))) is { } missing
            ? throw new RequestException($"{path}:{entry.Start.Line}: {missing} is missing")
            : new Excuse(words["ioctl"], words["clause"], words["observed"], words["reason"]);
    }
}
