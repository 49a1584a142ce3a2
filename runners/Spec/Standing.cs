using System.Collections.Immutable;
using KvmSpec.Model;

namespace KvmSpec.Runners.Spec;

/// <summary>Where a clause stands in one call, release by release, and what its rules depend on.</summary>
/// <param name="Call">The call and the kind of descriptor.</param>
/// <param name="History">Position and answer in the newest release, and in older ones where they differ.</param>
public sealed record Standing(string Call, string History)
{
    private const string Absent = "not there";

    /// <summary>Everywhere a clause stands, in the order of the newest release that has it there.</summary>
    /// <param name="revisions">The releases, newest first, and the postings, which are asked where no release has the clause.</param>
    /// <param name="id">The clause.</param>
    public static IReadOnlyList<Standing> Of(IReadOnlyList<Revision> revisions, string id)
    {
        ArgumentNullException.ThrowIfNull(revisions);
        Revision[] releases = [.. revisions.Where(r => r.IsRelease)];
        return InReleases(releases, id) is { Count: > 0 } standings ? standings
            : [.. revisions.Except(releases).SelectMany(r => ByPlace(r, id).Select(p => (Revision: r, Place: p.Key, Text: p.Value)))
                .GroupBy(s => s.Place).Select(place => new Standing(place.Key, string.Join("; ",
                    place.GroupBy(s => s.Text).Select(text => $"{text.Key} in {string.Join(", ", text.Select(s => s.Revision.Name))}"))))];
    }

    private static IReadOnlyList<Standing> InReleases(IReadOnlyList<Revision> releases, string id)
    {
        Dictionary<string, string>[] placed = [.. releases.Select(r => ByPlace(r, id))];
        return [.. placed.SelectMany(p => p.Keys).Distinct().Select(place => new Standing(place, HistoryOf(place, releases, placed)))];
    }

    /// <summary>The rules of a clause in any release.</summary>
    public static ImmutableArray<Rule> Rules(IReadOnlyList<Revision> releases, string id) =>
        [.. releases.SelectMany(RuledClause.BooksOf).SelectMany(b => b.PlacementsOf(id)).Select(p => p.Rule).Distinct()];

    private static Dictionary<string, string> ByPlace(Revision release, string id)
    {
        Dictionary<string, string> places = [];
        Book[] books = RuledClause.BooksOf(release);
        Dictionary<Operation, Placed> placed = books.SelectMany(b => b.PlacementsOf(id)).DistinctBy(p => p.Operation).ToDictionary(p => p.Operation);
        foreach (Place place in Place.Of(books, placed.ContainsKey))
        {
            Placed here = placed[place.Operation];
            places.TryAdd(place.Name, $"check {here.Position + 1}, {here.Rule.Answer}");
        }

        return places;
    }

    private static string HistoryOf(string place, IReadOnlyList<Revision> releases, Dictionary<string, string>[] placed)
    {
        List<string> parts = [];
        string? newer = null;
        for (int i = 0; i < releases.Count; i++)
        {
            string standing = placed[i].GetValueOrDefault(place, Absent);
            if (standing != newer)
            {
                parts.Add(i == 0 ? standing : $"until {releases[i].Name}: {standing}");
                newer = standing;
            }
        }

        return string.Join("; ", parts);
    }
}
