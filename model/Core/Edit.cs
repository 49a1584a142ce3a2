using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>
/// One difference between a revision and its parent, by clause id. An id that is absent, or there already, is an error
/// when the edit is applied.
/// </summary>
public abstract record Edit
{
    /// <summary>The edit in words, with clause ids.</summary>
    public abstract string Words { get; }

    /// <summary>The clauses it touches.</summary>
    public abstract IEnumerable<string> Clauses { get; }

    /// <summary>Where it applies: one operation's full name, or every list that has the clause.</summary>
    public string? Only { get; init; }

    /// <summary>The architectures whose rules it is about; empty is every architecture that has what it names.</summary>
    public ImmutableArray<Architecture> In { get; init; } = [];

    /// <summary>True where a revision with this edit changes the book.</summary>
    public bool AppliesTo(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return (In.IsEmpty || In.Contains(book.Architecture)) && Concerns(book);
    }

    /// <summary>Applies the edit.</summary>
    /// <exception cref="EditException">The clause is not there, or there already.</exception>
    public abstract Book Apply(Book book);

    /// <summary>True where the edit is about anything this book has.</summary>
    public virtual bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return Clauses.Any(id => Stands(book, id));
    }

    private protected bool Stands(Book book, string id)
    {
        foreach (Operation operation in book.Lists)
        {
            if (Find(operation.Rules, id) >= 0 && InScope(operation))
            {
                return true;
            }
        }

        return false;
    }

    private protected bool InScope(Operation operation) => Only is null || operation.FullName == Only;

    private protected Book Change(Book book, string id, Func<ImmutableArray<Rule>, int, ImmutableArray<Rule>> change)
    {
        bool found = false;
        Book changed = book.Rewrite(o =>
        {
            int at = InScope(o) ? Find(o.Rules, id) : -1;
            if (at < 0)
            {
                return o.Rules;
            }

            found = true;
            return change(o.Rules, at);
        });
        return found ? changed : throw new EditException($"{Words}: no rule {id}{(Only is null ? "" : $" in {Only}")}");
    }

    private protected static int Find(ImmutableArray<Rule> rules, string id)
    {
        for (int i = 0; i < rules.Length; i++)
        {
            if (rules[i].Id == id)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>An edit that does not fit the book it is applied to.</summary>
public sealed class EditException(string message) : Exception(message);

/// <summary>The kernel does not check this.</summary>
public sealed record Drop(string Id) : Edit
{
    public override string Words => $"drop {Id}";

    public override IEnumerable<string> Clauses => [Id];

    public override Book Apply(Book book) => Change(book, Id, (rules, at) => rules.RemoveAt(at));
}

/// <summary>The kernel checks one more thing, before another check.</summary>
public sealed record InsertBefore(string Id, Rule Rule) : Edit
{
    public override string Words => $"insert {Rule.Id} before {Id}";

    public override IEnumerable<string> Clauses => [Id, Rule.Id];

    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return Stands(book, Id);
    }

    public override Book Apply(Book book) => Change(book, Id, (rules, at) => Find(rules, Rule.Id) < 0
        ? rules.Insert(at, Rule)
        : throw new EditException($"{Words}: {Rule.Id} is there already"));
}

/// <summary>The kernel makes a check later: just before another one.</summary>
public sealed record Move(string Id, string Before) : Edit
{
    public override string Words => $"move {Id} before {Before}";

    public override IEnumerable<string> Clauses => [Id, Before];

    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Lists.Any(o => InScope(o) && Find(o.Rules, Id) >= 0 && Find(o.Rules, Before) >= 0);
    }

    public override Book Apply(Book book) => Change(book, Id, (rules, at) =>
    {
        Rule moved = rules[at];
        ImmutableArray<Rule> rest = rules.RemoveAt(at);
        int to = Find(rest, Before);
        return to < 0 ? throw new EditException($"{Words}: no rule {Before}") : rest.Insert(to, moved);
    });
}

