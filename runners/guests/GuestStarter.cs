using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>A guest that runs, and the conversation with its agent.</summary>
internal sealed record GuestRun(Qemu Qemu, AgentConnection Connection) : IDisposable
{
    public void Dispose()
    {
        Connection.Dispose();
        Qemu.Dispose();
    }
}

/// <summary>Starts one guest with one kernel, as often as needed.</summary>
internal sealed class GuestStarter(string name, Guest guest, KernelFiles kernel)
{
    /// <summary>How long an answer may take. Making a VM takes seconds on the slowest guests.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>What consoles say, and the kernel options whose absence it tells of.</summary>
    private static readonly (string Said, string Needs)[] Reasons =
    [
        ("no virtio port named kvmspec", "CONFIG_PCI, CONFIG_VIRTIO_PCI and CONFIG_VIRTIO_CONSOLE built in"),
        ("mount devtmpfs", "CONFIG_DEVTMPFS"),
        ("mount sysfs", "CONFIG_SYSFS"),
        ("memfd_create", "CONFIG_MEMFD_CREATE"),
        ("Unable to mount root fs", "CONFIG_BLK_DEV_INITRD"),
        ("No working init found", "CONFIG_BLK_DEV_INITRD and CONFIG_BINFMT_ELF"),
        ("without PVH ELF Note", "CONFIG_PVH, or the bzImage instead of vmlinux"),
    ];

    private readonly byte[] initramfs = Initramfs.Make(GuestCache.Agent(guest.Architecture), kernel.LoadModules());

    /// <summary>Starts the guest; its agent's first answer waits for it.</summary>
    public GuestRun Start()
    {
        string append = $"console={guest.Architecture.Console} loglevel=5 panic=-1 oops=panic {guest.KernelArguments}".Trim();
        Qemu qemu = new(guest.Architecture.Emulator,
            [.. guest.Machine.Split(' '), "-kernel", kernel.Image, "-initrd", "{dir}/initramfs", "-append", append],
            new Dictionary<string, byte[]> { ["initramfs"] = initramfs });
        try
        {
            Stream stream = qemu.Connect();
            return new GuestRun(qemu, new AgentConnection(stream, stream, qemu.Kill, AnswerLimit));
        }
        catch
        {
            qemu.Dispose();
            throw;
        }
    }

    /// <summary>Why a guest that was started gave no first answer, on one line.</summary>
    public string WhyNotStarted(Qemu qemu, AgentLostException lost)
    {
        qemu.Drain();
        string console = qemu.Console;
        string[] lines = [.. KernelLog.Lines(console)];
        string needs = Reasons.FirstOrDefault(r => console.Contains(r.Said, StringComparison.Ordinal) || qemu.Said.Contains(r.Said, StringComparison.Ordinal)).Needs is { } options
            ? $"; the kernel {kernel.Title} needs {options}" : "";
        string last = lines.Length == 0 ? $"the console stayed empty{(qemu.Said.Length > 0 ? $", QEMU said: {qemu.Said}" : "; 'kvmspec targets' lists the options a kernel needs")}"
            : $"the console's last lines: {string.Join(" | ", lines.TakeLast(3))}";
        return $"target guest:{name}: {(lost.TimedOut ? "no answer in time" : "it ended before its agent answered")}{needs}; {last}";
    }
}
