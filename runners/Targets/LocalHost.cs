using System.Runtime.InteropServices;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>What this machine says of itself.</summary>
internal static class LocalHost
{
    private const nuint CreateVm = 0xAE01;
    private const nuint CheckExtension = 0xAE03;
    private const nuint GetVcpuMapSize = 0xAE04;

    public static Host Probe()
    {
        string cpu = Read("/proc/cpuinfo");
        int[] onSystem = new int[Host.Capabilities];
        int[] onVm = new int[Host.Capabilities];
        int kvm = LocalTarget.Opened(LocalTarget.Device);
        int vm = Libc.Ioctl(kvm, CreateVm, 0);
        for (int capability = 0; capability < Host.Capabilities; capability++)
        {
            onSystem[capability] = Math.Max(0, Libc.Ioctl(kvm, CheckExtension, (nuint)capability));
            onVm[capability] = Math.Max(0, Libc.Ioctl(vm, CheckExtension, (nuint)capability));
        }

        int mapSize = Libc.Ioctl(kvm, GetVcpuMapSize, 0);
        _ = Libc.Close(vm);
        _ = Libc.Close(kvm);
        if (vm < 0)
        {
            throw new TargetException($"{LocalTarget.Device}: cannot create a VM; another hypervisor may own the CPU's extensions");
        }

        bool twoDimensional = onSystem[Model.Uapi.Capabilities.PRE_FAULT_MEMORY.Value] != 0;
        return new Host
        {
            Name = "local",
            Architecture = RuntimeInformation.OSArchitecture switch
            {
                System.Runtime.InteropServices.Architecture.X64 => Model.Architecture.X86,
                System.Runtime.InteropServices.Architecture.Arm64 => Model.Architecture.Arm64,
                System.Runtime.InteropServices.Architecture.RiscV64 => Model.Architecture.Riscv64,
                _ => throw new TargetException($"{RuntimeInformation.OSArchitecture}: no rules for this architecture"),
            },
            Release = Read("/proc/sys/kernel/osrelease").Trim(),
            BackEnd = BackEnd(),
            OnSystem = [.. onSystem],
            OnVm = [.. onVm],
            GpaBits = twoDimensional ? PhysicalBits(cpu) : 52,
            UserAddressEnd = cpu.Contains(" la57", StringComparison.Ordinal) ? (1UL << 56) - 4096 : (1UL << 47) - 4096,
            VcpuMapSize = mapSize,
        };
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    private static string BackEnd()
    {
        string[] modules = ["kvm_pvm", "kvm_amd", "kvm_intel"];
        return string.Join(", ", modules.Where(m => Directory.Exists($"/sys/module/{m}")).Select(m => m.Replace('_', '-')));
    }

    /// <summary>"address sizes : 46 bits physical, 48 bits virtual".</summary>
    private static int PhysicalBits(string cpu)
    {
        string? line = cpu.Split('\n').FirstOrDefault(l => l.StartsWith("address sizes", StringComparison.Ordinal));
        string? bits = line?.Split(':').ElementAtOrDefault(1)?.Trim().Split(' ').FirstOrDefault();
        return int.TryParse(bits, out int number) ? number : 52;
    }
}
