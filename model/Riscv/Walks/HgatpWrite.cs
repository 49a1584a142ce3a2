namespace KvmSpec.Model.Riscv.Walks;

/// <summary>A write to hgatp with everything that decides what it leaves.</summary>
/// <param name="Before">What the register held.</param>
/// <param name="Word">What is written.</param>
/// <param name="Machine">What the machine has of the register.</param>
public sealed record HgatpWrite(Hgatp Before, ulong Word, HgatpImplementation Machine)
{
    /// <summary>Writes; returns what the register then holds.</summary>
    public Hgatp Run<TSteps>(ref TSteps steps)
        where TSteps : struct, IWalkSteps => Hgatp.Write(Before, Word, Machine, ref steps);
}
