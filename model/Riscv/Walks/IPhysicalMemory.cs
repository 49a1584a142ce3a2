namespace KvmSpec.Model.Riscv.Walks;

/// <summary>Memory as a walk needs it: words by physical address, and what PMP and PMA say of them.</summary>
public interface IPhysicalMemory
{
    /// <summary>True where PMP and PMA let all of these accesses through for every byte.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="bytes">How many, all in one page.</param>
    /// <param name="needed">What is done.</param>
    bool Allows(Spa address, int bytes, Permissions needed);

    /// <summary>The little-endian word there; asked only where a read is allowed.</summary>
    /// <param name="address">A multiple of <paramref name="bytes"/>.</param>
    /// <param name="bytes">4 or 8.</param>
    ulong Read(Spa address, int bytes);

    /// <summary>Replaces a word if it is still what it was; asked only where a write is allowed.</summary>
    /// <returns>False where the word was another; then nothing was written.</returns>
    bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement);
}
