namespace KvmSpec.Properties.Listing;

/// <summary>
/// Finds a test's source file again: a deterministic build writes <c>/_/</c> for the root of the sources, and a copied
/// build output may lie elsewhere than it was built.
/// </summary>
internal static class SourceFiles
{
    public static string Find(string compiled)
    {
        if (File.Exists(compiled))
        {
            return compiled;
        }

        string[] parts = compiled.Split('/', '\\');
        for (DirectoryInfo? above = new(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            for (int skipped = 1; skipped < parts.Length - 1; skipped++)
            {
                string candidate = Path.Combine([above.FullName, .. parts[skipped..]]);
                if (File.Exists(candidate))
                {
                    return candidate;
                }
            }
        }

        throw new FileNotFoundException($"no source file {compiled} above the tests' binaries");
    }
}
