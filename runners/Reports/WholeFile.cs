namespace KvmSpec.Runners.Reports;

/// <summary>Writes files that are whole or not there.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file beside its name, then gives it the name; one that was there is replaced.</summary>
    public static void Write(string path, string text)
    {
        string partial = path + ".partial";
        File.WriteAllText(partial, text);
        File.Move(partial, path, overwrite: true);
    }
}
