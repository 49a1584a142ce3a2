using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Reports;

/// <summary>Writes files that are whole or not there.</summary>
internal static class WholeFile
{
    private const string Growing = ".partial";

    /// <summary>Refuses a file that could not be written, before anything is done for it.</summary>
    /// <param name="option">The option that names it.</param>
    /// <param name="path">The file; <c>null</c> where none was asked for.</param>
    /// <exception cref="RequestException">It cannot be written.</exception>
    public static void Refuse(string option, string? path)
    {
        if (path is null)
        {
            return;
        }

        if (path.Length == 0 || Directory.Exists(path))
        {
            throw new RequestException($"{option} {path}: {(path.Length == 0 ? "give a file" : "is a directory; give a file in it")}");
        }

        string partial = path + Growing;
        try
        {
            File.Create(partial).Dispose();
            File.Delete(partial);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"{option} {path}: cannot be written there; give a file in a directory of yours ({e.Message})");
        }
    }

    /// <summary>Writes a file beside its name, then gives it the name; one that was there is replaced.</summary>
    public static void Write(string path, string text)
    {
        string partial = path + Growing;
        try
        {
            File.WriteAllText(partial, text);
            File.Move(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
