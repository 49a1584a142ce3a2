using System.Runtime.InteropServices;

namespace KvmSpec.Runners.Commands;

/// <summary>
/// Ctrl-C, or another request to end, ends the run after the sequence at hand, so that nothing is left behind and what was
/// found is reported. A second one ends the program at once; the kernel closes what it had open.
/// </summary>
internal sealed class Cancellation : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private bool disposed;

    public Cancellation() => registrations =
        [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(signal => PosixSignalRegistration.Create(signal, Requested))];

    public CancellationToken Token => source.Token;

    /// <summary>What is done before the program ends at once: takes away what is not whole.</summary>
    public Action? Abandon { get; set; }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
        {
            registration.Dispose();
        }

        lock (source)
        {
            disposed = true;
            source.Dispose();
        }
    }

    /// <summary>What a signal does.</summary>
    internal void Requested(PosixSignalContext context)
    {
        lock (source)
        {
            if (disposed || source.IsCancellationRequested)
            {
                Abandon?.Invoke();
                return;
            }

            context.Cancel = true;
            source.Cancel();
        }
    }
}
