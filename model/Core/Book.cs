using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>
/// All rules of one release for one architecture: operations with their ordered rules, what unknown ioctls answer, the
/// limits, and the vocabulary. A book is a value; edits make another.
/// </summary>
public sealed record Book
{
    public required Architecture Architecture { get; init; }

    public required ImmutableArray<Operation> Operations { get; init; }

    /// <summary>What each kind of descriptor answers to an ioctl it does not know.</summary>
    public required ImmutableArray<Operation> Unknown { get; init; }

    /// <summary>What is said of a known ioctl that is called by number alone.</summary>
    public required Operation KnownNumber { get; init; }

    public required ImmutableDictionary<Limit, Bound> Limits { get; init; }

    /// <summary>Numbers that differ from the newest release's.</summary>
    public ImmutableDictionary<Symbol, ulong> Numbers { get; init; } = ImmutableDictionary<Symbol, ulong>.Empty;

    /// <summary>How a semantic argument is spelled in this release, where not as in the newest one.</summary>
    public ImmutableArray<Spelling> Spellings { get; init; } = [];

    /// <summary>Calls that generated sequences often begin with, so that what needs many calls to get to is reached.</summary>
    public ImmutableArray<ImmutableArray<Call>> Openings { get; init; } = [];

    /// <summary>The number of a symbol in this revision's vocabulary.</summary>
    public ulong Number(Symbol symbol)
    {
        ArgumentNullException.ThrowIfNull(symbol);
        return Numbers.GetValueOrDefault(symbol, symbol.Value);
    }

    /// <summary>Every list of rules, the unknown ioctls' included.</summary>
    public IEnumerable<Operation> Lists => Operations.Concat(Unknown).Append(KnownNumber);

    /// <summary>Every rule where it stands: the listing that tools read without running anything.</summary>
    public IEnumerable<Placed> Placements =>
        Lists.SelectMany(o => o.Rules.Select((rule, position) => new Placed(o, rule, position)));

    /// <summary>All clause ids.</summary>
    public ImmutableSortedSet<string> Clauses =>
        Placements.Select(p => p.Rule.Id).ToImmutableSortedSet(StringComparer.Ordinal);

    /// <summary>The book with every list rewritten by a function.</summary>
    public Book Rewrite(Func<Operation, ImmutableArray<Rule>> rules) => this with
    {
        Operations = [.. Operations.Select(o => o with { Rules = rules(o) })],
        Unknown = [.. Unknown.Select(o => o with { Rules = rules(o) })],
        KnownNumber = KnownNumber with { Rules = rules(KnownNumber) },
    };
}

/// <summary>A rule at its place: one line of the listing.</summary>
public readonly record struct Placed(Operation Operation, Rule Rule, int Position);

/// <summary>
/// How one release spells an argument that means the same in all: semantic value to number and back. A number that means
/// nothing decodes to <c>null</c>.
/// </summary>
public sealed record Spelling(Operation Operation, Field Field, Func<ulong, ulong> Encode, Func<ulong, ulong?> Decode);
