using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// A clause that some versions of an emulator are known not to keep, with what they do instead. It excuses an answer only where
/// that is exactly the answer.
/// </summary>
internal sealed record Excuse
{
    /// <summary>The clause.</summary>
    public required string Clause { get; init; }

    /// <summary>Who does not keep it.</summary>
    public required Emulator By { get; init; }

    /// <summary>What it does, and why that is no fault of the model.</summary>
    public required string Reason { get; init; }

    /// <summary>The first version that does not do so; <c>null</c> where none is known.</summary>
    public Version? Until { get; init; }

    /// <summary>The first version that does so.</summary>
    public Version? Since { get; init; }

    /// <summary>Clauses that it does not ask.</summary>
    public WalkClauseSet Without { get; init; }

    /// <summary>The case as it understands it.</summary>
    public Func<WalkCase, WalkCase>? Instead { get; init; }

    /// <summary>The answer as it gives it, of the case as it was made and as it was understood.</summary>
    public Func<WalkCase, Understood, WalkAnswer, WalkAnswer>? Reports { get; init; }

    /// <summary>The only register width that it is about; <c>null</c> for both.</summary>
    public Xlen? Only { get; init; }

    /// <summary>True where it is about that emulator, at that version and register width.</summary>
    public bool Concerns(SecondOpinion of, Xlen xlen) => By == of.Emulator && (Only is null || Only == xlen)
        && (Until is null || of.Version < Until) && (Since is null || of.Version >= Since);

    /// <summary>What a case is taken for where some excuses hold.</summary>
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

    /// <summary>What is answered to a case where some excuses hold.</summary>
    /// <param name="walk">The case.</param>
    /// <param name="excuses">Those that hold.</param>
    /// <param name="planted">Clauses that the model is without.</param>
    public static WalkAnswer Answer(WalkCase walk, IEnumerable<Excuse> excuses, WalkClauseSet planted = default) =>
        Answer(walk, excuses, planted, null);

    /// <summary>What is answered, and which of the excuses may have a part in that: without any of the others it is the same.</summary>
    public static WalkAnswer Answer(WalkCase walk, IEnumerable<Excuse> excuses, WalkClauseSet planted, out List<Excuse> acting) =>
        Answer(walk, excuses, planted, acting = []);

    private static WalkAnswer Answer(WalkCase walk, IEnumerable<Excuse> excuses, WalkClauseSet planted, List<Excuse>? acting)
    {
        WalkCase taken = walk;
        WalkClauseSet without = planted;
        foreach (Excuse excuse in excuses)
        {
            WalkCase understood = excuse.Instead?.Invoke(taken) ?? taken;
            without = without.Or(excuse.Without);
            if (!ReferenceEquals(understood, taken) || !excuse.Without.IsEmpty)
            {
                acting?.Add(excuse);
            }

            taken = understood;
        }

        WithoutClauses steps = new(without);
        WalkResult result = taken.Run(ref steps, out Dictionary<ulong, ulong> after);
        WalkAnswer answer = WalkAnswer.Of(walk, result, after);
        Understood of = new(taken, without, result);
        foreach (Excuse excuse in excuses)
        {
            WalkAnswer reported = excuse.Reports?.Invoke(walk, of, answer) ?? answer;
            if (!ReferenceEquals(reported, answer))
            {
                acting?.Add(excuse);
            }

            answer = reported;
        }

        return answer;
    }
}

/// <summary>A case as an emulator understands it.</summary>
/// <param name="Walk">What it takes the case for.</param>
/// <param name="Without">The clauses that it does not ask.</param>
/// <param name="Result">What becomes of it.</param>
internal sealed record Understood(WalkCase Walk, WalkClauseSet Without, WalkResult Result);
