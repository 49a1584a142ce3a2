using System.Security.Cryptography;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>Where kernels, agents and snapshots are kept between runs: XDG_CACHE_HOME/kvmspec, outside any repository.</summary>
internal static class GuestCache
{
    public static string Root => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } home ? home : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "/tmp", ".cache"),
        "kvmspec");

    /// <summary>The directory of a fetched kernel.</summary>
    public static string KernelDirectory(GuestArchitecture architecture, GuestKernel kernel) => Path.Combine(Root, "kernels", $"{architecture.Debian}-{kernel.Release}");

    /// <summary>The directory of an apt state of its own.</summary>
    public static string AptDirectory(GuestArchitecture architecture, GuestKernel kernel) => Path.Combine(Root, "apt", $"{architecture.Debian}-{kernel.Suite}");

    /// <summary>The agent for an architecture, built where it is not there or the source has changed.</summary>
    /// <exception cref="TargetException">The compiler is not there.</exception>
    public static byte[] Agent(GuestArchitecture architecture)
    {
        byte[] source = Source("agent.c");
        string built = Path.Combine(Root, "agents", $"{architecture.Debian}-{Convert.ToHexStringLower(SHA256.HashData(source))[..16]}");
        if (!File.Exists(built))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(built)!);
            string partial = $"{built}.{Environment.ProcessId}.partial";
            try
            {
                Tool.Run(architecture.Compiler, ["-O2", "-static", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-x", "c", "-", "-o", partial], source);
                File.Move(partial, built, overwrite: true);
            }
            finally
            {
                File.Delete(partial);
            }
        }

        return File.ReadAllBytes(built);
    }

    /// <summary>A C file that is part of this program.</summary>
    public static byte[] Source(string name)
    {
        using Stream source = typeof(GuestCache).Assembly.GetManifestResourceStream(name)!;
        using MemoryStream bytes = new();
        source.CopyTo(bytes);
        return bytes.ToArray();
    }
}
