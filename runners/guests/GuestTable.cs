using KvmSpec.Model;
using KvmSpec.Model.Arm64;

namespace KvmSpec.Runners.Guests;

/// <summary>What guests of one architecture have in common.</summary>
/// <param name="Architecture">Whose rules are checked.</param>
/// <param name="Debian">What Debian calls it.</param>
/// <param name="Flavour">The end of its kernel packages' names.</param>
/// <param name="Emulator">The QEMU that runs it.</param>
/// <param name="EmulatorPackage">The package that holds it.</param>
/// <param name="Compiler">The compiler that builds the agent.</param>
/// <param name="CompilerPackages">The packages that hold it and its libc.</param>
/// <param name="Modules">The modules that make /dev/kvm, in the order of loading; none where KVM is built in.</param>
/// <param name="Console">The kernel's name for the serial port.</param>
internal sealed record GuestArchitecture(
    Architecture Architecture,
    string Debian,
    string Flavour,
    string Emulator,
    string EmulatorPackage,
    string Compiler,
    string CompilerPackages,
    string[] Modules,
    string Console);

/// <summary>A machine that guests run on: one entry of <see cref="GuestTable.Guests"/>.</summary>
/// <param name="Name">What follows <c>guest:</c>.</param>
/// <param name="Architecture">What it shares with others.</param>
/// <param name="Title">What is special about it.</param>
/// <param name="Machine">QEMU's arguments for machine, CPU and memory.</param>
/// <param name="KernelArguments">What the kernel's command line needs beside the console.</param>
/// <param name="Restores">True where a snapshot of it is known to go on working.</param>
/// <param name="AnswerSeconds">How long a sequence may take before the guest counts as hung.</param>
/// <param name="Module">A module of our own that the guest loads before it is asked anything; <c>null</c> where there is none.</param>
internal sealed record Guest(
    string Name, GuestArchitecture Architecture, string Title, string Machine, string KernelArguments = "", bool Restores = true, int AnswerSeconds = 60, GuestModule? Module = null);

/// <summary>A kernel module whose source is part of this program, built for each kernel that loads it.</summary>
/// <param name="Name">The module, and the C file without its ending.</param>
/// <param name="Parameters">What it is told.</param>
/// <param name="Loaded">What the host can make once the module is loaded, and could not before.</param>
/// <param name="Releases">The kernel releases that it knows.</param>
internal sealed record GuestModule(string Name, string Parameters, VgicKinds Loaded, params string[] Releases)
{
    /// <summary>What of the hardware a host with it cannot show: the clause that says it, and why not.</summary>
    public (string Clause, string Reason)[] CannotShow { get; init; } = [];
}

/// <summary>A kernel release and the Debian suite that has it.</summary>
/// <param name="Release">Such as 7.2; the newest of its stable updates is taken.</param>
/// <param name="Suite">Debian's name for the suite.</param>
/// <param name="Architectures">Debian's names for the architectures that have it there.</param>
internal sealed record GuestKernel(string Release, string Suite, params string[] Architectures);

/// <summary>
/// Guests and kernels as data. A new guest is one entry of <see cref="Guests"/>, a new release one of <see cref="Kernels"/>.
/// </summary>
internal static class GuestTable
{
    private static readonly GuestArchitecture X86 = new(Architecture.X86, "amd64", "cloud-amd64", "qemu-system-x86_64", "qemu-system-x86",
        "x86_64-linux-gnu-gcc", "gcc libc6-dev", ["irqbypass", "kvm", "kvm-amd"], "ttyS0");

    private static readonly GuestArchitecture Riscv64 = new(Architecture.Riscv64, "riscv64", "riscv64", "qemu-system-riscv64", "qemu-system-riscv",
        "riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross", ["irqbypass", "kvm"], "ttyS0");

    private static readonly GuestArchitecture Arm64 = new(Architecture.Arm64, "arm64", "cloud-arm64", "qemu-system-aarch64", "qemu-system-arm",
        "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", [], "ttyAMA0");

    private const string Gicv3Machine = "-M virt,virtualization=on,gic-version=3 -m 256 -cpu ";

