using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>What golden walks must be beyond readable: as the model has it, and about what they claim.</summary>
internal static class WalkVectorLint
{
    /// <summary>What is wrong, one line each.</summary>
    public static IReadOnlyList<string> Check(IReadOnlyList<WalkVectorFile> files)
    {
        List<string> problems = [];
        foreach ((WalkVectorFile file, WalkVector vector) in files.SelectMany(f => f.Cases.Select(c => (f, c))))
        {
            string at = $"{file.Path}:{vector.Line}: {vector.Id} ";
            ClauseCounts asked = default;
            if (vector.Difference(ref asked, out WalkClause? refuses) is { } difference)
            {
                problems.Add(at + difference);
            }

            WalkClauseSet all = asked.Held.Or(asked.Passed);
            problems.AddRange(vector.Clauses.Where(c => !all.Contains(WalkClauses.Find(c)!)).Select(c => at + $"never asks {c}: do not claim it"));
            if (refuses is { } refused && !vector.Clauses.Contains(refused.Id))
            {
                problems.Add(at + $"is refused by {refused.Id}: claim it");
            }

            if (vector is AccessVector { Walk: { Meanwhile.Count: > 0 } walk })
            {
                WalkRecorder recorder = WalkRecorder.Follow(walk, out _, out _);
                problems.AddRange(walk.Meanwhile.Keys.Where(n => n > recorder.Attempts)
                    .Select(n => at + $"has a store before compare-and-swap {n}, and makes {recorder.Attempts}: leave it out"));
            }
        }

        return problems;
    }

    /// <summary>Clauses that no vector which claims them has held, or none has passed.</summary>
    public static IReadOnlyList<string> Undecided(IReadOnlyList<WalkVectorFile> files)
    {
        ClauseCounts claimed = default;
        foreach (WalkVector vector in files.SelectMany(f => f.Cases))
        {
            ClauseCounts asked = default;
            vector.Difference(ref asked, out _);
            foreach (WalkClause clause in vector.Clauses.Select(c => WalkClauses.Find(c)!))
            {
                claimed.Held = asked.Held.Contains(clause) ? claimed.Held.With(clause) : claimed.Held;
                claimed.Passed = asked.Passed.Contains(clause) ? claimed.Passed.With(clause) : claimed.Passed;
            }
        }

        return
        [
            .. WalkClauses.All.Where(c => !claimed.Held.Contains(c)).Select(c => $"{c}: no vector answers yes"),
            .. WalkClauses.All.Where(c => !claimed.Passed.Contains(c)).Select(c => $"{c}: no vector answers no"),
        ];
    }
}
