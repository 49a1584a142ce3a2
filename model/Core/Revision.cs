using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>
/// A release of the kernel or a posted patch: its successor (or the release it was posted against) plus edits.
/// </summary>
public sealed class Revision
{
    private readonly Lazy<Book?>[] books;
    private readonly Func<Architecture, Book?>? origin;

    /// <summary>The newest release: what the rules in the code say.</summary>
    public Revision(string name, string title, Func<Architecture, Book?> origin)
    {
        Name = name;
        Title = title;
        this.origin = origin;
        Edits = [];
        books = Unbuilt();
    }

    /// <summary>Another revision by its differences.</summary>
    public Revision(string name, string title, Revision parent, params ImmutableArray<Edit> edits)
    {
        Name = name;
        Title = title;
        Parent = parent;
        Edits = edits;
        books = Unbuilt();
    }

    public string Name { get; }

    /// <summary>What it is, with date or commit.</summary>
    public string Title { get; }

    public Revision? Parent { get; }

    public ImmutableArray<Edit> Edits { get; }

    /// <summary>True for a release of the kernel, false for a posting.</summary>
    public bool IsRelease { get; init; } = true;

    /// <summary>The release that it is, or that it was posted against.</summary>
    public Revision Release => IsRelease || Parent is null ? this : Parent.Release;

    /// <summary>The architectures that a posting is about; empty is all.</summary>
    public ImmutableArray<Architecture> About { get; init; } = [];

    /// <summary>The architectures that the revision has rules for.</summary>
    public IEnumerable<Architecture> Architectures =>
        Enum.GetValues<Architecture>().Where(a => (About.IsEmpty || About.Contains(a)) && Book(a) is not null);

    /// <summary>How sure its edits are: from which source they were read.</summary>
    public string Evidence { get; init; } = "";

    /// <summary>
    /// The rules for an architecture, or <c>null</c> where the model has none. Edits of what an architecture does not have
    /// are another architecture's; that none is idle everywhere is a law over the revisions that ship.
    /// </summary>
    /// <exception cref="EditException">An edit does not fit the rules it is about.</exception>
    public Book? Book(Architecture architecture) => books[(int)architecture].Value;

    /// <summary>The books of different architectures have nothing in common, so that they can be built at the same time.</summary>
    private Lazy<Book?>[] Unbuilt() => [.. Enum.GetValues<Architecture>().Select(a => new Lazy<Book?>(() => Build(a)))];

    private Book? Build(Architecture architecture)
    {
        if (origin is not null)
        {
            return origin(architecture);
        }

        Book? book = Parent!.Book(architecture);
        if (book is null)
        {
            return null;
        }

        foreach (Edit edit in Edits)
        {
            if (edit.AppliesTo(book))
            {
                book = edit.Apply(book);
            }
        }

        return book;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
