namespace KvmSpec.Model.Riscv.Walks;

/// <summary>Memory in which another hart stores words while a walk is under way.</summary>
/// <param name="Own">The memory as the walk finds it.</param>
/// <param name="Meanwhile">What the other hart stores just before which compare-and-swap of the walk, counted from 1.</param>
public record struct SharedMemory(SparseMemory Own, IReadOnlyDictionary<int, IReadOnlyDictionary<ulong, ulong>> Meanwhile) : IPhysicalMemory
{
    private int attempts;

    /// <inheritdoc/>
    public readonly bool Allows(Spa address, int bytes, Permissions needed) => Own.Allows(address, bytes, needed);

    /// <inheritdoc/>
    public readonly ulong Read(Spa address, int bytes) => Own.Read(address, bytes);

    /// <inheritdoc/>
    public bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement)
    {
        attempts++;
        if (Meanwhile.TryGetValue(attempts, out IReadOnlyDictionary<ulong, ulong>? stored))
        {
            foreach ((ulong at, ulong word) in stored)
            {
                Own.Words[at] = word;
            }
        }

        return Own.CompareAndSwap(address, bytes, expected, replacement);
    }
}
