using System.Globalization;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Reports;

/// <summary>What came of the vectors, for people and for programs.</summary>
internal static class VectorText
{
    private const int LinesEach = 2;
    private const int MostLines = 40;
    private const int MostReasons = 12;

    /// <summary>The vectors that failed, each with the call that did; not more than a screenful.</summary>
    public static void Write(TextWriter text, VectorTally tally)
    {
        if (tally.Failed.Count > 0)
        {
            text.WriteLine();
        }

        foreach ((string file, VectorResult result) in tally.Failed.Take(MostLines / LinesEach))
        {
            text.WriteLine($"{file}:{CallOf(result).Line}: {result.Vector.Id} failed: {result.Vector.Title}{(tally.Labels.TryGetValue(result.Vector.Id, out string? label) ? $"; {label}" : "")}");
            text.WriteLine($"    {CallOf(result).Call}: expected {CallOf(result).Expected}, came {result.Came}");
        }

        if (tally.Failed.Count > MostLines / LinesEach)
        {
            text.WriteLine($"... and {tally.Failed.Count - (MostLines / LinesEach)} more vectors failed");
        }
    }

    /// <summary>The counts, and why vectors were skipped: the most frequent reasons.</summary>
    public static IEnumerable<(string What, string Value)> Rows(VectorTally tally)
    {
        yield return ("vectors", string.Create(CultureInfo.InvariantCulture, $"{tally.Passed} passed, {tally.Failed.Count} failed, {tally.Skipped} skipped"));
        (string Reason, int Count)[] skips = [.. tally.Skips];
        foreach ((string reason, int count) in skips.Take(MostReasons))
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"  skipped {count}"), reason);
        }

        if (skips.Length > MostReasons)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"  skipped {skips.Skip(MostReasons).Sum(s => s.Count)}"),
                $"for {skips.Length - MostReasons} other reasons; --format json tells them");
        }
    }

    /// <summary>The same for programs.</summary>
    public static object Json(VectorTally tally) => new
    {
        passed = tally.Passed,
        failed = tally.Failed.Select(f => new
        {
            file = f.File,
            line = CallOf(f.Result).Line,
            id = f.Result.Vector.Id,
            title = f.Result.Vector.Title,
            call = CallOf(f.Result).Call.ToString(),
            expected = CallOf(f.Result).Expected,
            came = f.Result.Came,
            label = tally.Labels.GetValueOrDefault(f.Result.Vector.Id),
        }),
        skipped = tally.Skips.Select(s => new { reason = s.Reason, count = s.Count }),
    };

    private static VectorCall CallOf(in VectorResult result) => result.Vector.Calls[result.Call];
}
