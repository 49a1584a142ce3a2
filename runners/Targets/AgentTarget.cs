using System.Diagnostics;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>A kernel behind an agent that a command starts: <c>ssh board ./kvmspec-agent</c>, or the agent as a child process.</summary>
public sealed class AgentTarget : ITarget, IPrints
{
    /// <summary>How long an answer may take; ssh has its own limit for reaching the board.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>How long a command that ended its answers may take to say why.</summary>
    private static readonly TimeSpan SayingLimit = TimeSpan.FromMilliseconds(500);

    private readonly AgentConnection connection;
    private readonly Process process;
    private readonly Func<string> lastSaid;
    private readonly MemslotMemory memslots = MemslotMemory.Unbound;

    private AgentTarget(string name, AgentConnection connection, Process process, Func<string> lastSaid)
    {
        Name = name;
        this.connection = connection;
        this.process = process;
        this.lastSaid = lastSaid;
        try
        {
            Host = Probe(name, connection, Limit, Execute);
            memslots = MemslotMemory.Of(Host.Architecture, connection.Read);
        }
        catch (Exception e)
        {
            Exception reason = e is AgentLostException lost ? Ended(lost) : e;
            Dispose();
            throw reason;
        }
    }

    public string Name { get; }

    public Host Host { get; }

    public IReadOnlyList<string> Printed => [.. KernelLog.Lines(connection.Log)];

    /// <summary>Starts the command with a shell; Ctrl-C reaches this program alone, which then ends the command.</summary>
    /// <exception cref="TargetException">No agent answers.</exception>
    public static AgentTarget Start(string command)
    {
        ArgumentNullException.ThrowIfNull(command);
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("trap '' INT; " + command);
        Process process = Process.Start(start)!;
        string last = "";
        process.ErrorDataReceived += (_, e) => last = string.IsNullOrWhiteSpace(e.Data) ? last : e.Data.Trim();
        process.BeginErrorReadLine();
        AgentConnection connection = new(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, () => End(process, TimeSpan.Zero), Limit);
        return new AgentTarget("agent:" + command, connection, process, () => last);
    }

    /// <summary>A call that is spared ends what is sent: those after it would be made on other memslots than they mean.</summary>
    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
    {
        int fitting = memslots.Fitting(calls);
        try
        {
            connection.Execute(calls[..fitting], observed, Host?.VcpuMapSize ?? 0);
        }
        catch (AgentLostException lost)
        {
            throw Ended(lost);
        }

        for (int i = fitting; i < calls.Length; i++)
        {
            observed[i] = new Observation { After = calls[i].Words, Ending = i == fitting ? Ending.Spared : Ending.NotMade };
        }
    }

    public void Dispose()
    {
        connection.Dispose();
        End(process, TimeSpan.FromSeconds(1));
        process.Dispose();
    }

    /// <summary>What an agent says of the host.</summary>
    internal static Host Probe(string name, AgentConnection connection, TimeSpan within, MakesCalls make)
    {
        string[] lines = connection.Hello(within);
        return HostProbe.Of(name, lines[0], lines[1], connection.Read, make);
    }

    private TargetException Ended(AgentLostException lost)
    {
        if (process.WaitForExit(SayingLimit))
        {
            process.WaitForExit();
        }

        return new($"target {Name}: {lost.Message}{(lastSaid() is { Length: > 0 } said ? $"; it said: {said}" : lost.TimedOut ? "" : "; does the command run by itself?")}");
    }

    /// <summary>Ends the command; its standard input has ended, so that an agent ends by itself.</summary>
    private static void End(Process process, TimeSpan after)
    {
        try
        {
            if (!process.WaitForExit(after))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
            }
        }
        catch (InvalidOperationException)
        {
        }
    }
}
