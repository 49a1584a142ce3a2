using KvmSpec.Model;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Traces;

/// <summary>
/// A file that receives what a target is asked and answers. It grows beside its name and gets the name when it is whole;
/// broken off, it is removed.
/// </summary>
public sealed class TraceRecorder : IDisposable
{
    private const string Growing = ".partial";

    private readonly string path;
    private readonly FileStream stream;
    private readonly TraceWriter writer;
    private bool whole;

    private TraceRecorder(string path, FileStream stream, TraceHead head)
    {
        this.path = path;
        this.stream = stream;
        writer = new TraceWriter(stream, head);
    }

    /// <summary>Begins a record.</summary>
    /// <exception cref="RequestException">The file is there already, or cannot be written.</exception>
    public static TraceRecorder Create(string path, TraceHead head)
    {
        ArgumentNullException.ThrowIfNull(head);
        Refuse(path);
        try
        {
            return new TraceRecorder(path, new FileStream(path + Growing, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0), head);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"--record {path}: {(File.Exists(path + Growing)
                ? $"{path + Growing} is there: another run is recording, or one was killed; then remove it" : e.Message)}");
        }
    }

    /// <summary>A record never takes the place of a file.</summary>
    /// <exception cref="RequestException">There is one.</exception>
    public static void Refuse(string path)
    {
        if (path.Length == 0)
        {
            throw new RequestException("--record: give a file");
        }

        if (Path.Exists(path))
        {
            throw new RequestException($"--record {path}: is there already: remove it or give another name");
        }
    }

    /// <summary>Names the sequence that is made next.</summary>
    public void Begin(string name) => writer.Name = name;

    /// <summary>The target, with every sequence written down after it was made.</summary>
    public ITarget Around(ITarget target) => Around(target, writer);

    /// <summary>The same for a writer of one's own.</summary>
    internal static ITarget Around(ITarget target, TraceWriter writer) => new Recorded(target, writer);

    /// <summary>Ends the record and gives it its name.</summary>
    /// <param name="interrupted">True where the run was told to end early.</param>
    public void Finish(bool interrupted)
    {
        writer.End(interrupted);
        stream.Dispose();
        File.Move(path + Growing, path);
        whole = true;
    }

    /// <summary>Takes the record away as it is; for a program that ends at once.</summary>
    public void Abandon() => File.Delete(path + Growing);

    public void Dispose()
    {
        writer.Dispose();
        stream.Dispose();
        if (!whole)
        {
            File.Delete(path + Growing);
        }
    }

    private sealed class Recorded(ITarget target, TraceWriter writer) : ITarget
    {
        public string Name => target.Name;

        public Host Host => target.Host;

        public bool TakesMeanings => target.TakesMeanings;

        public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
        {
            target.Execute(calls, observed);
            writer.Write(calls, observed);
        }

        /// <summary>The target belongs to who opened it.</summary>
        public void Dispose()
        {
        }
    }
}
