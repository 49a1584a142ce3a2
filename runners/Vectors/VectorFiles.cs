using System.Collections.Immutable;

namespace KvmSpec.Runners.Vectors;

/// <summary>The vector files of a directory.</summary>
public static class VectorFiles
{
    /// <summary>How a vector file's name ends.</summary>
    public const string Ending = ".yaml";

    /// <summary>Reads every file of a directory, or one file, with all names resolved.</summary>
    /// <exception cref="VectorFileException">Something in them is wrong.</exception>
    public static ImmutableArray<VectorFile> Load(string directory)
    {
        IReadOnlyList<string> paths = Paths(directory);
        (VectorFile? File, ImmutableArray<string> Problems)[] read = new (VectorFile?, ImmutableArray<string>)[paths.Count];
        Parallel.For(0, paths.Count, i =>
        {
            VectorFile? file = VectorReader.Read(NameOf(paths[i]), File.ReadAllText(paths[i]), out ImmutableArray<string> wrong);
            read[i] = (file, wrong);
        });
        ImmutableArray<VectorFile> files = [.. read.Select(r => r.File).OfType<VectorFile>()];
        List<string> problems = [.. read.SelectMany(r => r.Problems)];
        problems.AddRange(Twice(files));
        return problems.Count == 0 ? files : throw new VectorFileException(problems);
    }

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="VectorFileException">Something in it is wrong.</exception>
    public static VectorFile Parse(string path, string text)
    {
        VectorFile? file = VectorReader.Read(path, text, out ImmutableArray<string> problems);
        problems = file is null ? problems : [.. Twice([file])];
        return problems.IsEmpty ? file! : throw new VectorFileException(problems);
    }

    /// <summary>The vector files at a path, in the order of their names.</summary>
    /// <exception cref="VectorFileException">There are none.</exception>
    public static IReadOnlyList<string> Paths(string directory)
    {
        if (File.Exists(directory))
        {
            return [directory];
        }

        string[] paths = Directory.Exists(directory) ? Directory.GetFiles(directory, "*" + Ending) : [];
        Array.Sort(paths, StringComparer.Ordinal);
        return paths.Length > 0 ? paths : throw new VectorFileException([$"{directory}: no vector files are there: name their directory"]);
    }

    /// <summary>A file as messages name it: with its directory.</summary>
    public static string NameOf(string path) =>
        Path.Combine(Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(path))) ?? "", Path.GetFileName(path));

    private static IEnumerable<string> Twice(IEnumerable<VectorFile> files)
    {
        Dictionary<string, string> seen = [];
        foreach ((VectorFile file, Vector vector) in files.SelectMany(f => f.Cases.Select(v => (f, v))))
        {
            string place = $"{file.Path}:{vector.Line}";
            if (!seen.TryAdd(vector.Id, place))
            {
                yield return $"{place}: id {vector.Id} stands in {seen[vector.Id]} too: give this case another";
            }
        }
    }
}
