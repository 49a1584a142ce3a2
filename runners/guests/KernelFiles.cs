using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>A kernel that can be booted: the image and the modules that make /dev/kvm, in the order of loading.</summary>
/// <param name="Title">What it is called in reports: the release, or the file.</param>
/// <param name="Image">What QEMU boots.</param>
/// <param name="Modules">Module files, not compressed.</param>
internal sealed record KernelFiles(string Title, string Image, string[] Modules)
{
    private const string ImageName = "kernel";

    /// <summary>A fetched kernel; <c>null</c> where it is not there.</summary>
    public static KernelFiles? Fetched(GuestArchitecture architecture, GuestKernel kernel)
    {
        string directory = GuestCache.KernelDirectory(architecture, kernel);
        string image = Path.Combine(directory, ImageName);
        return File.Exists(image) ? new KernelFiles(kernel.Release, image, ModulesIn(directory, architecture, kernel.Release)) : null;
    }

    /// <summary>A kernel of the user's own.</summary>
    /// <exception cref="TargetException">The files are not there.</exception>
    public static KernelFiles Own(GuestArchitecture architecture, string image, string? modules)
    {
        if (!File.Exists(image))
        {
            throw new TargetException($"--kernel {image}: no such file");
        }

        if (modules is not null && !Directory.Exists(modules))
        {
            throw new TargetException($"--modules {modules}: no such directory");
        }

        return new KernelFiles(image, image, modules is null ? [] : ModulesIn(modules, architecture, $"--modules {modules}"));
    }

    /// <summary>What is put into the initial RAM file system.</summary>
    public List<(string Name, byte[] Content)> LoadModules() => [.. Modules.Select(m => (NameOf(m) + ".ko", Content(m)))];

    /// <summary>Takes image and modules out of unpacked packages into a directory that appears whole or not at all.</summary>
    public static void Keep(string unpacked, GuestArchitecture architecture, string directory)
    {
        string found = Directory.EnumerateFiles(unpacked, "vmlinu*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new TargetException("the packages hold no kernel: Debian may have moved it to another package");
        string partial = directory + ".partial";
        Directory.CreateDirectory(partial);
        File.WriteAllBytes(Path.Combine(partial, ImageName), X86Image.Unpacked(File.ReadAllBytes(found), architecture));
        foreach (string module in ModulesIn(unpacked, architecture, "the packages"))
        {
            File.WriteAllBytes(Path.Combine(partial, NameOf(module) + ".ko"), Content(module));
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.Move(partial, directory);
    }

    private static string[] ModulesIn(string directory, GuestArchitecture architecture, string where)
    {
        string[] all = [.. Directory.EnumerateFiles(directory, "*.ko*", SearchOption.AllDirectories)];
        string[] found = [.. architecture.Modules.Select(m => all.FirstOrDefault(f => NameOf(f) == m)).OfType<string>()];
        return found.Length > 0 || architecture.Modules.Length == 0 ? found
            : throw new TargetException($"{where}: none of the modules {string.Join(", ", architecture.Modules)} is there");
    }

    private static string NameOf(string module) => Path.GetFileName(module).Split('.')[0].Replace('_', '-');

    private static byte[] Content(string module) => Path.GetExtension(module) switch
    {
        ".xz" => Tool.Run("xz", ["-dc"], File.ReadAllBytes(module)),
        ".zst" => Tool.Run("zstd", ["-dc"], File.ReadAllBytes(module)),
        _ => File.ReadAllBytes(module),
    };
}
