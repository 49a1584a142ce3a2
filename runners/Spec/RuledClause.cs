using KvmSpec.Model;

namespace KvmSpec.Runners.Spec;

/// <summary>What the rules say of one clause: the other side of the gate.</summary>
public sealed record RuledClause
{
    public required string Id { get; init; }

    /// <summary>The errno in the newest release that has the clause, or <c>accepts</c>.</summary>
    public required string Errno { get; init; }

    /// <summary>Every place of that release.</summary>
    public required IReadOnlyList<Place> AllPlaces { get; init; }

    /// <summary>The names of the places where the rule stands in that release.</summary>
    public required IReadOnlySet<string> Places { get; init; }

    /// <summary>The places as spec.md should name them.</summary>
    public string Where => Spec.Places.Write(AllPlaces, Places);

    /// <summary>The releases that have the clause.</summary>
    public required string Range { get; init; }

    /// <summary>What the text has to mention: other errnos of older releases, and until when something else holds.</summary>
    public required IReadOnlyList<string> Mentions { get; init; }

    /// <summary>The clauses of some revisions, in the order of the rules.</summary>
    /// <param name="revisions">The releases, newest first; then the postings. Of a clause that a release has, postings say nothing.</param>
    public static IReadOnlyList<RuledClause> Of(IReadOnlyList<Revision> revisions)
    {
        ArgumentNullException.ThrowIfNull(revisions);
        Revision[] releases = [.. revisions.Where(r => r.IsRelease)];
        RuledClause[] clauses = [.. Gather(releases)];
        HashSet<string> known = [.. clauses.Select(c => c.Id)];
        return [.. clauses, .. Gather([.. revisions.Where(r => !r.IsRelease)]).Where(c => !known.Contains(c.Id))];
    }

    private static IEnumerable<RuledClause> Gather(IReadOnlyList<Revision> revisions)
    {
        Book[][] books = [.. revisions.Select(BooksOf)];
        Dictionary<string, List<Placed>>[] placed = [.. books.Select(PlacedById)];
        IReadOnlyList<Place>[] places = [.. books.Select(b => Place.Of(b))];
        IReadOnlyList<Place>[] distinct = [.. places.Select(all => all.DistinctBy(p => p.Name).ToList())];
        Scopes scopes = new(revisions);
        foreach (string id in placed.SelectMany(p => p.Keys).Distinct())
        {
            bool[] present = [.. placed.Select(p => p.ContainsKey(id))];
            int newest = Array.IndexOf(present, true);
            HashSet<Operation> operations = [.. placed[newest][id].Select(p => p.Operation)];
            yield return new()
            {
                Id = id,
                Errno = ErrnoOf(placed[newest][id]),
                AllPlaces = distinct[newest],
                Places = places[newest].Where(p => operations.Contains(p.Operation)).Select(p => p.Name).ToHashSet(),
                Range = scopes.Of(id),
                Mentions = [.. MentionsOf(id, revisions, placed, present).Distinct()],
            };
        }
    }

    /// <summary>The books of a release, one for each architecture that it has rules for.</summary>
    public static Book[] BooksOf(Revision release)
    {
        ArgumentNullException.ThrowIfNull(release);
        return [.. release.Architectures.Select(release.Book).OfType<Book>()];
    }

    private static Dictionary<string, List<Placed>> PlacedById(Book[] books) =>
        books.SelectMany(b => b.Placements).GroupBy(p => p.Rule.Id).ToDictionary(g => g.Key, g => g.ToList());

    private static string ErrnoOf(List<Placed> placed) =>
        string.Join(" or ", placed.Select(p => p.Rule.Answer).Distinct().Order(StringComparer.Ordinal));

    private static IEnumerable<string> MentionsOf(
        string id, IReadOnlyList<Revision> releases, Dictionary<string, List<Placed>>[] placed, bool[] present)
    {
        for (int i = 0; i < releases.Count; i++)
        {
            if (!present[i])
            {
                continue;
            }

            foreach (string fact in placed[i][id].Where(p => p.Rule.Given is not null).Select(p => $"`{p.Rule.Given!.Name}`"))
            {
                yield return fact;
            }

            if (i == 0 || !present[i - 1] || !releases[i].IsRelease)
            {
                continue;
            }

            string errno = ErrnoOf(placed[i][id]);
            if (errno != ErrnoOf(placed[i - 1][id]))
            {
                yield return errno;
            }

            if (releases[i].Edits.Any(e => Changes(e, id)))
            {
                yield return $"until {releases[i].Name}";
            }
        }
    }

    /// <summary>True where an edit gives a clause that both releases have another meaning or place.</summary>
    internal static bool Changes(Edit edit, string id) => edit switch
    {
        Move move => move.Id == id,
        InsertBefore insert => insert.Rule.Id == id,
        _ => edit.Clauses.Contains(id),
    };
}
