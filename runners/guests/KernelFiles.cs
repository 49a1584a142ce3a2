using System.Text;
using System.Text.RegularExpressions;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Guests;

/// <summary>A kernel that can be booted: the image and the modules that make /dev/kvm, in the order of loading.</summary>
/// <param name="Title">What it is called in reports: the release, or the file.</param>
/// <param name="Image">What QEMU boots.</param>
/// <param name="Modules">Module files, not compressed.</param>
/// <param name="IsOwn">True where the user gave it.</param>
internal sealed partial record KernelFiles(string Title, string Image, string[] Modules, bool IsOwn = false)
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

        if (KernelImage.ArchitectureOf(Start(image)) is { } other && other != architecture.Architecture)
        {
            throw new TargetException($"--kernel {image}: a kernel for {HostNeeds.NameOf(other)}, and the guest runs {HostNeeds.NameOf(architecture.Architecture)}");
        }

        if (modules is not null && !Directory.Exists(modules))
        {
            throw new TargetException($"--modules {modules}: no such directory");
        }

        return new KernelFiles(image, image, modules is null ? [] : ModulesIn(modules, architecture, $"--modules {modules}"), IsOwn: true);
    }

    /// <summary>The kernel's own name for its release, such as 7.3.4+deb13-cloud-arm64: what modules for it are built against.</summary>
    /// <exception cref="TargetException">The image does not tell.</exception>
    public string Release()
    {
        Match banner = Banner().Match(Encoding.Latin1.GetString(File.ReadAllBytes(Image)));
        return banner.Success ? banner.Groups[1].Value : throw new TargetException($"{Image}: no release in it; it may be compressed");
    }

    /// <summary>What is put into the initial RAM file system.</summary>
    /// <param name="module">A module of our own that is loaded last, or <c>null</c>.</param>
    /// <exception cref="TargetException">It was not built for this kernel.</exception>
    public List<(string Name, byte[] Content, string Parameters)> LoadModules(GuestModule? module)
    {
        List<(string, byte[], string)> loaded = [.. Modules.Select(m => (NameOf(m) + ".ko", Content(m), ""))];
        if (module is not null)
        {
            loaded.Add((module.Name + ".ko", File.ReadAllBytes(ModuleBuild.Built(module, Release())), module.Parameters));
        }

        return loaded;
    }

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

    private static byte[] Start(string image)
    {
        using FileStream file = File.OpenRead(image);
        byte[] start = new byte[KernelImage.HeaderSize];
        return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
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

    [GeneratedRegex(@"Linux version (\d\S*) \(")]
    private static partial Regex Banner();
}
