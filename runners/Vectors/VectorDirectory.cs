namespace KvmSpec.Runners.Vectors;

/// <summary>Where the vectors are when nobody says.</summary>
public static class VectorDirectory
{
    private const string Name = "vectors";

    /// <summary>The directory given; else the next <c>vectors</c> upwards from the current directory; else the copy beside the program.</summary>
    /// <param name="given">As given on the command line, if it was.</param>
    /// <exception cref="VectorFileException">None is given and none is found.</exception>
    public static string Find(string? given)
    {
        if (given is not null)
        {
            return given;
        }

        for (DirectoryInfo? at = new(Directory.GetCurrentDirectory()); at is not null; at = at.Parent)
        {
            if (Path.Combine(at.FullName, Name) is var found && HasVectors(found))
            {
                return found;
            }
        }

        string beside = Path.Combine(AppContext.BaseDirectory, Name);
        return HasVectors(beside) ? beside
            : throw new VectorFileException([$"{Name}: no such directory here, above, or beside the program: name the directory of the vector files"]);
    }

    private static bool HasVectors(string directory) =>
        Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*" + VectorFiles.Ending).Any();
}
