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

        IReadOnlyDictionary<ulong, ulong> unwalked = walk.Unwalked;
        foreach (ulong address in after.Keys.Union(After.Keys).Order())
        {
            ulong wanted = After.TryGetValue(address, out ulong changed) ? changed : unwalked.GetValueOrDefault(address);
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
