using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>
/// What is looked up in a book with every call: made once for each book, however many models run by it. It follows from
/// the book alone, so that models on different hosts share it.
/// </summary>
internal sealed class BookIndex
{
    /// <summary>Selectors below this are looked up in a table.</summary>
    internal const int SmallCases = 256;

    private static readonly ConditionalWeakTable<Book, BookIndex> Made = [];

    private readonly Lazy<ILookup<string, Placed>> placements;
    private readonly Lazy<int> lastSerial;

    private BookIndex(Book book)
    {
        placements = new(() => book.Placements.ToLookup(p => p.Rule.Id));
        lastSerial = new(() => book.Placements.Max(p => p.Rule.Serial));
        Unknown = [.. book.Unknown];
        Lists = new RuleList[book.Lists.Max(o => o.Id) + 1];
        AsWritten = new RuleList[Lists.Length];
        CaseLists = new RuleList[Lists.Length][];
        Elsewhere = new RuleList[Lists.Length][];
        foreach (Operation operation in book.Lists)
        {
            RuleList list = RuleList.Of(operation.Rules);
            Lists[operation.Id] = list;
            AsWritten[operation.Id] = !list.Rules.IsEmpty && (operation.Ioctl?.Selector is null || operation.Case is not null) ? list : null;
            if (operation.Ioctl is not { } ioctl)
            {
                continue;
            }

            (ulong, Target) key = (book.Number(ioctl.Request), Target.Of(operation));
            if (operation.Case is not { } symbol)
            {
                ByRequest.Add(key, operation);
                continue;
            }

            if (!Cases.TryGetValue(key, out Switch? table))
            {
                Cases[key] = table = new Switch(ioctl.Selector!, []);
            }

            table.Cases.Add(book.Number(symbol), operation);
        }
    }

    /// <summary>The rules of each operation, by its id.</summary>
    internal RuleList?[] Lists { get; }

    /// <summary>The same, but only of operations that no word of the call turns into another.</summary>
    internal RuleList?[] AsWritten { get; }

    /// <summary>For each switch, the rules of the cases with small numbers, as far as they were asked for.</summary>
    internal RuleList?[]?[] CaseLists { get; }

    /// <summary>
    /// For each operation, the rules that its calls meet on other descriptors than its own, by <see cref="Target.Place"/>, as
    /// far as they were asked for and no word of the call matters.
    /// </summary>
    internal RuleList?[]?[] Elsewhere { get; }

    internal Operation[] Unknown { get; }

    internal Dictionary<(ulong Request, Target On), Operation> ByRequest { get; } = [];

    internal Dictionary<(ulong Request, Target On), Switch> Cases { get; } = [];

    /// <summary>The greatest number of a rule, for tables indexed by <see cref="Rule.Serial"/>.</summary>
    internal int LastSerial => lastSerial.Value;

    internal static BookIndex Of(Book book) => Made.GetValue(book, b => new BookIndex(b));

    /// <summary>Where a clause stands; nowhere where the book does not have it.</summary>
    internal IEnumerable<Placed> PlacementsOf(string clause) => placements.Value[clause];

    /// <summary>The cases of an ioctl by the number in its selector.</summary>
    internal sealed record Switch(Field Selector, Dictionary<ulong, Operation> Cases);

    /// <summary>Where an ioctl is asked: a kind of descriptor, for devices with the type.</summary>
    internal readonly record struct Target(DescriptorKind Kind, ulong DeviceType)
    {
        /// <summary>Places below this have a table.</summary>
        internal const int Places = 32;

        /// <summary>A number for each target: small for all kinds and for the types of device that there are.</summary>
        internal ulong Place => Kind == DescriptorKind.Device ? Handle.Kinds + DeviceType : (ulong)Kind;

        /// <summary>True where the operation is one of what a call is made on.</summary>
        internal bool Has(Operation operation) => operation.On == Kind && (operation.OfDevice is not { } type || type.Value == DeviceType);

        /// <summary>Where an operation is asked.</summary>
        internal static Target Of(Operation operation) => new(operation.On, operation.OfDevice?.Value ?? 0);

        /// <summary>What a call is made on: the descriptor's kind and what stands behind it.</summary>
        internal static Target Of(DescriptorKind kind, uint behind) => new(kind, kind == DescriptorKind.Device ? behind >> 16 : 0);
    }
}
