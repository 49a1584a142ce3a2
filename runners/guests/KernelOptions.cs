using KvmSpec.Model;

namespace KvmSpec.Runners.Guests;

/// <summary>A configuration option that a kernel of one's own needs.</summary>
/// <param name="Name">Such as CONFIG_KVM.</param>
/// <param name="Only">The architectures that need it; none is all.</param>
internal sealed record KernelOption(string Name, params Architecture[] Only)
{
    /// <summary>True where it may be a module that <c>--modules</c> brings.</summary>
    public bool MayBeModule { get; init; }

    /// <summary>The option for people: its value, and for whom.</summary>
    public override string ToString() =>
        $"{Name}=y{(MayBeModule ? " or =m with --modules" : "")}{(Only.Length == 0 ? "" : $" ({string.Join(", ", Only.Select(NameOf))})")}";

    private static string NameOf(Architecture architecture) => architecture == Architecture.X86 ? "x86-64" : architecture.ToString().ToLowerInvariant();
}

/// <summary>
/// What a kernel of one's own needs to be checked in a guest, beyond what <c>make tinyconfig</c> gives and what these
/// options bring by themselves. <c>kvmspec targets</c> lists them, <c>kvmspec guest config</c> prints them as a fragment.
/// </summary>
internal static class KernelOptions
{
    public static readonly KernelOption[] All =
    [
        new("CONFIG_64BIT"), new("CONFIG_EXPERT"), new("CONFIG_MMU", Architecture.Riscv64), new("CONFIG_ARCH_VIRT", Architecture.Riscv64), new("CONFIG_FPU", Architecture.Riscv64),
        new("CONFIG_RISCV_SBI", Architecture.Riscv64), new("CONFIG_SMP"), new("CONFIG_MULTIUSER"),
        new("CONFIG_PRINTK"), new("CONFIG_BUG"), new("CONFIG_KALLSYMS"), new("CONFIG_BLK_DEV_INITRD"), new("CONFIG_BINFMT_ELF"), new("CONFIG_DEVTMPFS"), new("CONFIG_SYSFS"), new("CONFIG_PROC_FS"),
        new("CONFIG_SHMEM"), new("CONFIG_TMPFS"), new("CONFIG_MEMFD_CREATE"), new("CONFIG_FUTEX"), new("CONFIG_EVENTFD"), new("CONFIG_EPOLL"), new("CONFIG_POSIX_TIMERS"), new("CONFIG_HIGH_RES_TIMERS"),
        new("CONFIG_ACPI", Architecture.X86), new("CONFIG_PCI"), new("CONFIG_PCI_HOST_GENERIC", Architecture.Arm64, Architecture.Riscv64), new("CONFIG_VIRTIO_MENU"), new("CONFIG_VIRTIO_PCI"), new("CONFIG_VIRTIO_CONSOLE"),
        new("CONFIG_TTY"), new("CONFIG_SERIAL_8250", Architecture.X86, Architecture.Riscv64), new("CONFIG_SERIAL_8250_CONSOLE", Architecture.X86, Architecture.Riscv64),
        new("CONFIG_SERIAL_OF_PLATFORM", Architecture.Riscv64), new("CONFIG_SERIAL_AMBA_PL011", Architecture.Arm64), new("CONFIG_SERIAL_AMBA_PL011_CONSOLE", Architecture.Arm64),
        new("CONFIG_HYPERVISOR_GUEST", Architecture.X86), new("CONFIG_PVH", Architecture.X86),
        new("CONFIG_VIRTUALIZATION"), new("CONFIG_KVM") { MayBeModule = true }, new("CONFIG_KVM_AMD", Architecture.X86) { MayBeModule = true },
    ];

    /// <summary>The options of an architecture as lines that can be appended to a <c>.config</c>.</summary>
    public static IEnumerable<string> Fragment(Architecture architecture) =>
        All.Where(o => o.Only.Length == 0 || o.Only.Contains(architecture)).Select(o => o.Name + "=y");
}
