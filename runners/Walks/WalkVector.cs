using System.Collections.Immutable;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>What must come of a walk: a place, or a trap.</summary>
/// <param name="Result">The result; of it Clause, levels and stage are nobody's business.</param>
/// <param name="After">Words that must have changed, and to what; no others may.</param>
internal sealed record WalkExpectation(WalkResult Result, ImmutableSortedDictionary<ulong, ulong> After)
{
    /// <summary>What differs, or <c>null</c>.</summary>
    public string? Difference(WalkCase walk, WalkResult result, Dictionary<ulong, ulong> after)
    {
        WalkResult must = Result;
        bool same = result.Cause == must.Cause && (result.IsTrap
            ? result.Tval == must.Tval && result.Htval == must.Htval && result.Pseudo == must.Pseudo
            : result.Spa == must.Spa && result.Gpa == must.Gpa && result.Type == must.Type);
        if (!same)
        {
            return $"must be {Words(must)}, is {Words(result)}";
        }

        foreach (ulong address in after.Keys.Union(After.Keys).Order())
        {
            ulong wanted = After.TryGetValue(address, out ulong changed) ? changed : walk.Words.GetValueOrDefault(address);
            if (after.GetValueOrDefault(address) != wanted)
            {
                return $"must leave 0x{wanted:x} at 0x{address:x}, leaves 0x{after.GetValueOrDefault(address):x}";
            }
        }

        return null;
    }

    /// <summary>The result as vectors write it.</summary>
    public static string Words(WalkResult result) => !result.IsTrap
        ? $"{{ spa: {result.Spa}, gpa: {result.Gpa}, type: {result.Type.ToString().ToLowerInvariant()} }}"
        : $"{{ cause: {(int)result.Cause}, tval: {result.Tval}" + (result.IsGuestPageFault ? $", htval: 0x{result.Htval:x}, htinst: 0x{result.Pseudo:x} }}" : " }");
}

/// <summary>A golden walk.</summary>
internal sealed record WalkVector
{
    /// <summary>The topic and a path within it.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    /// <summary>The line of the case in the file.</summary>
    public required int Line { get; init; }

    /// <summary>The clauses that it is about: each is asked.</summary>
    public required ImmutableArray<string> Clauses { get; init; }

    public required WalkCase Walk { get; init; }

    public required WalkExpectation Must { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Id;
}

/// <summary>The golden walks of a topic.</summary>
internal sealed record WalkVectorFile(string Path, string Topic, string Title, ImmutableArray<WalkVector> Cases);
