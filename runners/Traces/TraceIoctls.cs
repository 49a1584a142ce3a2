using System.Text;
using KvmSpec.Model;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Traces;

/// <summary>
/// An ioctl as traces name it, with one of the shapes that its argument may have: which operation of the model a call of it
/// is, by the descriptor's kind and the selector's number.
/// </summary>
internal sealed class TraceShape
{
    private readonly Operation[] plain = new Operation[Handle.Kinds];
    private readonly Dictionary<ulong, Operation>[] cases = [.. Enumerable.Range(0, Handle.Kinds).Select(_ => new Dictionary<ulong, Operation>())];
    private readonly Words start;

    public TraceShape(IReadOnlyList<Operation> operations, Book book)
    {
        Ioctl = operations[0].Ioctl;
        Creates = operations[0].Creates;
        Fields = [.. operations[0].Fields];
        Names = [.. Fields.Select(f => Encoding.UTF8.GetBytes(f.Name))];
        Symbols = [.. Fields.Select(f => f.Symbols.Count == 0 ? null : new Utf8Table<Symbol>(f.Symbols.Select(s => new KeyValuePair<string, Symbol>(s.Name, s))))];
        Operation any = operations.FirstOrDefault(o => o.Case is null) ?? operations[0] with { Case = null };
        for (int kind = 0; kind < Handle.Kinds; kind++)
        {
            plain[kind] = operations.FirstOrDefault(o => o.Case is null && (int)o.On == kind) ?? any;
            foreach (Operation operation in operations.Where(o => o.Case is not null).OrderBy(o => (int)o.On == kind ? 0 : 1))
            {
                cases[kind].TryAdd(book.Number(operation.Case!), operation);
            }
        }

        start = new Call(any, Handle.Kvm).Words;
    }

    /// <summary>The ioctl; <c>null</c> for close(2).</summary>
    public Ioctl? Ioctl { get; }

    public string Name => Ioctl?.Name ?? Vocabulary.Close;

    /// <summary>The kind of descriptor that success makes, if any.</summary>
    public DescriptorKind? Creates { get; }

    public Field[] Fields { get; }

    /// <summary>The fields' names in UTF-8.</summary>
    public byte[][] Names { get; }

    /// <summary>The names that a field's numbers may have, by field.</summary>
    public Utf8Table<Symbol>?[] Symbols { get; }

    /// <summary>True where the result itself is the new descriptor.</summary>
    public bool ReturnsDescriptor => Creates is not null && Ioctl!.DescriptorField is null;

    /// <summary>The words of a call of which none is given.</summary>
    public ref readonly Words Start => ref start;

    /// <summary>The operation of a call on that kind of descriptor with those words.</summary>
    public Operation Of(DescriptorKind kind, in Words words) =>
        Ioctl?.Selector is { } selector && cases[(int)kind].TryGetValue(words[selector.Index], out Operation? named) ? named : plain[(int)kind];
}

/// <summary>Every ioctl that a trace of one architecture may name, against the rules of one revision.</summary>
internal sealed class TraceIoctls
{
    /// <summary>An ioctl's name and its shapes: none where no rule covers it.</summary>
    public sealed record Entry(string Name, TraceShape[] Shapes);

    private readonly Utf8Table<Entry> table;
    private readonly bool[] uncoveredNumbers = new bool[256];

    public TraceIoctls(Book book)
    {
        IEnumerable<Operation> known = book.Operations.Concat(Vocabulary.Of(book.Architecture)!.Operations.Values.SelectMany(o => o)).DistinctBy(o => o.Id);
        Entry[] covered = [.. known.GroupBy(Vocabulary.NameOf).Select(named => new Entry(named.Key,
            [.. named.GroupBy(o => o.Ioctl).OrderBy(g => g.Key?.Fields.Count(f => f.Meaning == Meaning.Descriptor)).Select(g => new TraceShape([.. g], book))]))];
        HashSet<string> names = [.. covered.Select(e => e.Name)];
        Entry[] uncovered = [.. UapiNames.All.Where(u => !names.Contains(u.Name)).Select(u => new Entry(u.Name, []))];
        table = new Utf8Table<Entry>(covered.Concat(uncovered).Select(e => new KeyValuePair<string, Entry>(e.Name, e)));
        foreach ((_, byte number) in UapiNames.All.Where(u => !names.Contains(u.Name)))
        {
            uncoveredNumbers[number] = true;
        }
    }

    public IReadOnlyList<string> Names => table.Names;

    public Entry? Find(ReadOnlySpan<byte> name) => table.Find(name);

    /// <summary>True for a request number of an ioctl that the UAPI knows and no rule covers.</summary>
    public bool IsUncovered(ulong request) => UapiNames.NumberOf(request) is { } number && uncoveredNumbers[number];
}
