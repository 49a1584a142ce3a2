namespace KvmSpec.Runners.Commands;

/// <summary>Ctrl-C ends the run after the sequence at hand, so that nothing is left behind and what was found is reported.</summary>
internal sealed class Cancellation : IDisposable
{
    private readonly CancellationTokenSource source = new();

    public Cancellation() => Console.CancelKeyPress += Cancel;

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= Cancel;
        source.Dispose();
    }

    private void Cancel(object? sender, ConsoleCancelEventArgs e)
    {
        e.Cancel = true;
        source.Cancel();
    }
}
