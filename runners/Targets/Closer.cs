namespace KvmSpec.Runners.Targets;

/// <summary>
/// Closes descriptors on threads of its own. Before a VM ends the kernel waits for all who may still read its memslots,
/// which takes milliseconds and no CPU; the next sequence has its own VMs and need not wait as well. What is handed over is
/// closed in any order. Only so many descriptors wait at a time.
/// </summary>
internal sealed class Closer : IDisposable
{
    private const int Threads = 4;
    private const int Room = 64;

    private readonly Queue<int> waiting = new(Room);
    private readonly Thread[] threads = new Thread[Threads];
    private int closing;
    private bool ended;

    public Closer()
    {
        for (int i = 0; i < Threads; i++)
        {
            threads[i] = new Thread(Work, 256 * 1024) { IsBackground = true, Name = "closer" };
            threads[i].Start();
        }
    }

    /// <summary>Hands a descriptor over; waits where too many are waiting.</summary>
    public void Close(int descriptor)
    {
        lock (waiting)
        {
            while (waiting.Count == Room)
            {
                Monitor.Wait(waiting);
            }

            waiting.Enqueue(descriptor);
            Monitor.PulseAll(waiting);
        }
    }

    /// <summary>Waits until everything handed over is closed.</summary>
    public void Drain()
    {
        lock (waiting)
        {
            while (waiting.Count > 0 || closing > 0)
            {
                Monitor.Wait(waiting);
            }
        }
    }

    /// <summary>Closes what is left and ends the threads.</summary>
    public void Dispose()
    {
        lock (waiting)
        {
            ended = true;
            Monitor.PulseAll(waiting);
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    private void Work()
    {
        while (TryTake(out int descriptor))
        {
            _ = Libc.Close(descriptor);
            lock (waiting)
            {
                closing--;
                Monitor.PulseAll(waiting);
            }
        }
    }

    private bool TryTake(out int descriptor)
    {
        lock (waiting)
        {
            while (waiting.Count == 0 && !ended)
            {
                Monitor.Wait(waiting);
            }

            bool any = waiting.TryDequeue(out descriptor);
            closing += any ? 1 : 0;
            return any;
        }
    }
}
