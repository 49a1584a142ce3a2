using System.Collections.Concurrent;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// Closes descriptors on threads of its own. Before a VM ends the kernel waits for all who may still read its memslots,
/// which takes milliseconds and little CPU, and several VMs can wait at once; the next sequence has its own VMs and need not
/// wait as well. What is handed over is closed in any order. Only so many descriptors wait at a time.
/// </summary>
internal sealed class Closer : IDisposable
{
    public const int Threads = 16;

    /// <summary>How many descriptors may wait.</summary>
    public const int Room = 64;

    private const int StackBytes = 256 * 1024;

    private readonly BlockingCollection<int> waiting = new(Room);
    private readonly List<Thread> threads = new(Threads);
    private readonly object idle = new();
    private int open;

    /// <summary>Hands a descriptor over, always from one thread; waits where too many are waiting.</summary>
    public void Close(int descriptor)
    {
        if (threads.Count == 0)
        {
            Start();
        }

        Interlocked.Increment(ref open);
        waiting.Add(descriptor);
    }

    /// <summary>Waits until everything handed over is closed.</summary>
    public void Drain()
    {
        lock (idle)
        {
            while (Volatile.Read(ref open) > 0)
            {
                Monitor.Wait(idle);
            }
        }
    }

    /// <summary>Closes what is left and ends the threads.</summary>
    public void Dispose()
    {
        waiting.CompleteAdding();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        waiting.Dispose();
    }

    private void Start()
    {
        for (int i = 0; i < Threads; i++)
        {
            Thread thread = new(Work, StackBytes) { IsBackground = true, Name = "closer" };
            thread.Start();
            threads.Add(thread);
        }
    }

    private void Work()
    {
        foreach (int descriptor in waiting.GetConsumingEnumerable())
        {
            _ = Libc.Close(descriptor);
            if (Interlocked.Decrement(ref open) == 0)
            {
                lock (idle)
                {
                    Monitor.PulseAll(idle);
                }
            }
        }
    }
}
