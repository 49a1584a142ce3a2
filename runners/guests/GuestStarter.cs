using System.Security.Cryptography;
using System.Text;
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
internal sealed class GuestStarter
{
    /// <summary>How long a kernel may take to start its agent; emulation on a busy machine is slow.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan RestoreLimit = TimeSpan.FromSeconds(20);

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

    private readonly string name;
    private readonly Guest guest;
    private readonly KernelFiles kernel;
    private readonly byte[] initramfs;
    private readonly string[] machine;
    private readonly string append;
    private readonly Snapshots snapshots;

    public GuestStarter(string name, Guest guest, KernelFiles kernel)
    {
        this.name = name;
        this.guest = guest;
        this.kernel = kernel;
        initramfs = Initramfs.Make(GuestCache.Agent(guest.Architecture), kernel.LoadModules(guest.Module));
        machine = guest.Machine.Split(' ');
        append = $"console={guest.Architecture.Console} loglevel=5 panic=-1 oops=panic rcupdate.rcu_expedited=1 debugfs=off cryptomgr.notests {guest.KernelArguments}".Trim();
        FileInfo image = new(kernel.Image);
        string path = Path.GetFullPath(kernel.Image);
        snapshots = new Snapshots($"{guest.Name}-{(kernel.IsOwn ? "own-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..8] : kernel.Title)}", guest.Restores, path, $"{image.Length} {image.LastWriteTimeUtc:O}",
            Convert.ToHexString(SHA256.HashData(initramfs)), guest.Machine, append, Encoding.UTF8.GetString(Tool.Run(guest.Architecture.Emulator, ["--version"])));
    }

    /// <summary>The module of our own that the guest loads, or <c>null</c>.</summary>
    public GuestModule? Module => guest.Module;

    /// <summary>True where the next start goes on from a snapshot.</summary>
    public bool HasSnapshot => snapshots.Arguments is not null;

    /// <summary>What starts a guest, once all that it needs was found.</summary>
    /// <param name="name">NAME or NAME@RELEASE.</param>
    /// <param name="image">A kernel of the user's own, or <c>null</c>.</param>
    /// <param name="modules">The directory with its modules, or <c>null</c>.</param>
    /// <exception cref="TargetException">Something is not there.</exception>
    public static GuestStarter Of(string name, string? image, string? modules)
    {
        (Guest guest, GuestKernel? asked) = GuestName.Parse(name);
        if (GuestName.Missing(guest) is { } install)
        {
            throw new TargetException($"target guest:{name}: {install} brings what is missing");
        }

        return new GuestStarter(name, guest, image is null ? GuestName.Kernel(name, guest, asked) : KernelFiles.Own(guest.Architecture, image, modules));
    }

    /// <summary>Boots the guest until its agent answers, also where there is a snapshot.</summary>
    /// <exception cref="TargetException">It does not start.</exception>
    public GuestRun Boot() => Answering([], StartLimit, out string? reason) ?? throw new TargetException(reason!);

    /// <summary>Starts the guest, from a snapshot where there is one, until its agent answers.</summary>
    /// <exception cref="TargetException">It does not start.</exception>
    public GuestRun Start()
    {
        if (snapshots.Arguments is { } incoming)
        {
            if (Answering(incoming, RestoreLimit, out _) is { } restored)
            {
                return restored;
            }

            snapshots.Forget();
        }

        GuestRun started = Boot();
        if (guest.Restores && snapshots.Take(started.Qemu))
        {
            started.Dispose();
            return Start();
        }

        return started;
    }

    private GuestRun? Answering(string[] more, TimeSpan within, out string? reason)
    {
        Qemu qemu = new(guest.Architecture.Emulator, [.. machine, "-kernel", kernel.Image, "-initrd", "{dir}/initramfs", "-append", append, .. more],
            new Dictionary<string, byte[]> { ["initramfs"] = initramfs });
        GuestRun? run = null;
        try
        {
            Stream stream = qemu.Connect();
            run = new GuestRun(qemu, new AgentConnection(stream, stream, qemu.Kill, TimeSpan.FromSeconds(guest.AnswerSeconds)));
            run.Connection.Hello(within);
            reason = null;
            return run;
        }
        catch (AgentLostException lost)
        {
            reason = WhyNot(qemu, lost);
            run!.Dispose();
            return null;
        }
        catch
        {
            run?.Connection.Dispose();
            qemu.Dispose();
            throw;
        }
    }

    /// <summary>Why a guest gave no first answer, on one line.</summary>
    private string WhyNot(Qemu qemu, AgentLostException lost)
    {
        qemu.Kill();
        qemu.Drain();
        string console = qemu.Console;
        string needs = Reasons.FirstOrDefault(r => console.Contains(r.Said, StringComparison.Ordinal) || qemu.Said.Contains(r.Said, StringComparison.Ordinal)).Needs is { } options
            ? $"; the kernel {kernel.Title} needs {options}" : "";
        string[] lines = [.. KernelLog.Lines(console)];
        string last = lines.Length > 0 ? $"the console's last lines: {string.Join(" | ", lines.TakeLast(3))}"
            : qemu.Said.Length > 0 ? $"QEMU said: {qemu.Said}"
            : "the console stayed empty; 'kvmspec targets' lists the options a kernel needs";
        return $"target guest:{name}: {(lost.TimedOut ? "no answer in time" : "it ended before its agent answered")}{needs}; {last}";
    }
}
