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

    /// <summary>Names that differ from the newest release's.</summary>
    public ImmutableDictionary<Symbol, string> Names { get; init; } = ImmutableDictionary<Symbol, string>.Empty;

    /// <summary>The name of a symbol in this revision's vocabulary.</summary>
    public string Name(Symbol symbol)
    {
        ArgumentNullException.ThrowIfNull(symbol);
        return Names.GetValueOrDefault(symbol, symbol.Name);
    }

    /// <summary>True where an argument of the operation is spelled otherwise than in the newest release.</summary>
    public bool Spells(Operation operation)
    {
        foreach (Spelling spelling in Spellings)
        {
            if (spelling.Operation.Id == operation.Id)
            {
                return true;
            }
        }

        return false;
    }

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

    /// <summary>Where the rules of one clause stand, in the order of the listing; nowhere where the book does not have it.</summary>
    public IEnumerable<Placed> PlacementsOf(string clause) => BookIndex.Of(this).PlacementsOf(clause);

    /// <summary>The greatest <see cref="Rule.Serial"/> of its rules, for tables indexed by it.</summary>
    public int LastSerial => BookIndex.Of(this).LastSerial;

    /// <summary>The book with every list rewritten by a function; lists that stay as they are are shared.</summary>
    public Book Rewrite(Func<Operation, ImmutableArray<Rule>> rules)
    {
        Operation Rewritten(Operation operation) => rules(operation) is var after && after == operation.Rules ? operation : operation with { Rules = after };
        return this with
        {
            Operations = [.. Operations.Select(Rewritten)],
            Unknown = [.. Unknown.Select(Rewritten)],
            KnownNumber = Rewritten(KnownNumber),
        };
    }
}

/// <summary>A rule at its place: one line of the listing.</summary>
public readonly record struct Placed(Operation Operation, Rule Rule, int Position);

/// <summary>
/// How one revision spells an argument that means the same in all: from the newest release's number to its own, and
/// back.
/// </summary>
/// <param name="Operation">The call.</param>
/// <param name="Field">Its argument.</param>
/// <param name="Encode">The revision's number for a meaning.</param>
/// <param name="Decode">A meaning of its number; <c>null</c> where it has none.</param>
/// <param name="How">In words.</param>
public sealed record Spelling(Operation Operation, Field Field, Func<Architecture, ulong, ulong> Encode, Func<Architecture, ulong, ulong?> Decode, string How);
