namespace KvmSpec.Model.Riscv.Walks;

/// <summary>A range of physical addresses to which PMP or PMA forbid something.</summary>
/// <param name="From">The first address.</param>
/// <param name="To">The first address after it.</param>
/// <param name="Allowed">What is let through.</param>
public readonly record struct ProtectedRange(Spa From, Spa To, Permissions Allowed);

/// <summary>Memory of a few words: all others are 0, and everything is allowed where no range says otherwise.</summary>
/// <param name="Words">Aligned words by address.</param>
/// <param name="Ranges">Where not everything is allowed; of several the first counts, as among PMP entries.</param>
public readonly record struct SparseMemory(Dictionary<ulong, ulong> Words, IReadOnlyList<ProtectedRange> Ranges) : IPhysicalMemory
{
    /// <inheritdoc/>
    public bool Allows(Spa address, int bytes, Permissions needed)
    {
        ulong last = address.Value + (ulong)bytes - 1;
        foreach (ProtectedRange range in Ranges)
        {
            if (last >= range.From.Value && address.Value < range.To.Value)
            {
                return address.Value >= range.From.Value && last < range.To.Value && (range.Allowed & needed) == needed;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public ulong Read(Spa address, int bytes) => Words.GetValueOrDefault(address.Value);

    /// <inheritdoc/>
    public bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement)
    {
        if (Read(address, bytes) != expected)
        {
            return false;
        }

        Words[address.Value] = replacement;
        return true;
    }
}
