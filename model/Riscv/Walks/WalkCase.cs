using System.Collections.Immutable;

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

    /// <summary>What another hart stores just before which compare-and-swap of the walk, counted from 1: words by address.</summary>
    public IReadOnlyDictionary<int, IReadOnlyDictionary<ulong, ulong>> Meanwhile { get; init; } = ImmutableSortedDictionary<int, IReadOnlyDictionary<ulong, ulong>>.Empty;

    /// <summary>The words as they would be had the walk written nothing: those of memory, and what another hart stored.</summary>
    public IReadOnlyDictionary<ulong, ulong> Unwalked
    {
        get
        {
            if (Meanwhile.Count == 0)
            {
                return Words;
            }

            Dictionary<ulong, ulong> unwalked = new(Words);
            foreach ((ulong address, ulong word) in Meanwhile.OrderBy(m => m.Key).SelectMany(m => m.Value))
            {
                unwalked[address] = word;
            }

            return unwalked;
        }
    }

    /// <summary>The memory as the walk finds it, for one walk.</summary>
    public SharedMemory Memory() => new(new SparseMemory(new Dictionary<ulong, ulong>(Words), Ranges), Meanwhile);

    /// <summary>Translates; returns what came of it and the words afterwards.</summary>
    public WalkResult Run<TSteps>(ref TSteps steps, out Dictionary<ulong, ulong> after)
        where TSteps : struct, IWalkSteps
    {
        SharedMemory memory = Memory();
        after = memory.Own.Words;
        return new Walker(Registers).Translate(Access, ref memory, ref steps);
    }

    /// <inheritdoc cref="Run{TSteps}(ref TSteps, out Dictionary{ulong, ulong})"/>
    public WalkResult Run(out Dictionary<ulong, ulong> after)
    {
        NoSteps nobody = default;
        return Run(ref nobody, out after);
    }
}
