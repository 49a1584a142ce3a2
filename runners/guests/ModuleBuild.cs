using System.Runtime.InteropServices;
using System.Security.Cryptography;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>A package to build a module with, and where it comes from.</summary>
/// <param name="Debian">Debian's name for the architecture whose index lists it.</param>
/// <param name="Suite">Debian's name for the suite.</param>
/// <param name="Name">The package.</param>
internal sealed record BuildPackage(string Debian, string Suite, string Name);

/// <summary>
/// Builds a module of our own for one kernel, by the kernel's own kbuild and against the headers that Debian built that very
/// kernel with. The tools of kbuild are programs for this machine that may want a newer libc than it has, so the libc of the
/// kernel's Debian release starts them.
/// </summary>
internal static class ModuleBuild
{
    /// <summary>Programs of kbuild that are no scripts. The second is the modpost for 64-bit little-endian modules, which a starter that looks at the module's format would run.</summary>
    private static readonly (string Program, string Called)[] Tools = [("basic/fixdep", "basic/fixdep"), ("mod/modpost.real-lsb-64", "mod/modpost")];

    /// <summary>
    /// What Debian's configuration names because its compiler, or pahole, was there, and what this machine's need not have. It
    /// changes how functions are aligned and what debuggers know, nothing of the layout of data.
    /// </summary>
    private static readonly string[] Without = ["CONFIG_DEBUG_INFO_BTF_MODULES=", "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT="];

    /// <summary>The packages that a build needs, by index and name.</summary>
    /// <param name="architecture">The guest's.</param>
    /// <param name="kernel">Where its kernel came from.</param>
    /// <param name="release">The kernel's own name for its release.</param>
    /// <param name="native">Debian's name for this machine's architecture.</param>
    public static BuildPackage[] Plan(GuestArchitecture architecture, GuestKernel kernel, string release, string native)
    {
        string version = Version(architecture, release);
        return
        [
            new(architecture.Debian, kernel.Suite, $"linux-headers-{release}"),
            new(architecture.Debian, kernel.Suite, $"linux-headers-{version}-common"),
            new(native, kernel.Suite, $"linux-kbuild-{version}"),
            new(native, kernel.Suite.Replace("-backports", "", StringComparison.Ordinal), "libc6"),
        ];
    }

    /// <summary>The built module.</summary>
    /// <exception cref="TargetException">It is not there.</exception>
    public static string Built(GuestModule module, string release) => File.Exists(PathOf(module, release)) ? PathOf(module, release)
        : throw new TargetException($"the module {module.Name} was not built for the kernel {release}; 'kvmspec guest fetch NAME@RELEASE' of a guest with it builds it, for kernels of Debian");

    /// <summary>True where the module is there for a kernel.</summary>
    public static bool IsBuilt(GuestModule module, string release) => File.Exists(PathOf(module, release));

