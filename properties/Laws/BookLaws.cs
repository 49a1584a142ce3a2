using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>The shape of every book: what the tools that read the listing rely on.</summary>
public sealed partial class BookLaws
{
    [Law("book.list-ends", "∀ list of a book but raw numbers': its last rule, and no other, is unconditional and given no fact")]
    [Fact]
    public void ListsEnd() => EachList((operation, rules) =>
        operation.Ioctl == Raw.Ioctl
            ? rules.Length == 0
            : rules.Length > 0 && rules.Select((rule, i) => rule is { When: null, Given: null } == (i == rules.Length - 1)).All(same => same));

    [Law("book.ids-unique-in-list", "∀ list, r ≠ r' in it: id(r) ≠ id(r')")]
    [Fact]
    public void IdsAreUniqueInList() => EachList((_, rules) => rules.Select(r => r.Id).Distinct().Count() == rules.Length);

    [Law("book.ids-are-kebab", "∀ rule: its id is lower-case kebab in two to four parts")]
    [Fact]
    public void IdsAreKebab() => EachList((_, rules) => rules.All(r => Kebab().IsMatch(r.Id)));

    [Law("book.one-errno-per-clause", "∀ book, r, r' in it: id(r) = id(r') ⇒ errno(r) = errno(r')")]
    [Fact]
    public void OneErrnoPerClause()
    {
        foreach (Book book in Books)
        {
            Assert.All(book.Placements.GroupBy(p => p.Rule.Id), g => Assert.True(g.Select(p => p.Rule.Errno).Distinct().Count() == 1, g.Key));
        }
    }

    [Law("book.acceptance-stops", "∀ rule: it accepts ⇒ nothing after it is in the envelope")]
    [Fact]
    public void AcceptanceStops() => EachList((_, rules) => rules.All(r => !r.Accepts || r.Stops));

    [Law("book.environment-decides-nothing", "∀ rule but KVM_RUN's EINTR: its errno is no environment's")]
    [Fact]
    public void NoEnvironmentErrnos() => EachList((operation, rules) =>
        rules.All(r => !r.Errno.IsEnvironment() || (r.Errno == Errno.EINTR && operation.Ioctl == Ioctls.Run.Ioctl)));

    [Law("book.operations-named-once", "∀ book, operations o ≠ o' of it: full-name(o) ≠ full-name(o')")]
    [Fact]
    public void OperationsAreNamedOnce()
    {
        foreach (Book book in Books)
        {
            Assert.All(book.Operations.GroupBy(o => o.FullName), g => Assert.True(g.Count() == 1, g.Key));
        }
    }

    [Law("book.words-fit", "∀ ioctl: it has at most as many fields as a call has words, each with its own index")]
    [Fact]
    public void WordsFit() => EachList((operation, _) => operation.Ioctl is not { } ioctl
        || ioctl.Fields.Select((f, i) => f.Index == i && i < Words.Length).All(fits => fits));

    [Law("book.alphabet-fits", "∀ operation, field f of its alphabet: f is one of its ioctl's fields, and every sample fits f's width or is a handle or a pointer")]
    [Fact]
    public void AlphabetsFit() => EachList((operation, _) => operation.Alphabet.All(row => operation.Ioctl!.Fields.Contains(row.Key)
        && row.Value.All(s => row.Key.Meaning != Meaning.Number || s.Limit is not null || (s.Value & ~row.Key.Mask) == 0)));

    [Law("book.names-unique", "∀ limits l ≠ l' of any book: name(l) ≠ name(l'); likewise facts")]
    [Fact]
    public void NamesAreUnique()
    {
        Assert.All(Books.SelectMany(b => b.Limits.Keys).Distinct().GroupBy(l => l.Name), g => Assert.Single(g));
        Assert.All(Fact.All.GroupBy(f => f.Name), g => Assert.Single(g));
    }

    private static IEnumerable<Book> Books =>
        Revisions.All.SelectMany(r => Enum.GetValues<Architecture>().Select(r.Book)).OfType<Book>();

    private static void EachList(Func<Operation, Rule[], bool> holds) =>
        Assert.All(Books.SelectMany(b => b.Lists), o => Assert.True(holds(o, [.. o.Rules]), o.FullName));

    [GeneratedRegex(@"^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*){1,3}$")]
    private static partial Regex Kebab();
}
