using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// A clause that some versions of QEMU are known not to keep, with what they do instead. It excuses an answer only where
/// that is exactly the answer.
/// </summary>
internal sealed record Excuse
{
    /// <summary>The clause.</summary>
    public required string Clause { get; init; }

    /// <summary>What QEMU does, and why that is no fault of the model.</summary>
    public required string Reason { get; init; }

    /// <summary>The first version that does not do so; <c>null</c> where none is known.</summary>
    public Version? Until { get; init; }

    /// <summary>The first version that does so.</summary>
    public Version? Since { get; init; }

    /// <summary>Clauses that QEMU does not ask.</summary>
    public WalkClauseSet Without { get; init; }

    /// <summary>The case as QEMU understands it.</summary>
    public Func<WalkCase, WalkCase>? Instead { get; init; }

    /// <summary>The answer as QEMU gives it, of the case as it was made and as QEMU understood it.</summary>
    public Func<WalkCase, Understood, WalkAnswer, WalkAnswer>? Reports { get; init; }

    /// <summary>The only register width that it is about; <c>null</c> for both.</summary>
    public Xlen? Only { get; init; }

    public bool Concerns(Version version, Xlen xlen) => (Only is null || Only == xlen) && (Until is null || version < Until) && (Since is null || version >= Since);

    /// <summary>What QEMU takes a case for where some excuses hold.</summary>
    public static (WalkCase Walk, WalkClauseSet Without) Understand(WalkCase walk, IEnumerable<Excuse> excuses)
    {
        WalkClauseSet without = default;
        WalkCase understood = walk;
        foreach (Excuse excuse in excuses)
        {
            without = without.Or(excuse.Without);
            understood = excuse.Instead?.Invoke(understood) ?? understood;
        }

        return (understood, without);
    }

    /// <summary>What QEMU answers to a case where some excuses hold.</summary>
    /// <param name="walk">The case.</param>
    /// <param name="excuses">Those that hold.</param>
    /// <param name="planted">Clauses that the model is without.</param>
    public static WalkAnswer Answer(WalkCase walk, IEnumerable<Excuse> excuses, WalkClauseSet planted = default)
    {
        (WalkCase taken, WalkClauseSet without) = Understand(walk, excuses);
        without = without.Or(planted);
        WithoutClauses steps = new(without);
        WalkResult result = taken.Run(ref steps, out Dictionary<ulong, ulong> after);
        WalkAnswer answer = WalkAnswer.Of(walk, result, after);
        Understood understood = new(taken, without, result);
        foreach (Excuse excuse in excuses)
        {
            answer = excuse.Reports?.Invoke(walk, understood, answer) ?? answer;
        }

        return answer;
    }
}

/// <summary>A case as QEMU understands it.</summary>
/// <param name="Walk">What it takes the case for.</param>
/// <param name="Without">The clauses that it does not ask.</param>
/// <param name="Result">What becomes of it.</param>
internal sealed record Understood(WalkCase Walk, WalkClauseSet Without, WalkResult Result);
