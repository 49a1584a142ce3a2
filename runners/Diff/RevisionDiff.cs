using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Diff;

/// <summary>A sequence that tells two revisions apart on a host.</summary>
public sealed record Told(Telling Telling, Model.Model One, Model.Model Other);

/// <summary>An edit that stands between two revisions, and what shows it.</summary>
/// <param name="Owner">The revision that makes the edit.</param>
/// <param name="Edit">What it does.</param>
/// <param name="By">The shortest sequence that shows it, or where the search found none a vector's, made smaller; <c>null</c> where there is none either.</param>
/// <param name="Before">What hides it where nothing shows it; <c>null</c> where none was found.</param>
/// <param name="Together">A vector's sequence that shows the edit together with others, where nothing shows it alone.</param>
public sealed record ShownEdit(Revision Owner, Edit Edit, Told? By, StandsBefore? Before, Told? Together);

/// <summary>A clause that answers before what an edit changes is asked, so that the edit alone makes no difference.</summary>
/// <param name="Clause">Which.</param>
/// <param name="In">The revision in which it does.</param>
public sealed record StandsBefore(string Clause, Revision In);

/// <summary>
/// What stands between two revisions: the edits that lead from their common ancestor to each, and for each the shortest
/// sequence that tells them apart.
/// </summary>
public sealed class RevisionDiff
{
    private const int Longest = 4;
    private const int MostPairs = 5_000;

    private readonly Revision one;
    private readonly Revision other;
    private readonly List<Told> unattributed = [];

    /// <param name="one">A revision.</param>
    /// <param name="other">Another.</param>
    /// <param name="cases">Vectors, whose calls are made where the search finds nothing: they go deeper.</param>
    /// <exception cref="ArgumentException">The revisions have no architecture in common.</exception>
    public RevisionDiff(Revision one, Revision other, IReadOnlyCollection<Vector> cases)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        this.one = one;
        this.other = other;
        Architecture[] common = [.. one.Architectures.Intersect(other.Architectures)];
        (Revision Owner, Edit Edit)[] edits = [.. Between(one, other).Where(e => common.Any(a => e.Owner.Parent!.Book(a) is { } book && e.Edit.AppliesTo(book)))];
        Told?[] shown = new Told?[edits.Length];
        StandsBefore?[] before = new StandsBefore?[edits.Length];
        List<Run> runs = [.. Hosts.All.Where(h => common.Contains(h.Architecture)).Select(h => new Run(one, other, h))];
        Dictionary<(int Edit, Model.Model One), Undone?> without = [];
        for (int length = 1; length <= Longest && shown.Contains(null); length++)
        {
            foreach (Told told in runs.SelectMany(r => r.OfNextLength()).OrderBy(t => t.Telling.Sequence.ToString().Length))
            {
                Differ = true;
                bool explained = false;
                for (int i = 0; i < edits.Length; i++)
                {
                    if (Causes(i, edits[i].Owner, edits[i].Edit, told, without))
                    {
                        shown[i] ??= told;
                        explained = true;
                    }
                    else
                    {
                        before[i] ??= Hidden(edits[i].Edit, told, without[(i, told.One)]);
                    }
                }

                if (!explained && !unattributed.Any(t => t.Telling.One.Id == told.Telling.One.Id && t.Telling.Other.Id == told.Telling.Other.Id))
                {
                    unattributed.Add(told);
                }
            }
        }

        Told?[] together = new Told?[edits.Length];
        IEnumerable<Told> deeper = runs.Where(_ => shown.Contains(null)).SelectMany(r => r.OfCases(cases)).OrderBy(t => t.Telling.Sequence.ToString().Length);
        foreach (Told told in deeper)
        {
            Differ = true;
            for (int i = 0; i < edits.Length; i++)
            {
                if (shown[i] is null && Causes(i, edits[i].Owner, edits[i].Edit, told, without))
                {
                    shown[i] = told;
                }
                else if (shown[i] is null && Matters(told, without[(i, told.One)]))
                {
                    together[i] ??= told;
                }
            }
        }

