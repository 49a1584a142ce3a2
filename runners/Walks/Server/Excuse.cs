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

    /// <summary>The answer as QEMU gives it.</summary>
    public Func<WalkCase, WalkResult, WalkAnswer, WalkAnswer>? Reports { get; init; }

    public bool Concerns(Version version) => (Until is null || version < Until) && (Since is null || version >= Since);

    /// <summary>What QEMU answers to a case where some excuses hold.</summary>
    public static WalkAnswer Answer(WalkCase walk, IEnumerable<Excuse> excuses)
    {
        WalkClauseSet without = default;
        WalkCase understood = walk;
        foreach (Excuse excuse in excuses)
        {
            without = without.Or(excuse.Without);
            understood = excuse.Instead?.Invoke(understood) ?? understood;
        }

        WithoutClauses steps = new(without);
        WalkResult result = understood.Run(ref steps, out Dictionary<ulong, ulong> after);
        WalkAnswer answer = WalkAnswer.Of(walk, result, after);
        foreach (Excuse excuse in excuses)
        {
            answer = excuse.Reports?.Invoke(walk, result, answer) ?? answer;
        }

        return answer;
    }
}
