using FsCheck.Xunit;
using KvmSpec.Model;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>Edits fit the book they are applied to, or say that they do not.</summary>
public sealed class EditLaws
{
    private const string Absent = "no-such.clause";
    private static readonly Book Newest = Setting.Newest.Model.Book;
    private static readonly Placed[] Placements = [.. Newest.Placements];
    private static readonly Limit NoLimit = new("no-such-limit-of-any-book", "for the laws on edits");

    [Law("edit.absent-id-throws", "∀ book, id ∉ book: every edit that names id throws")]
    [Property(MaxTest = 100, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public void AbsentThrows(uint which)
    {
        Placed placed = Placements[which % Placements.Length];
        string present = placed.Rule.Id;
        Edit[] edits =
        [
            new Drop(Absent),
            new InsertBefore(Absent, Rules.RefuseAll(Errno.EIO, "new.rule")),
            new Move(Absent, present),
            new Move(present, Absent),
            new Move(present, present),
            new Swap(Absent, present),
            new Swap(present, Absent),
            new Replace(Absent, r => r, "stays"),
            new Drop(present) { Only = "vm/NO_SUCH_IOCTL" },
            new SetLimit(NoLimit, 1),
            new Withdraw("vm/NO_SUCH_IOCTL"),
        ];
        Assert.All(edits, edit => Assert.Throws<EditException>(() => edit.Apply(Newest)));
    }

    [Law("edit.present-id-throws", "∀ book, list, r in it: inserting a rule with r's id into that list throws")]
    [Property(MaxTest = 100, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public void PresentThrows(uint which)
    {
        Placed placed = Placements[which % Placements.Length];
        InsertBefore edit = new(placed.Operation.Rules[^1].Id, Rules.RefuseAll(Errno.EIO, placed.Rule.Id)) { Only = placed.Operation.FullName };
        Assert.Throws<EditException>(() => edit.Apply(Newest));
    }

    [Law("edit.nothing-is-identity", "∀ revision r: book(r with no edits) = book(r), every function that keeps lists keeps the listing")]
    [Fact]
    public void NothingIsIdentity()
    {
        foreach (Setting setting in Setting.All)
        {
            Revision same = new("same", "the same", setting.Revision, []);
            Assert.Same(setting.Model.Book, same.Book(setting.Host.Architecture));
            Assert.Equal(Lines(setting.Model.Book), Lines(setting.Model.Book.Rewrite(o => o.Rules)));
        }
    }

    [Law("edit.inverse", "∀ book, r, r' in one list: drop(insert(n)) = identity, swap(swap) = identity, on the listing")]
    [Property(MaxTest = 60, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool InversesRestore(uint which, uint neighbour)
    {
        Placed placed = Placements[which % Placements.Length];
        string only = placed.Operation.FullName;
        Rule other = placed.Operation.Rules[(int)(neighbour % placed.Operation.Rules.Length)];
        Rule added = Rules.Refuse(Errno.EIO, "new.rule", (in n, in c) => false);
        Book restored = new Drop(added.Id) { Only = only }.Apply(new InsertBefore(placed.Rule.Id, added) { Only = only }.Apply(Newest));
        Swap swap = new(placed.Rule.Id, other.Id) { Only = only };
        return Lines(restored).SequenceEqual(Original) && Lines(swap.Apply(swap.Apply(Newest))).SequenceEqual(Original);
    }

    [Law("edit.only-its-own-list", "∀ book, r: an edit told only one list leaves all others as they are")]
    [Property(MaxTest = 100, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool OnlyItsOwnList(uint which)
    {
        Placed placed = Placements[which % Placements.Length];
        Book edited = new Drop(placed.Rule.Id) { Only = placed.Operation.FullName }.Apply(Newest);
        return Newest.Lists.Zip(edited.Lists).All(pair =>
            pair.First.FullName == placed.Operation.FullName || pair.First.Rules.SequenceEqual(pair.Second.Rules));
    }

    [Law("edit.none-idle", "∀ revision, edit of it: the edit concerns the book of at least one architecture, and changes it")]
    [Fact]
    public void NoneIsIdle()
    {
        foreach (Revision revision in Revisions.All)
        {
            Book[] books = [.. Enum.GetValues<Architecture>().Select(a => revision.Parent?.Book(a)).OfType<Book>()];
            foreach (Edit edit in revision.Edits)
            {
                int concerned = 0;
                for (int i = 0; i < books.Length; i++)
                {
                    if (edit.AppliesTo(books[i]))
                    {
                        Book edited = edit.Apply(books[i]);
                        concerned += Changed(books[i], edited) ? 1 : 0;
                        books[i] = edited;
                    }
                }

                Assert.True(concerned > 0, $"{revision}: {edit.Words}");
            }
        }
    }

    private static bool Changed(Book before, Book after) =>
        !ReferenceEquals(before.Limits, after.Limits) || !ReferenceEquals(before.Numbers, after.Numbers) || before.Spellings != after.Spellings
        || before.Operations.Length != after.Operations.Length
        || before.Lists.Zip(after.Lists).Any(pair => !pair.First.Rules.SequenceEqual(pair.Second.Rules));

    private static readonly string[] Original = Lines(Newest);

    private static string[] Lines(Book book) => [.. book.Placements.Select(p => $"{p.Operation} {p.Position} {p.Rule.Serial}")];
}
