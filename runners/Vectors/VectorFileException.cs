using System.Collections.Immutable;

namespace KvmSpec.Runners.Vectors;

/// <summary>Vector files that cannot be read: one line for each thing that is wrong.</summary>
public sealed class VectorFileException : Exception
{
    public VectorFileException(IEnumerable<string> lines)
        : this([.. lines])
    {
    }

    private VectorFileException(ImmutableArray<string> lines)
        : base(string.Join('\n', lines)) => Lines = lines;

    /// <summary>Each <c>vectors/file.yaml:LINE: what is wrong, what to do</c>.</summary>
    public ImmutableArray<string> Lines { get; }
}
