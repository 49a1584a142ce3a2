using KvmSpec.Properties.Commands;
using KvmSpec.Properties.Vectors;
using Xunit;

namespace KvmSpec.Properties.Traces;

/// <summary>A directory of its own for the records of a test, gone with it.</summary>
internal sealed class TraceFiles : IDisposable
{
    /// <summary>What somebody else's recorder wrote: the example of FORMAT.md.</summary>
    public static readonly string Example = Golden.Beside("..", "Traces", "example.jsonl");

    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec").FullName;

    public string this[string name] => Path.Combine(directory, name);

    /// <summary>Everything that is there.</summary>
    public IEnumerable<string> Names => Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal);

    /// <summary>Records a check of a target.</summary>
    public string Record(string target, params string[] options)
    {
        string file = this[$"{Names.Count()}.jsonl"];
        Invocation invocation = Invocation.Of(["check", "--target", target, "--record", file, .. options.Contains("--vectors") ? options : ["--vectors", "none", .. options]]);
        Assert.Empty(invocation.Errors);
        return file;
    }

    /// <summary>A file of those lines.</summary>
    public string Write(params string[] lines)
    {
        string file = this["trace.jsonl"];
        File.WriteAllText(file, string.Join('\n', lines) + "\n");
        return file;
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
