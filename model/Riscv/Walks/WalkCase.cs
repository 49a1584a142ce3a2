namespace KvmSpec.Model.Riscv.Walks;

/// <summary>One access with everything that decides it.</summary>
public sealed record WalkCase
{
    public required WalkRegisters Registers { get; init; }

    public required Access Access { get; init; }

    /// <summary>The words of memory that are not 0, by address.</summary>
    public required IReadOnlyDictionary<ulong, ulong> Words { get; init; }

    /// <summary>Where PMP and PMA do not allow everything.</summary>
    public IReadOnlyList<ProtectedRange> Ranges { get; init; } = [];

    /// <summary>Translates; returns what came of it and the words afterwards.</summary>
    public WalkResult Run<TSteps>(ref TSteps steps, out Dictionary<ulong, ulong> after)
        where TSteps : struct, IWalkSteps
    {
        after = new Dictionary<ulong, ulong>(Words);
        SparseMemory memory = new(after, Ranges);
        return new Walker(Registers).Translate(Access, ref memory, ref steps);
    }

    /// <inheritdoc cref="Run{TSteps}(ref TSteps, out Dictionary{ulong, ulong})"/>
    public WalkResult Run(out Dictionary<ulong, ulong> after)
    {
        NoSteps nobody = default;
        return Run(ref nobody, out after);
    }
}
