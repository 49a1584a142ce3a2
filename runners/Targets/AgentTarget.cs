using System.Diagnostics;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>A kernel behind an agent that a command starts: <c>ssh board ./kvmspec-agent</c>, or the agent as a child process.</summary>
public sealed class AgentTarget : ITarget, IPrints
{
    /// <summary>How long an answer may take; ssh has its own limit for reaching the board.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly AgentConnection connection;
    private readonly Process? process;

    private AgentTarget(string name, AgentConnection connection, Process? process)
    {
        Name = name;
        this.connection = connection;
        this.process = process;
        try
        {
            Host = Probe(name, connection, Limit, Execute);
        }
        catch (Exception e)
        {
            Dispose();
            throw e is AgentLostException lost ? Ended(lost) : e;
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
        ProcessStartInfo start = new("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("trap '' INT; " + command);
        Process process = Process.Start(start)!;
        AgentConnection connection = new(process.StandardInput.BaseStream, process.StandardOutput.BaseStream, () => End(process, TimeSpan.Zero), Limit);
        return new AgentTarget("agent:" + command, connection, process);
    }

    /// <summary>An agent at the other end of two streams.</summary>
    internal static AgentTarget Over(string name, AgentConnection connection) => new(name, connection, null);

    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
    {
        try
        {
            connection.Execute(calls, observed, Host?.VcpuMapSize ?? 0);
        }
        catch (AgentLostException lost)
        {
            throw Ended(lost);
        }
    }

    public void Dispose()
    {
        connection.Dispose();
        if (process is not null)
        {
            End(process, TimeSpan.FromSeconds(1));
            process.Dispose();
        }
    }

    /// <summary>What an agent says of the host.</summary>
    internal static Host Probe(string name, AgentConnection connection, TimeSpan within, MakesCalls make)
    {
        string[] lines = connection.Hello(within);
        return HostProbe.Of(name, lines[0], lines[1], connection.Read, make);
    }

    private TargetException Ended(AgentLostException lost) =>
        new($"target {Name}: {lost.Message}{(lost.TimedOut ? "" : "; does the command run by itself?")}");

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
