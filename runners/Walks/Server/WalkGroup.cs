namespace KvmSpec.Runners.Walks.Server;

/// <summary>Cases that differ in one way: what was expected by which clause, and what came.</summary>
/// <param name="Clause">The clause by which the model decided.</param>
/// <param name="Expected">The cause that it gives.</param>
/// <param name="Observed">The cause that came.</param>
/// <param name="What">Which parts of the answer differ.</param>
internal sealed record WalkGroup(string Clause, ulong Expected, ulong Observed, string What)
{
    /// <summary>The group of an answer that is not the expected one.</summary>
    public static WalkGroup Of(WalkTrial trial, WalkAnswer observed) =>
        new(trial.Result.Clause?.Id ?? "no fault", trial.Expected.Cause, observed.Cause, Different(trial.Expected, observed));

    /// <summary>Which parts of two answers differ, by their names.</summary>
    internal static string Different(WalkAnswer expected, WalkAnswer observed)
    {
        (string Name, bool Same)[] parts =
        [
            ("cause", expected.Cause == observed.Cause), ("tval", expected.Tval == observed.Tval), ("htval", expected.Htval == observed.Htval),
            ("htinst", expected.Pseudo == observed.Pseudo), ("value", expected.Value == observed.Value),
            ("tables", expected.After.AsSpan().SequenceEqual(observed.After)),
        ];
        return string.Join(", ", parts.Where(p => !p.Same).Select(p => p.Name));
    }
}

/// <summary>A case of a group with what was expected of it and what came.</summary>
internal sealed record WalkDifference(WalkTrial Trial, WalkAnswer Observed);

/// <summary>The cases of a group.</summary>
internal sealed class WalkDivergence(WalkDifference first)
{
    /// <summary>The first of them; its seed is what <c>--replay</c> takes.</summary>
    public WalkDifference First { get; } = first;

    /// <summary>A smaller case of the same group: what reports show.</summary>
    public WalkDifference Smallest { get; set; } = first;

    public long Count { get; set; } = 1;
}
