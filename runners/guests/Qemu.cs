using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// A running QEMU with its console and the agent's port. A shell of its own stands between: it holds a pipe from this program
/// and, when that ends however this program ended, kills QEMU and removes the directory with sockets and files.
/// </summary>
internal sealed class Qemu : IDisposable
{
    private const int KeptCharacters = 32768;

    /// <summary>Ctrl-C reaches this program alone; closing the shell's standard output lets QEMU's end be seen.</summary>
    private const string Keeper =
        "trap '' INT HUP TERM; dir=$1; shift; setsid \"$@\" </dev/null 2>&1 & q=$!; exec >&- 2>&-; read -r _; kill -9 $q; wait $q; rm -rf \"$dir\"";

    private readonly string directory;
    private readonly Process keeper;
    private readonly Socket agentDoor;
    private readonly Socket consoleDoor;
    private readonly Socket monitorDoor;
    private readonly StringBuilder console = new();
    private readonly StringBuilder said = new();
    private readonly Thread[] readers;
    private Socket? agent;
    private Socket? consoleSocket;
    private volatile bool ended;

    /// <summary>Starts QEMU.</summary>
    /// <param name="program">Such as qemu-system-riscv64.</param>
    /// <param name="arguments">Machine, kernel and all that is special about this guest; <c>{dir}</c> is its directory.</param>
    /// <param name="files">Files that its directory begins with.</param>
    public Qemu(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, byte[]> files)
    {
        directory = Directory.CreateTempSubdirectory("kvmspec-").FullName;
        foreach ((string name, byte[] content) in files)
        {
            File.WriteAllBytes(Path.Combine(directory, name), content);
        }

        agentDoor = Door("agent");
        consoleDoor = Door("console");
        monitorDoor = Door("monitor");
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] own =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-smp", "1", "-no-reboot", "-nic", "none",
            "-chardev", $"socket,id=console,path={directory}/console", "-serial", "chardev:console",
            "-chardev", $"socket,id=monitor,path={directory}/monitor", "-mon", "chardev=monitor,mode=control",
            "-device", "virtio-serial-pci", "-chardev", $"socket,id=agent,path={directory}/agent", "-device", "virtserialport,chardev=agent,name=kvmspec",
        ];
        foreach (string argument in (string[])["-c", Keeper, "kvmspec-guest", directory, program, .. own, .. arguments.Select(a => a.Replace("{dir}", directory, StringComparison.Ordinal))])
        {
            start.ArgumentList.Add(argument);
        }

        keeper = Process.Start(start)!;
        readers = [new Thread(ReadWords) { IsBackground = true }, new Thread(ReadConsole) { IsBackground = true }];
        foreach (Thread reader in readers)
        {
            reader.Start();
        }
    }

    /// <summary>What QEMU itself said, on one line.</summary>
    public string Said
    {
        get
        {
            lock (said)
            {
                return said.ToString().ReplaceLineEndings(" ").Trim();
            }
        }
    }

    /// <summary>What came on the console, the last part.</summary>
    public string Console
    {
        get
        {
            lock (console)
            {
                return console.ToString();
            }
        }
    }

    /// <summary>The agent's end of the guest's port; answers come once the guest has started.</summary>
    /// <exception cref="TargetException">QEMU ended at once.</exception>
    public Stream Connect()
    {
        agent = Accept(agentDoor);
        return new NetworkStream(agent, ownsSocket: true);
    }

    /// <summary>QEMU's machine protocol.</summary>
    public Qmp OpenMonitor() => new(new NetworkStream(Accept(monitorDoor), ownsSocket: true));

    /// <summary>Ends QEMU at once; whoever waits for the agent sees the end of its stream.</summary>
    public void Kill() => keeper.StandardInput.Close();

    /// <summary>Lets what is still on its way from a guest that ended arrive.</summary>
    public void Drain()
    {
        foreach (Thread reader in readers)
        {
            reader.Join(TimeSpan.FromSeconds(1));
        }
    }

    public void Dispose()
    {
        keeper.StandardInput.Close();
        keeper.WaitForExit();
        foreach (Socket? socket in (Socket?[])[agent, agentDoor, consoleDoor, monitorDoor, consoleSocket])
        {
            socket?.Dispose();
        }

        Drain();
        keeper.Dispose();
    }

    private Socket Door(string name)
    {
        Socket door = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(Path.Combine(directory, name)));
        door.Listen(1);
        return door;
    }

    private Socket Accept(Socket door)
    {
        while (!door.Poll(20_000, SelectMode.SelectRead))
        {
            if (ended)
            {
                Drain();
                throw new TargetException($"QEMU ended at once: {Said}");
            }
        }

        return door.Accept();
    }

    private void ReadWords()
    {
        char[] buffer = new char[1024];
        int count;
        while ((count = keeper.StandardOutput.Read(buffer)) > 0)
        {
            lock (said)
            {
                said.Append(buffer, 0, count);
            }
        }

        ended = true;
    }

    private void ReadConsole()
    {
        byte[] buffer = new byte[4096];
        try
        {
            consoleSocket = Accept(consoleDoor);
            int count;
            while ((count = consoleSocket.Receive(buffer)) > 0)
            {
                lock (console)
                {
                    console.Append(Encoding.Latin1.GetString(buffer, 0, count));
                    console.Remove(0, Math.Max(0, console.Length - KeptCharacters));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or TargetException)
        {
        }
    }
}
