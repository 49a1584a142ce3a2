using System.Runtime.InteropServices;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>What this machine says of itself.</summary>
internal static class LocalHost
{
    public static Host Probe(MakesCalls make) => HostProbe.Of("local", Read("/proc/sys/kernel/osrelease")?.Trim() ?? "", Machine, Read, make);

    /// <summary>What its memslots may cost.</summary>
    /// <exception cref="TargetException">There are no rules for the machine.</exception>
    public static MemslotMemory Memslots() => MemslotMemory.Of(HostProbe.ArchitectureOf(Machine), Read);

    /// <summary>As uname(2) has it.</summary>
    private static string Machine => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "x86_64",
        System.Runtime.InteropServices.Architecture.Arm64 => "aarch64",
        System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
        _ => RuntimeInformation.OSArchitecture.ToString(),
    };

    private static string? Read(string path) => File.Exists(path) ? File.ReadAllText(path) : Directory.Exists(path) ? "" : null;
}
