using System.Text;
using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>The stream to an agent ended, or no answer came in time: what answered the calls may be gone.</summary>
internal sealed class AgentLostException(bool timedOut) : Exception(timedOut ? "no answer came in time" : "the stream ended")
{
    public bool TimedOut { get; } = timedOut;
}

/// <summary>A conversation with an agent: one request, one answer, each within a time limit.</summary>
internal sealed class AgentConnection : IDisposable
{
    private readonly Stream toAgent;
    private readonly Stream fromAgent;
    private readonly Action breakOff;
    private readonly TimeSpan limit;
    private readonly Timer watch;
    private readonly byte[] header = new byte[AgentHeader.Size];
    private readonly StringBuilder log = new();
    private byte[] request = new byte[4096];
    private byte[] answer = new byte[4096];
    private uint tag;
    private volatile bool timedOut;

    /// <param name="toAgent">Requests go here.</param>
    /// <param name="fromAgent">Answers come from here.</param>
    /// <param name="breakOff">Makes both streams end, where an answer does not come in time.</param>
    /// <param name="limit">How long an answer may take.</param>
    public AgentConnection(Stream toAgent, Stream fromAgent, Action breakOff, TimeSpan limit)
    {
        this.toAgent = toAgent;
        this.fromAgent = fromAgent;
        this.breakOff = breakOff;
        this.limit = limit;
        watch = new Timer(_ => BreakOff());
    }

    /// <summary>What the kernel printed during the last sequence.</summary>
    public string Log => log.ToString();

    /// <summary>The kernel's release, machine and version.</summary>
    public string[] Hello(TimeSpan within)
    {
        ReadOnlySpan<byte> text = Exchange(AgentMessageKind.Hello, 0, within);
        string[] lines = Encoding.UTF8.GetString(text).Split('\n');
        return lines.Length >= 3 ? lines : throw Malformed();
    }

    /// <summary>A file's content; <c>null</c> where it is not there.</summary>
    public string? Read(string path)
    {
        int length = Encoding.UTF8.GetBytes(path, request.AsSpan(AgentHeader.Size));
        ReadOnlySpan<byte> came = Exchange(AgentMessageKind.ReadFile, length, limit);
        if (came.Length < 4)
        {
            throw Malformed();
        }

        return BitConverter.ToInt32(came) == (int)Errno.ENOENT ? null : Encoding.UTF8.GetString(came[4..]);
    }

