namespace KvmSpec.Model.Sequences;

/// <summary>
/// How many names generated sequences use. Two VMs are enough to see whether one VM's state leaks into another and
/// whether a VM outlives its descriptor. Four vCPUs let one be the first, one a duplicate, one closed and one new; no
/// rule of the API counts further but for limits, which the alphabets reach by number. Four devices are an interrupt
/// controller and a translation service for each VM, two guest_memfd files one more than any rule compares. Memslots have
/// no names: the alphabet's four ids in two address spaces are enough for a slot, an overlap, a neighbour and a deleted
/// one.
/// </summary>
public static class Scope
{
    private static ReadOnlySpan<byte> Names => [1, 2, 4, 4, 2, 1];

    /// <summary>The number of handles of a kind.</summary>
    public static int Handles(DescriptorKind kind) => Names[(int)kind];

    /// <summary>The number of one of a kind's handles: a word's lower bits, as each kind has a power of two of them.</summary>
    public static byte Number(DescriptorKind kind, uint word) => (byte)(word & (uint)(Handles(kind) - 1));
}
