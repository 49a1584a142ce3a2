using System.IO.Pipes;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Targets;

/// <summary>What is handed over is closed: the other end of a pipe tells.</summary>
public sealed class CloserTests
{
    private const int More = 200;

    [Fact]
    public void Closes_everything_before_a_drain_returns()
    {
        using Closer closer = new();
        AnonymousPipeServerStream[] pipes = Handed(closer);
        closer.Drain();
        Assert.All(pipes, AtItsEnd);
    }

    [Fact]
    public void Closes_what_is_left_when_it_ends()
    {
        Closer closer = new();
        AnonymousPipeServerStream[] pipes = Handed(closer);
        closer.Dispose();
        Assert.All(pipes, AtItsEnd);
    }

    /// <summary>Pipes whose writing ends were handed over, more of them than may wait.</summary>
    private static AnonymousPipeServerStream[] Handed(Closer closer) => [.. Enumerable.Range(0, More).Select(_ =>
    {
        AnonymousPipeServerStream reading = new(PipeDirection.In);
        closer.Close((int)reading.ClientSafePipeHandle.DangerousGetHandle());
        reading.ClientSafePipeHandle.SetHandleAsInvalid();
        return reading;
    })];

    private static void AtItsEnd(AnonymousPipeServerStream reading)
    {
        using (reading)
        {
            Assert.Equal(-1, reading.ReadByte());
        }
    }
}
