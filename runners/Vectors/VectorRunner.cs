using KvmSpec.Model;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Vectors;

/// <summary>How a vector ended.</summary>
public enum VectorStatus
{
    /// <summary>Every call ended as it must.</summary>
    Passed,

    /// <summary>A call did not.</summary>
    Failed,

    /// <summary>The revision, the host or the machine's resources do not allow to tell.</summary>
    Skipped,
}

/// <summary>What came of a vector.</summary>
/// <param name="Vector">The case.</param>
/// <param name="Status">How it ended.</param>
/// <param name="Call">The index of the first call that failed, or that could not be judged; -1 where there is none.</param>
/// <param name="Reason">Why it failed or was skipped, on one line.</param>
public readonly record struct VectorResult(Vector Vector, VectorStatus Status, int Call, string? Reason)
{
    /// <summary>What a call that failed answered.</summary>
    public string? Came { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Vector.Id}: {Status.ToString().ToLowerInvariant()}{(Call < 0 ? "" : $": line {Vector.Calls[Call].Line}: {Vector.Calls[Call].Call}")}{(Reason is null ? "" : ": " + Reason)}";
}

/// <summary>Runs vectors on a target, in the vocabulary of a model's revision and for what the model's host can do.</summary>
public sealed class VectorRunner(ITarget target, Model.Model model)
{
    private Call[] calls = new Call[16];
    private Observation[] observed = new Observation[16];

    /// <summary>Runs one vector.</summary>
    public VectorResult Run(Vector vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        if (Unfit(vector, model) is { } reason)
        {
            return new(vector, VectorStatus.Skipped, -1, reason);
        }

        int count = vector.Calls.Length;
        if (calls.Length < count)
        {
            calls = new Call[count];
            observed = new Observation[count];
        }

        ReadOnlySpan<Call> written = vector.Sequence;
        for (int i = 0; i < count; i++)
        {
            calls[i] = target.TakesMeanings ? written[i] : model.Spell(written[i]);
        }

        target.Execute(calls.AsSpan(0, count), observed.AsSpan(0, count));
        for (int i = 0; i < count; i++)
        {
            Model.Model.Restore(written[i], calls[i], ref observed[i]);
        }

        return Judge(vector, observed.AsSpan(0, count));
    }

    /// <summary>Runs vectors one by one.</summary>
    public IEnumerable<VectorResult> Run(IEnumerable<Vector> vectors) => vectors.Select(Run);

    /// <summary>Why a vector says nothing of a model's revision or host; <c>null</c> where it applies.</summary>
    public static string? Unfit(Vector vector, Model.Model model)
    {
        ArgumentNullException.ThrowIfNull(vector);
        ArgumentNullException.ThrowIfNull(model);
        return vector.Revisions.Includes(model.Revision) ? vector.Host.Unmet(model) : $"holds for other revisions than {model.Revision.Name}";
    }

    /// <summary>Compares what the calls of a vector answered with what they must.</summary>
    public static VectorResult Judge(Vector vector, ReadOnlySpan<Observation> observed)
    {
        ArgumentNullException.ThrowIfNull(vector);
        for (int i = 0; i < vector.Calls.Length; i++)
        {
            VectorCall call = vector.Calls[i];
            if (call.Matches(observed[i]))
            {
                continue;
            }

            return observed[i].IsEnvironment(call.Call)
                ? new(vector, VectorStatus.Skipped, i, observed[i].Ending == Ending.Spared ? "the machine has not the memory that it might cost" : $"the machine answered {observed[i].Summary}")
                : new(vector, VectorStatus.Failed, i, $"expected {call.Expected}, came {CameOf(call, observed[i])}") { Came = CameOf(call, observed[i]) };
        }

        return new(vector, VectorStatus.Passed, -1, null);
    }

    private static string CameOf(VectorCall call, in Observation observed)
    {
        string came = observed.Summary;
        foreach ((Field field, ulong value) in call.After)
        {
            if (observed.After[field.Index] != value)
            {
                came += $", {field.Name} {CallText.Number(observed.After[field.Index])} instead of {CallText.Number(value)}";
            }
        }

        return came;
    }
}