    /// <summary>
    /// The one CPU of QEMU's with FEAT_NV2. Without 52-bit addresses, as KVM goes through all of a guest's address space in steps
    /// of 1 GiB when a VM ends; signing of return addresses is a hash that costs less to emulate than the architecture's.
    /// </summary>
    private const string NestedCpu = "max,lpa2=off,pauth-impdef=on";

    private static readonly GuestModule Gicv5 = new("kvmspec_gicv5", "legacy=1", VgicKinds.V5, "7.3", "7.2")
    {
        CannotShow =
        [
            ("arm64.irq-line.set", "the answer is seen, the interrupt is not: nothing is delivered"),
            ("vgic.v5.userspace-ppis.get", "the PPIs that the host implements are the module's parameter, not the hardware's"),
            ("run.guest", "no guest has GICv5 instructions, and the state of PPIs goes to no register"),
        ],
    };

    private static readonly GuestModule Gicv5Only = Gicv5 with
    {
        Parameters = "legacy=0",
        CannotShow = [.. Gicv5.CannotShow, ("vgic.create.create", "the CPU has a GICv3's registers: before a vGICv5 is made ID_AA64PFR0_EL1.GIC reads 1, not 0")],
    };

    public static readonly Guest[] Guests =
    [
        new("x86-64", X86, "kvm-amd", "-M q35,i8042=off -cpu max,+svm -m 512", "no_timer_check nokaslr"),
        new("riscv64", Riscv64, "Sv57x4", "-M virt -cpu rv64,h=true -m 256"),
        new("riscv64-sv48x4", Riscv64, "Sv48x4", "-M virt -cpu rv64,h=true,sv57=off -m 256"),
        new("riscv64-sv39x4", Riscv64, "Sv39x4", "-M virt -cpu rv64,h=true,sv57=off,sv48=off -m 256"),
        new("riscv64-aia", Riscv64, "Sv57x4, AIA", "-M virt,aia=aplic-imsic -cpu rv64,h=true,smaia=on,ssaia=on -m 256"),
        new("arm64", Arm64, "GICv3, VHE", "-M virt,virtualization=on,gic-version=3 -cpu neoverse-n1 -m 256", "nohlt"),
        new("arm64-gicv2", Arm64, "GICv2, nVHE", "-M virt,virtualization=on,gic-version=2 -cpu cortex-a72 -m 256"),
        new("arm64-nested", Arm64, "GICv3, nested virtualization", Gicv3Machine + NestedCpu, "kvm-arm.mode=nested nohlt", Restores: false, AnswerSeconds: 180),
        new("arm64-lpa2", Arm64, "GICv3, VHE, SVE, guest addresses of 52 bits", Gicv3Machine + "max,pauth-impdef=on", "nohlt", Restores: false, AnswerSeconds: 180),
        new("arm64-gicv5", Arm64, "answers as a GICv5 host with FEAT_GCIE_LEGACY, VHE", Gicv3Machine + "neoverse-n1", "nohlt", Restores: false, Module: Gicv5),
        new("arm64-gicv5-only", Arm64, "answers as a GICv5 host without FEAT_GCIE_LEGACY, VHE", Gicv3Machine + "neoverse-n1", "nohlt", Restores: false, Module: Gicv5Only),
        new("arm64-gicv5-nested", Arm64, "answers as a GICv5 host with nested virtualization", Gicv3Machine + NestedCpu, "kvm-arm.mode=nested nohlt", Restores: false, AnswerSeconds: 180, Module: Gicv5),
    ];

    public static readonly GuestKernel[] Kernels =
    [
        new("7.3", "trixie-backports", "amd64", "arm64", "riscv64"),
        new("7.2", "trixie-backports", "amd64", "arm64", "riscv64"),
        new("6.18", "trixie-backports", "amd64", "arm64", "riscv64"),
        new("6.12", "trixie", "amd64", "arm64", "riscv64"),
    ];

    /// <summary>The kernels of a guest, the newest first.</summary>
    public static IEnumerable<GuestKernel> KernelsOf(Guest guest) =>
        Kernels.Where(k => k.Architectures.Contains(guest.Architecture.Debian) && guest.Module?.Releases.Contains(k.Release) != false);
}
