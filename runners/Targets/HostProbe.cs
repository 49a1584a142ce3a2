using KvmSpec.Model;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Targets;

/// <summary>Where the machine behind a target says what it is: a file's content, or <c>null</c> where it is not there.</summary>
internal delegate string? ReadsFile(string path);

/// <summary>Makes calls, as <see cref="ITarget.Execute"/> does.</summary>
internal delegate void MakesCalls(ReadOnlySpan<Call> calls, Span<Observation> observed);

/// <summary>Finds out what a host is: by its files, and by calls that every target can make.</summary>
internal static class HostProbe
{
    private const int MapSizeAt = 0;
    private const int VmAt = 1;
    private const int SystemAt = 2;
    private const int OnVmAt = SystemAt + Host.Capabilities;

    private static readonly string[] BackEnds = ["kvm_pvm", "kvm_amd", "kvm_intel", "kvmspec_gicv5"];

    private static readonly Dictionary<string, Architecture> Machines = new()
    {
        ["x86_64"] = Architecture.X86,
        ["aarch64"] = Architecture.Arm64,
        ["riscv64"] = Architecture.Riscv64,
    };

    /// <summary>Probes the host.</summary>
    /// <param name="name">What it is called in reports.</param>
    /// <param name="release">The kernel's release.</param>
    /// <param name="machine">The machine as uname(2) has it.</param>
    /// <param name="read">Reads the host's files.</param>
    /// <param name="make">Makes calls on the host.</param>
    /// <exception cref="TargetException">There are no rules for the machine, or no VM can be made.</exception>
    public static Host Of(string name, string release, string machine, ReadsFile read, MakesCalls make)
    {
        Call[] calls = Questions();
        Observation[] answers = new Observation[calls.Length];
        make(calls, answers);
        if (!answers[VmAt].Descriptor)
        {
            throw new TargetException($"{LocalTarget.Device}: cannot create a VM ({answers[VmAt].Summary}); another hypervisor may own the CPU's extensions");
        }

        int[] onSystem = [.. answers.AsSpan(SystemAt, Host.Capabilities).ToArray().Select(a => (int)a.Result)];
        string cpu = read("/proc/cpuinfo") ?? "";
        Architecture architecture = ArchitectureOf(machine);
        (int gpaBits, ulong userAddressEnd) = Addresses(architecture, cpu, onSystem);
        return new Host
        {
            Name = name,
            Architecture = architecture,
            Release = release,
            BackEnd = string.Join(", ", BackEnds.Where(m => read($"/sys/module/{m}") is not null).Select(m => m.Replace('_', '-'))),
            OnSystem = [.. onSystem],
            OnVm = [.. answers.AsSpan(OnVmAt, Host.Capabilities).ToArray().Select(a => (int)a.Result)],
            GpaBits = gpaBits,
            UserAddressEnd = architecture == Architecture.Arm64 ? Arm64Probe.UserAddressEnd(make) : userAddressEnd,
            VcpuMapSize = (int)answers[MapSizeAt].Result,
            Part = architecture == Architecture.Arm64 ? Arm64Probe.Of(onSystem, make) : null,
        };
    }

    /// <summary>The architecture of a machine.</summary>
    /// <param name="machine">As uname(2) has it.</param>
    /// <exception cref="TargetException">There are no rules for it.</exception>
    public static Architecture ArchitectureOf(string machine) =>
        Machines.TryGetValue(machine, out Architecture known) ? known : throw new TargetException($"{machine}: no rules for this architecture");

    private static Call[] Questions()
    {
        Handle vm = new(DescriptorKind.Vm, 0);
        Operation askSystem = Asking(Ioctls.CheckExtension.Ioctl, DescriptorKind.System);
        Operation askVm = Asking(Ioctls.CheckExtension.Ioctl, DescriptorKind.Vm);
        Call[] calls = new Call[OnVmAt + Host.Capabilities];
        calls[MapSizeAt] = new Call(Asking(Ioctls.GetVcpuMmapSize.Ioctl, DescriptorKind.System), Handle.Kvm);
        calls[VmAt] = new Call(Asking(Ioctls.CreateVm.Ioctl, DescriptorKind.System) with { Creates = DescriptorKind.Vm }, Handle.Kvm) { As = vm };
        for (int capability = 0; capability < Host.Capabilities; capability++)
        {
            calls[SystemAt + capability] = new Call(askSystem, Handle.Kvm).With(Ioctls.CheckExtension.Capability, (ulong)capability);
            calls[OnVmAt + capability] = new Call(askVm, vm).With(Ioctls.CheckExtension.Capability, (ulong)capability);
        }

        return calls;
    }

    /// <summary>An ioctl as a question: there are no rules, for nothing is known of the host yet.</summary>
    private static Operation Asking(Ioctl ioctl, DescriptorKind on) => new() { Ioctl = ioctl, On = on, Rules = [] };

    /// <summary>Bits of guest-physical addresses, and the end of user addresses.</summary>
    private static (int GpaBits, ulong UserAddressEnd) Addresses(Architecture architecture, string cpu, int[] onSystem) => architecture switch
    {
        Architecture.X86 => (
            onSystem[Capabilities.PRE_FAULT_MEMORY.Value] != 0 ? PhysicalBits(cpu) : 52,
            cpu.Contains(" la57", StringComparison.Ordinal) ? (1UL << 56) - 4096 : (1UL << 47) - 4096),
        Architecture.Arm64 => (onSystem[Capabilities.ARM_VM_IPA_SIZE.Value] is > 0 and var bits ? bits : 40, 1UL << 48),
        _ => (onSystem[Capabilities.VM_GPA_BITS.Value], cpu.Contains("sv57", StringComparison.Ordinal) ? 1UL << 56 : cpu.Contains("sv48", StringComparison.Ordinal) ? 1UL << 47 : 1UL << 38),
    };

    /// <summary>"address sizes : 46 bits physical, 48 bits virtual".</summary>
    private static int PhysicalBits(string cpu)
    {
        string? line = cpu.Split('\n').FirstOrDefault(l => l.StartsWith("address sizes", StringComparison.Ordinal));
        string? bits = line?.Split(':').ElementAtOrDefault(1)?.Trim().Split(' ').FirstOrDefault();
        return int.TryParse(bits, out int number) ? number : 52;
    }
}