/// <summary>The kernel makes two checks in the other order.</summary>
public sealed record Swap(string First, string Second) : Edit
{
    public override string Words => $"swap {First} and {Second}";

    public override IEnumerable<string> Clauses => [First, Second];

    public override Book Apply(Book book) => Change(book, First, (rules, one) =>
    {
        int other = Find(rules, Second);
        return other < 0
            ? throw new EditException($"{Words}: no rule {Second} beside it")
            : rules.SetItem(one, rules[other]).SetItem(other, rules[one]);
    });
}

/// <summary>The kernel makes another check in place of this one; the clause keeps its id where the meaning is the same.</summary>
public sealed record Replace(string Id, Func<Rule, Rule> By, string How) : Edit
{
    public override string Words => $"{Id}: {How}";

    public override IEnumerable<string> Clauses => [Id];

    public override Book Apply(Book book) => Change(book, Id, (rules, at) => rules.SetItem(at, By(rules[at])));
}

/// <summary>A limit has another value.</summary>
public sealed record SetLimit(Limit Limit, Func<Bound, Bound> By, string How) : Edit
{
    public SetLimit(Limit limit, ulong value)
        : this(limit, _ => Bound.Fixed(value), $"is {value}")
    {
    }

    public override string Words => $"limit {Limit.Name} {How}";

    public override IEnumerable<string> Clauses => [];

    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Limits.ContainsKey(Limit);
    }

    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Limits.TryGetValue(Limit, out Bound? bound)
            ? book with { Limits = book.Limits.SetItem(Limit, By(bound)) }
            : throw new EditException($"{Words}: the architecture has no such limit");
    }
}

/// <summary>A constant has another number, and where given another name.</summary>
public sealed record SetNumber(Symbol Symbol, ulong Value, string? Name = null) : Edit
{
    public override string Words => Name is null ? $"{Symbol.Name} is {Value}" : $"{Symbol.Name} is called {Name} and is {Value}";

    public override IEnumerable<string> Clauses => [];

    public override bool Concerns(Book book) => true;

    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book with
        {
            Numbers = book.Numbers.SetItem(Symbol, Value),
            Names = Name is null ? book.Names : book.Names.SetItem(Symbol, Name),
        };
    }
}

/// <summary>An argument is spelled otherwise.</summary>
public sealed record Spell(Spelling Spelling) : Edit
{
    public override string Words => $"{Spelling.Field.Name} of {Spelling.Operation.FullName} {Spelling.How}";

    public override IEnumerable<string> Clauses => [];

    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Operations.Any(o => o.Id == Spelling.Operation.Id);
    }

    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return Concerns(book)
            ? book with { Spellings = [.. book.Spellings.Where(s => s.Operation.Id != Spelling.Operation.Id || s.Field != Spelling.Field), Spelling] }
            : throw new EditException($"{Words}: there is no such operation");
    }
}

/// <summary>An operation exists that the parent does not have, with its rules.</summary>
public sealed record Introduce(Operation Operation) : Edit
{
    public override string Words => $"add {Operation.FullName}";

    public override IEnumerable<string> Clauses => Operation.Rules.Select(r => r.Id);

    public override bool Concerns(Book book) => true;

    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Operations.Any(o => o.FullName == Operation.FullName)
            ? throw new EditException($"{Words}: it is there already")
            : book with { Operations = book.Operations.Add(Operation) };
    }
}

/// <summary>An operation does not exist: the switch's default case, or an unknown ioctl, answers.</summary>
public sealed record Withdraw(string Operation) : Edit
{
    public override string Words => $"no {Operation}";

    public override IEnumerable<string> Clauses => [];

    public override bool Concerns(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Operations.Any(o => o.FullName == Operation);
    }

    public override Book Apply(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return Concerns(book)
            ? book with { Operations = book.Operations.RemoveAll(o => o.FullName == Operation) }
            : throw new EditException($"{Words}: there is no such operation");
    }
}