        Edits = [.. edits.Select((e, i) => new ShownEdit(e.Owner, e.Edit, shown[i], shown[i] is null ? before[i] : null, shown[i] is null ? together[i] : null))];
        Pairs = runs.Sum(r => r.Search.Pairs);
        Cut = runs.Any(r => r.Search.Cut);
        foreach (Run run in runs)
        {
            run.Dispose();
        }
    }

    public IReadOnlyList<ShownEdit> Edits { get; }

    /// <summary>Sequences that tell the revisions apart and that no one edit alone explains.</summary>
    public IReadOnlyList<Told> Unattributed => unattributed;

    /// <summary>The pairs of states that were seen on all hosts.</summary>
    public int Pairs { get; }

    /// <summary>True where a bound cut the search.</summary>
    public bool Cut { get; }

    public bool Differ { get; }

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
    private bool Causes(int number, Revision owner, Edit edit, Told by, Dictionary<(int Edit, Model.Model One), Undone?> known)
    {
        if (!known.TryGetValue((number, by.One), out Undone? undone))
        {
            known[(number, by.One)] = undone = Undo(owner, edit, by);
        }

        return undone is not null ? TwoModels.Tells(undone.Mine, undone.Its, by.Telling.Sequence) is null
            : edit.Clauses.Contains(by.Telling.One.Id) || edit.Clauses.Contains(by.Telling.Other.Id);
    }

    /// <summary>True where either revision answers the sequence otherwise once the edit is not made, though they still differ.</summary>
    private static bool Matters(Told by, Undone? undone) => undone is not null
        && (TwoModels.Tells(by.One, undone.Mine, by.Telling.Sequence) ?? TwoModels.Tells(by.Other, undone.Its, by.Telling.Sequence)) is not null;

    /// <summary>
    /// What hides an edit from a sequence: a clause of the edit decides in one revision, and in the other one that stands
    /// before it where the edit is not made.
    /// </summary>
    private StandsBefore? Hidden(Edit edit, Told by, Undone? undone)
    {
        (string mine, string its) = (by.Telling.One.Id, by.Telling.Other.Id);
        return undone is null ? null
            : edit.Clauses.Contains(mine) && Stands(its, mine, undone.Its, by.Telling.Sequence) ? new StandsBefore(its, other)
            : edit.Clauses.Contains(its) && Stands(mine, its, undone.Mine, by.Telling.Sequence) ? new StandsBefore(mine, one)
            : null;
    }

    /// <summary>True where a clause decides a sequence's last call, and another would be asked after it.</summary>
    private static bool Stands(string decides, string after, Model.Model model, Sequence sequence)
    {
        World world = World.Initial;
        Operation? last = null;
        Rule? decided = null;
        foreach (Call call in sequence.Calls)
        {
            last = model.Resolve(world, call);
            world = model.Answer(world, call, out _, out decided);
        }

        return decided?.Id == decides && model.Book.Lists.First(o => o.Id == last!.Id).Rules.SkipWhile(r => r.Id != decides).Any(r => r.Id == after);
    }

    /// <summary>The models of both revisions without the edit; none where others build on it.</summary>
    private Undone? Undo(Revision owner, Edit edit, Told by)
    {
        try
        {
            return new(new(Without(one, owner, edit), by.One.Host), new(Without(other, owner, edit), by.Other.Host));
        }
        catch (EditException)
        {
            return null;
        }
    }

    /// <summary>Both models of a host without one edit.</summary>
    private sealed record Undone(Model.Model Mine, Model.Model Its);

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

    /// <summary>The search on one host, length by length.</summary>
    private sealed class Run : IDisposable
    {
        private readonly Model.Model mine;
        private readonly Model.Model its;
        private readonly IEnumerator<Telling?> found;

        public Run(Revision one, Revision other, Host host)
        {
            Host fit = ModelHosts.For(one, ModelHosts.For(other, host));
            mine = new(one, fit);
            its = new(other, fit);
            SmallCalls calls = new(mine, mine.Book.Operations.Concat(its.Book.Operations).Where(o => o.Ioctl != Model.Uapi.Raw.Ioctl), SmallScope.Telling);
            Search = new(mine, its, calls);
            found = Search.Find(Longest, MostPairs).GetEnumerator();
        }

        public PairSearch Search { get; }

        public IEnumerable<Told> OfNextLength()
        {
            while (found.MoveNext() && found.Current is { } telling)
            {
                yield return new Told(telling, mine, its);
            }
        }

        /// <summary>What cases show on this host, each made as small as it goes.</summary>
        public IEnumerable<Told> OfCases(IEnumerable<Vector> cases) => cases.Where(c => c.Host.Unmet(mine) is null || c.Host.Unmet(its) is null)
            .Select(c => new Sequence([.. c.Sequence])).Where(c => !c.Calls.ToArray().Any(IsRaw)).Select(c => TwoModels.Tells(mine, its, c)).OfType<Telling>()
            .Where(t => !TwoModels.LeavesOpen(mine, t.Sequence) && !TwoModels.LeavesOpen(its, t.Sequence)).Select(t => new Told(TwoModels.Smallest(mine, its, t), mine, its));

        public void Dispose() => found.Dispose();

        /// <summary>True where a number is given raw, which either revision may use for another meaning.</summary>
        private static bool IsRaw(Call call) => call.Operation is { Ioctl: { } ioctl, Case: null } && (ioctl == Model.Uapi.Raw.Ioctl || ioctl.Selector is not null);
    }
}
