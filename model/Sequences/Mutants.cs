using System.Collections.Immutable;

namespace KvmSpec.Model.Sequences;

/// <summary>What was changed to make a mutant.</summary>
public enum MutantKind
{
    /// <summary>A rule is gone.</summary>
    Drop,

    /// <summary>Two neighbouring rules stand in the other order.</summary>
    Swap,

    /// <summary>A rule answers another errno.</summary>
    Errno,

    /// <summary>A limit is one higher or lower.</summary>
    Limit,
}

/// <summary>
/// A planted fault: one small edit of one check, or of one limit. A check that stands in several cases of an ioctl is
/// one place in the kernel, and is changed in all of them. A mutant's model may throw where the dropped rule kept later
/// ones from a state they know nothing of: that is a crash, and tells the two apart as well.
/// </summary>
public sealed record Mutant : Edit
{
    private readonly string place;
    private readonly string first;
    private readonly string second;
    private readonly long by;

    private Mutant(MutantKind kind, string place, ImmutableArray<Operation> lists, string first, string second = "", long by = 0)
    {
        Kind = kind;
        this.place = place;
        Operations = lists;
        this.first = first;
        this.second = second;
        this.by = by;
    }

    /// <summary>What was changed.</summary>
    public MutantKind Kind { get; }

    /// <summary>The lists that were changed, as the original book has them; none for a limit.</summary>
    public ImmutableArray<Operation> Operations { get; }

    /// <summary>The limit that was moved; <c>null</c> for a rule.</summary>
    public Limit? Limit { get; private init; }

    /// <summary>What the rule answers instead, where its errno was changed.</summary>
    public Errno Errno { get; private init; }

    /// <summary>The fault in words: where, and what with which clauses.</summary>
    public override string Words => Kind switch
    {
        MutantKind.Drop => $"{place}: drop {first}",
        MutantKind.Swap => $"{place}: swap {first} and {second}",
        MutantKind.Errno => $"{place}: {first} answers {Errno}",
        _ => $"limit {Limit!.Name} {(by < 0 ? "-" : "+")} {Math.Abs(by)}",
    };

    /// <summary>True for a fault where one of the two leaves the answer open: that agrees with every answer.</summary>
    public bool IsOpen => Kind is MutantKind.Drop or MutantKind.Swap
        && Operations.Any(o => o.Rules.Any(r => r.Open && (r.Id == first || (Kind == MutantKind.Swap && r.Id == second))));

    /// <summary>
    /// The clause that decides every call on which the fault can show: of the rule that is gone or answers otherwise, or that
    /// stood before the other. <c>null</c> for a limit, with which any rule may compare.
    /// </summary>
    public string? Decides => Limit is null ? first : null;

    /// <summary>
    /// True where either rule of a swap would decide the call, the other away: where they never do, their order is no one's to
    /// see.
    /// </summary>
    /// <param name="model">The original.</param>
    /// <param name="world">Its state.</param>
    /// <param name="call">What is called.</param>
    /// <param name="decided">The rule that decides the call.</param>
    public bool BothHold(Model model, World world, in Call call, Rule decided)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(decided);
        try
        {
            return decided.Id == first && model.Holds(world, call, second);
        }
        catch (Exception crash) when (IsCrash(crash))
        {
            return true;
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Clauses => Kind switch
    {
        MutantKind.Drop or MutantKind.Errno => [first],
        MutantKind.Swap => [first, second],
        _ => [],
    };

    /// <inheritdoc/>
    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return Limit is not null ? book.Limits.ContainsKey(Limit) : book.Lists.Any(Changes);
    }

    /// <inheritdoc/>
    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        if (Limit is not null)
        {
            return new SetLimit(Limit, bound => bound.Moved(by), Words).Apply(book);
        }

