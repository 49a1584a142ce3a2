using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>What PMP and PMA were last asked.</summary>
internal sealed class AskedOfMemory
{
    public Spa At { get; set; }

    public int Bytes { get; set; }

    public Permissions Needed { get; set; }
}

/// <summary>A walk's memory that remembers what it was last asked to allow.</summary>
internal struct WatchedMemory(SharedMemory own, AskedOfMemory asked) : IPhysicalMemory
{
    private SharedMemory own = own;

    /// <summary>The words as they are now.</summary>
    public readonly Dictionary<ulong, ulong> Words => own.Own.Words;

    public readonly bool Allows(Spa address, int bytes, Permissions needed)
    {
        (asked.At, asked.Bytes, asked.Needed) = (address, bytes, needed);
        return own.Allows(address, bytes, needed);
    }

    public readonly ulong Read(Spa address, int bytes) => own.Read(address, bytes);

    public bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement) => own.CompareAndSwap(address, bytes, expected, replacement);
}
