using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Diff;

/// <summary>A sequence that tells two revisions apart on a host.</summary>
public sealed record Told(Telling Telling, Model.Model One, Model.Model Other);

/// <summary>An edit that stands between two revisions, and what shows it.</summary>
/// <param name="Owner">The revision that makes the edit.</param>
/// <param name="Edit">What it does.</param>
/// <param name="By">The shortest sequence that shows it; <c>null</c> where none was found.</param>
public sealed record ShownEdit(Revision Owner, Edit Edit, Told? By);

/// <summary>
/// What stands between two revisions: the edits that lead from their common ancestor to each, and for each the shortest
/// sequence that tells them apart.
/// </summary>
public sealed class RevisionDiff
{
    private const int Longest = 4;
    private const int MostPairs = 20_000;

    private readonly Revision one;
    private readonly Revision other;
    private readonly List<Told> told;

    /// <exception cref="ArgumentException">The revisions have no architecture in common.</exception>
    public RevisionDiff(Revision one, Revision other)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        this.one = one;
        this.other = other;
        Architecture[] common = [.. one.Architectures.Intersect(other.Architectures)];
        List<Told> found = [];
        foreach (Host host in Hosts.All.Where(h => common.Contains(h.Architecture)))
        {
            Host fit = ModelHosts.For(one, ModelHosts.For(other, host));
            Model.Model mine = new(one, fit);
            Model.Model its = new(other, fit);
            SmallCalls calls = new(mine, mine.Book.Operations.Concat(its.Book.Operations).Where(o => o.Ioctl != Model.Uapi.Raw.Ioctl), SmallScope.Telling);
            PairSearch search = new(mine, its, calls);
            found.AddRange(search.Find(Longest, MostPairs).Select(t => new Told(t, mine, its)));
            Pairs += search.Pairs;
            Cut |= search.Cut;
        }

        told = [.. found.OrderBy(t => t.Telling.Sequence.Length).ThenBy(t => t.Telling.Sequence.ToString().Length)];
        Edits = [.. Between(one, other).Select(e => new ShownEdit(e.Owner, e.Edit, told.FirstOrDefault(t => Causes(e.Owner, e.Edit, t))))];
        HashSet<Told> shown = [.. Edits.Select(e => e.By).OfType<Told>()];
        Unattributed = [.. told.Where(t => !shown.Contains(t) && !Edits.Any(e => Causes(e.Owner, e.Edit, t)))];
    }

    public IReadOnlyList<ShownEdit> Edits { get; }

    /// <summary>Sequences that tell the revisions apart and that no one edit alone explains.</summary>
    public IReadOnlyList<Told> Unattributed { get; }

    /// <summary>The pairs of states that were seen on all hosts.</summary>
    public int Pairs { get; private set; }

    /// <summary>True where a bound cut the search.</summary>
    public bool Cut { get; private set; }

    public bool Differ => told.Count > 0;

    /// <summary>The greatest number of calls that was tried.</summary>
    public static int Depth => Longest;

    /// <summary>The edits from the common ancestor to each revision; none of the ancestor's own.</summary>
    private static IEnumerable<(Revision Owner, Edit Edit)> Between(Revision one, Revision other)
    {
        Revision[] mine = [.. Line(one)];
        Revision[] its = [.. Line(other)];
        return mine.Except(its).Concat(its.Except(mine)).SelectMany(r => r.Edits.Select(e => (r, e)));
    }

    private static IEnumerable<Revision> Line(Revision revision)
    {
        for (Revision? at = revision; at is not null; at = at.Parent)
        {
            yield return at;
        }
    }

    /// <summary>True where the sequence no longer tells the revisions apart once the edit is not made.</summary>
    private bool Causes(Revision owner, Edit edit, Told by)
    {
        try
        {
            Model.Model mine = new(Without(one, owner, edit), by.One.Host);
            Model.Model its = new(Without(other, owner, edit), by.Other.Host);
            return Same(mine, its, by.Telling.Sequence);
        }
        catch (EditException)
        {
            return edit.Clauses.Contains(by.Telling.One.Id) || edit.Clauses.Contains(by.Telling.Other.Id);
        }
    }

    private static Revision Without(Revision revision, Revision owner, Edit edit)
    {
        if (!Line(revision).Contains(owner))
        {
            return revision;
        }

        Revision made = revision == owner
            ? new Revision(revision.Name, revision.Title, revision.Parent!, revision.Edits.Remove(edit)) { IsRelease = revision.IsRelease, About = revision.About }
            : new Revision(revision.Name, revision.Title, Without(revision.Parent!, owner, edit), revision.Edits) { IsRelease = revision.IsRelease, About = revision.About };
        return made;
    }

    private static bool Same(Model.Model mine, Model.Model its, Sequence sequence)
    {
        World first = World.Initial;
        World second = World.Initial;
        foreach (Call call in sequence.Calls)
        {
            World before = first;
            first = mine.Answer(first, call, out Observation one, out _);
            second = its.Answer(second, call, out Observation other, out _);
            if (one.Errno != other.Errno || one.Ending != other.Ending || one.Result != other.Result || one.Descriptor != other.Descriptor || one.After != other.After)
            {
                return false;
            }

            if (one.Ending != Ending.Returned)
            {
                return ReferenceEquals(before, first);
            }
        }

        return true;
    }
}