        return Concerns(book)
            ? book with { Operations = Changed(book.Operations), Unknown = Changed(book.Unknown) }
            : throw new EditException($"{Words}: there is no such list");
    }

    /// <summary>A revision with the fault in it, for a model that stands in for a kernel.</summary>
    public Revision Plant(Revision original)
    {
        ArgumentNullException.ThrowIfNull(original);
        return new Revision($"{original.Name}, but {Words}", Words, original, this) { IsRelease = false };
    }

    /// <inheritdoc/>
    public override string ToString() => Words;

    /// <summary>True for what a mutant's model may throw: the state knows nothing of what it is asked.</summary>
    public static bool IsCrash(Exception thrown) => thrown is NullReferenceException or InvalidCastException or IndexOutOfRangeException;

    internal static Mutant Moving(Limit limit, long by) => new(MutantKind.Limit, "", [], "", "", by) { Limit = limit };

    internal static Mutant Dropping(string place, ImmutableArray<Operation> lists, string id) => new(MutantKind.Drop, place, lists, id);

    internal static Mutant Swapping(string place, ImmutableArray<Operation> lists, string first, string second) =>
        new(MutantKind.Swap, place, lists, first, second);

    internal static Mutant Answering(string place, ImmutableArray<Operation> lists, string id, Errno errno) =>
        new(MutantKind.Errno, place, lists, id) { Errno = errno };

    private bool Changes(Operation operation)
    {
        foreach (Operation changed in Operations)
        {
            if (changed.Id == operation.Id)
            {
                return true;
            }
        }

        return false;
    }

    private ImmutableArray<Operation> Changed(ImmutableArray<Operation> operations)
    {
        ImmutableArray<Operation>.Builder changed = operations.ToBuilder();
        for (int i = 0; i < changed.Count; i++)
        {
            if (Changes(changed[i]))
            {
                changed[i] = changed[i] with { Rules = Changed(changed[i].Rules) };
            }
        }

        return changed.MoveToImmutable();
    }

    private ImmutableArray<Rule> Changed(ImmutableArray<Rule> rules)
    {
        int at = IndexOf(rules, first);
        return Kind switch
        {
            MutantKind.Drop => rules.RemoveAt(at),
            MutantKind.Swap when IndexOf(rules, second) is var other => rules.SetItem(at, rules[other]).SetItem(other, rules[at]),
            _ => rules.SetItem(at, rules[at] with { Errno = Errno }),
        };
    }

    private int IndexOf(ImmutableArray<Rule> rules, string id)
    {
        for (int i = 0; i < rules.Length; i++)
        {
            if (rules[i].Id == id)
            {
                return i;
            }
        }

        throw new EditException($"{Words}: no rule {id}");
    }
}

/// <summary>
/// Every small fault that a book can have, in the order of its listing. The rule that ends a list stays where it is:
/// without it, or before it, the list would not be one.
/// </summary>
public static class Mutants
{
    /// <summary>Errnos that a changed rule may answer, the likeliest first.</summary>
    private static readonly ImmutableArray<Errno> Others =
        [Errno.EINVAL, Errno.EBUSY, Errno.EEXIST, Errno.ENOENT, Errno.EPERM, Errno.ENXIO, Errno.EFAULT, Errno.EIO, Errno.EBADF];

    /// <summary>All mutants: the rules', then the limits'.</summary>
    public static IEnumerable<Mutant> Of(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Operations.GroupBy(o => (o.On, o.OfDevice, o.Ioctl)).SelectMany(g => OfIoctl(PlaceOf(g.First()), [.. g]))
            .Concat(book.Unknown.SelectMany(o => OfIoctl($"{KindOf(o)}/unknown ioctl", [o])))
            .Concat(book.Limits.Keys.OrderBy(l => l.Name, StringComparer.Ordinal).SelectMany(l => new[] { Mutant.Moving(l, -1), Mutant.Moving(l, 1) }));
    }

    private static string PlaceOf(Operation operation) => $"{operation.OfDevice?.Name ?? KindOf(operation)}/{operation.Ioctl?.Name ?? "close"}";

    private static string KindOf(Operation operation) => operation.On.ToString().ToLowerInvariant();

    /// <summary>The faults of one ioctl: a switch's cases are several lists, but share their checks.</summary>
    private static IEnumerable<Mutant> OfIoctl(string place, ImmutableArray<Operation> lists)
    {
        HashSet<string> single = [];
        HashSet<(string, string)> pairs = [];
        foreach (Operation list in lists)
        {
            for (int i = 0; i < list.Rules.Length; i++)
            {
                Rule rule = list.Rules[i];
                bool last = i == list.Rules.Length - 1;
                ImmutableArray<Operation> sharing = [.. lists.Where(o => Has(o, rule.Id, last))];
                if (single.Add(rule.Id))
                {
                    if (!last)
                    {
                        yield return Mutant.Dropping(place, sharing, rule.Id);
                    }

                    if (!rule.Accepts)
                    {
                        yield return Mutant.Answering(place, sharing, rule.Id, Others.First(e => !sharing.Any(o => o.Rules.Any(r => r.Errno == e))));
                    }
                }

                if (i < list.Rules.Length - 2 && list.Rules[i + 1] is var next && Differ(rule, next) && pairs.Add((rule.Id, next.Id)))
                {
                    yield return Mutant.Swapping(place, [.. lists.Where(o => Neighbours(o, rule.Id, next.Id))], rule.Id, next.Id);
                }
            }
        }
    }

    private static bool Has(Operation operation, string id, bool last)
    {
        for (int i = 0; i < operation.Rules.Length; i++)
        {
            if (operation.Rules[i].Id == id)
            {
                return last == (i == operation.Rules.Length - 1);
            }
        }

        return false;
    }

    private static bool Neighbours(Operation operation, string first, string second)
    {
        for (int i = 0; i < operation.Rules.Length - 2; i++)
        {
            if (operation.Rules[i].Id == first)
            {
                return operation.Rules[i + 1].Id == second;
            }
        }

        return false;
    }

    /// <summary>True where it matters which of the two decides: no order is claimed among refusals with the same errno.</summary>
    private static bool Differ(Rule one, Rule other) =>
        one.Errno != other.Errno || one.Then != other.Then || one.Result != other.Result || one.Creates != other.Creates
        || !one.Writes.SequenceEqual(other.Writes);
}