    /// <summary>Builds a module, unless it is there.</summary>
    /// <param name="output">Where progress is told.</param>
    /// <param name="guest">The guest that loads it.</param>
    /// <param name="kernel">Where its kernel came from.</param>
    /// <param name="release">The kernel's own name for its release.</param>
    /// <param name="mirror">A Debian mirror; <c>null</c> takes the one that the system's apt uses.</param>
    /// <exception cref="TargetException">A package or a tool is not there, or the build fails.</exception>
    public static void Make(TextWriter output, Guest guest, GuestKernel kernel, string release, string? mirror)
    {
        GuestModule module = guest.Module!;
        if (IsBuilt(module, release))
        {
            output.WriteLine($"{module.Name} for {release}: already built");
            return;
        }

        if (!Tool.IsThere("make"))
        {
            throw new TargetException($"make: not installed; sudo apt install make brings it, for the module {module.Name}");
        }

        string directory = Directory.CreateTempSubdirectory("kvmspec-module-").FullName;
        try
        {
            foreach (string file in Download(output, guest.Architecture, Plan(guest.Architecture, kernel, release, Native()), kernel, mirror))
            {
                Tool.Run("dpkg-deb", ["-x", file, directory]);
            }

            output.WriteLine($"building {module.Name} for {release}");
            foreach ((string program, string called) in Tools)
            {
                StartWith(Loader(directory), Path.Combine(directory, "usr", "lib", "linux-kbuild-" + Version(guest.Architecture, release), "scripts"), program, called);
            }

            Keep(Compile(directory, guest.Architecture, module, release), PathOf(module, release));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static List<string> Download(TextWriter output, GuestArchitecture architecture, BuildPackage[] plan, GuestKernel kernel, string? mirror)
    {
        List<string> files = [];
        foreach (IGrouping<(string Debian, string Suite), BuildPackage> index in plan.GroupBy(p => (p.Debian, p.Suite)))
        {
            string[] names = [.. index.Select(p => p.Name)];
            AptState apt = new(architecture with { Debian = index.Key.Debian }, kernel with { Suite = index.Key.Suite }, mirror);
            output.WriteLine($"reading the index of {index.Key.Suite} for {index.Key.Debian}");
            apt.Update();
            output.WriteLine($"downloading {string.Join(", ", names)}");
            files.AddRange(apt.Download(names));
        }

        return files;
    }

    /// <summary>Puts a script in the place of a program, which the loader of the unpacked libc then starts.</summary>
    private static void StartWith(string loader, string scripts, string program, string called)
    {
        string moved = Path.Combine(scripts, program) + ".program";
        File.Move(Path.Combine(scripts, program), moved);
        string script = Path.Combine(scripts, called);
        File.Delete(script);
        File.WriteAllText(script, $"#!/bin/sh\nexec '{loader}' --library-path '{Path.GetDirectoryName(loader)}' '{moved}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string Loader(string directory) =>
        Directory.EnumerateFiles(Path.Combine(directory, "usr", "lib"), "ld-linux-*.so.*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }).Order(StringComparer.Ordinal).FirstOrDefault()
            ?? throw new TargetException("libc6 holds no ld-linux: Debian may have moved it to another package");

    private static string Compile(string directory, GuestArchitecture architecture, GuestModule module, string release)
    {
        string build = Path.Combine(directory, "build");
        Directory.CreateDirectory(build);
        File.WriteAllBytes(Path.Combine(build, module.Name + ".c"), GuestCache.Source(module.Name + ".c"));
        File.WriteAllText(Path.Combine(build, "Kbuild"), $"obj-m := {module.Name}.o\n");
        string sources = Path.Combine(directory, "usr", "src");
        string prefix = architecture.Compiler[..^"gcc".Length];
        Tool.Run("make",
        [
            "-C", Path.Combine(sources, $"linux-headers-{Version(architecture, release)}-common"), "O=" + Path.Combine(sources, "linux-headers-" + release),
            "ARCH=" + architecture.Debian, "CROSS_COMPILE=" + prefix, "CC=" + architecture.Compiler, "M=" + build, "KCFLAGS=-Werror", .. Without, "modules",
        ]);
        string built = Path.Combine(build, module.Name + ".ko");
        Tool.Run(prefix + "strip", ["--strip-debug", built]);
        return built;
    }

    private static void Keep(string built, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string partial = $"{path}.{Environment.ProcessId}.partial";
        File.Copy(built, partial, overwrite: true);
        File.Move(partial, path, overwrite: true);
    }

    /// <summary>The file name tells of the kernel, and of the source that was built.</summary>
    private static string PathOf(GuestModule module, string release) => Path.Combine(
        GuestCache.Root, "modules", $"{module.Name}-{release}-{Convert.ToHexStringLower(SHA256.HashData(GuestCache.Source(module.Name + ".c")))[..16]}.ko");

    /// <summary>What the packages for all flavours of a kernel are called by, such as 7.3.4+deb13.</summary>
    private static string Version(GuestArchitecture architecture, string release) => release.EndsWith("-" + architecture.Flavour, StringComparison.Ordinal)
        ? release[..^(architecture.Flavour.Length + 1)]
        : throw new TargetException($"the kernel {release} is not of Debian's flavour {architecture.Flavour}: there are no headers for it");

    private static string Native() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        Architecture other => throw new TargetException($"Debian's kbuild is not looked for on {other}"),
    };
}