    /// <summary>Makes a sequence; one message each way.</summary>
    /// <exception cref="AgentLostException">What each call answered is not known.</exception>
    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed, int vcpuMapSize)
    {
        log.Clear();
        ReadOnlySpan<byte> came = Exchange(AgentMessageKind.Execute, Prepare(calls, vcpuMapSize), limit);
        for (int i = 0; i < AgentCalls.Preparations; i++)
        {
            TakePreparation(ref came, i);
        }

        for (int i = 0; i < calls.Length; i++)
        {
            Take(ref came, calls[i], ref observed[i]);
        }

        TakeEnd(ref came, calls.Length, observed);
    }

    /// <summary>Makes a sequence; every outcome comes by itself, so that it is known how far it went.</summary>
    /// <param name="calls">The calls.</param>
    /// <param name="observed">What each answered.</param>
    /// <param name="vcpuMapSize">Bytes of a vCPU's mapping.</param>
    /// <param name="made">How many calls answered, also where the agent was lost.</param>
    public void ExecuteStepwise(ReadOnlySpan<Call> calls, Span<Observation> observed, int vcpuMapSize, out int made)
    {
        log.Clear();
        made = 0;
        ReadOnlySpan<byte> came = Exchange(AgentMessageKind.ExecuteStepwise, Prepare(calls, vcpuMapSize), limit);
        for (int i = 0; i < AgentCalls.Preparations; i++)
        {
            TakePreparation(ref came, i);
            came = Receive(limit);
        }

        for (; made < calls.Length; made++)
        {
            Take(ref came, calls[made], ref observed[made]);
            came = Receive(limit);
        }

        TakeEnd(ref came, calls.Length, observed);
    }

    public void Dispose()
    {
        watch.Dispose();
        toAgent.Dispose();
        fromAgent.Dispose();
    }

    private int Prepare(ReadOnlySpan<Call> calls, int vcpuMapSize)
    {
        int size = AgentCalls.SizeOf(calls);
        if (request.Length < size + AgentHeader.Size)
        {
            request = new byte[2 * (size + AgentHeader.Size)];
        }

        AgentCalls.Write(request.AsSpan(AgentHeader.Size, size), calls, vcpuMapSize);
        return size;
    }

    private void TakePreparation(ref ReadOnlySpan<byte> came, int number)
    {
        if (!AgentCalls.TryReadPreparation(ref came, out Errno errno, out ReadOnlySpan<byte> printed))
        {
            throw Malformed();
        }

        Add(printed);
        if (errno != Errno.None)
        {
            throw new TargetException(number switch
            {
                0 => LocalTarget.WhyNot(errno),
                1 => $"/dev/null: {errno}",
                _ => $"user memory cannot be mapped: {errno}",
            });
        }
    }

    private void Take(ref ReadOnlySpan<byte> came, in Call call, ref Observation observed)
    {
        if (!AgentCalls.TryRead(ref came, call, out observed, out ReadOnlySpan<byte> printed))
        {
            throw Malformed();
        }

        if (Add(printed))
        {
            observed.Ending = Ending.Warned;
        }
    }

    /// <summary>What the end of a sequence makes the kernel print is told with its last call.</summary>
    private void TakeEnd(ref ReadOnlySpan<byte> came, int count, Span<Observation> observed)
    {
        if (!AgentCalls.TryReadPreparation(ref came, out _, out ReadOnlySpan<byte> printed) || came.Length > 0)
        {
            throw Malformed();
        }

        if (Add(printed) && count > 0)
        {
            observed[count - 1].Ending = Ending.Warned;
        }
    }

    private bool Add(ReadOnlySpan<byte> printed)
    {
        if (printed.Length == 0)
        {
            return false;
        }

        string text = Encoding.UTF8.GetString(printed);
        log.Append(text);
        return KernelLog.TellsOfAFault(text);
    }

    private ReadOnlySpan<byte> Exchange(AgentMessageKind kind, int length, TimeSpan within)
    {
        new AgentHeader((uint)length, AgentHeader.SpokenVersion, kind, ++tag).Write(request);
        timedOut = false;
        try
        {
            watch.Change(within, Timeout.InfiniteTimeSpan);
            toAgent.Write(request, 0, AgentHeader.Size + length);
            toAgent.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new AgentLostException(timedOut);
        }

        return Receive(within);
    }

    private ReadOnlySpan<byte> Receive(TimeSpan within)
    {
        watch.Change(within, Timeout.InfiniteTimeSpan);
        ReadOnlySpan<byte> came;
        AgentHeader head;
        try
        {
            fromAgent.ReadExactly(header);
            if (!AgentHeader.TryRead(header, out head))
            {
                throw new TargetException($"no agent answers here: the answer begins with \"{Printable(header)}\"");
            }

            if (answer.Length < head.Length)
            {
                answer = new byte[2 * head.Length];
            }

            fromAgent.ReadExactly(answer, 0, (int)head.Length);
            came = answer.AsSpan(0, (int)head.Length);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            throw new AgentLostException(timedOut);
        }
        finally
        {
            watch.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        if (head.Version != AgentHeader.SpokenVersion)
        {
            throw new TargetException($"the agent speaks version {head.Version} of its protocol, this program version {AgentHeader.SpokenVersion}: build runners/agent/agent.c anew");
        }

        if (head.Kind == AgentMessageKind.Error)
        {
            throw new TargetException($"the agent refused a message: {Printable(came)}");
        }

        return head.Kind == AgentMessageKind.Answer && head.Tag == tag ? came : throw Malformed();
    }

    private void BreakOff()
    {
        timedOut = true;
        breakOff();
    }

    private static TargetException Malformed() => new("the agent's answer is malformed: build runners/agent/agent.c anew");

    private static string Printable(ReadOnlySpan<byte> bytes) =>
        new([.. Encoding.Latin1.GetString(bytes[..Math.Min(bytes.Length, 200)]).Select(c => char.IsControl(c) ? ' ' : c)]);
}
