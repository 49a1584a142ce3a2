using System.Collections.Concurrent;
using System.Collections.Frozen;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Vectors;

/// <summary>The names that vectors of one architecture may use, from all revisions' books.</summary>
internal sealed class Vocabulary
{
    /// <summary>What close(2) is called in a vector.</summary>
    public const string Close = "close";

    private static readonly ConcurrentDictionary<Architecture, Lazy<Vocabulary?>> Built = [];

    private static readonly FrozenDictionary<string, Symbol> ByCapabilityName = Capabilities.All.ToFrozenDictionary(c => c.Name);

    /// <summary>The operations of an ioctl by the name of their case; those without one under the empty name.</summary>
    private readonly FrozenDictionary<string, FrozenDictionary<string, Operation[]>> byCase;

    private Vocabulary(IReadOnlyList<Book> books)
    {
        Operations = books.SelectMany(b => b.Operations).DistinctBy(o => o.Id).GroupBy(NameOf).ToFrozenDictionary(g => g.Key, g => g.ToArray());
        byCase = Operations.ToFrozenDictionary(
            o => o.Key, o => o.Value.GroupBy(c => c.Case?.Name ?? "").ToFrozenDictionary(g => g.Key, g => g.ToArray()));
        Clauses = books.SelectMany(b => b.Clauses).ToFrozenSet();
        Limits = books.SelectMany(b => b.Limits.Keys).Distinct().ToFrozenDictionary(l => l.Name);
    }

    /// <summary>Every operation of an ioctl, newest revision first.</summary>
    public FrozenDictionary<string, Operation[]> Operations { get; }

    public FrozenSet<string> Clauses { get; }

    public FrozenDictionary<string, Limit> Limits { get; }

    /// <summary>The names of an architecture; <c>null</c> where no revision has rules for it.</summary>
    public static Vocabulary? Of(Architecture architecture) => Built.GetOrAdd(architecture, a => new Lazy<Vocabulary?>(() =>
    {
        Book[] books = [.. Revisions.All.Select(r => r.Book(a)).OfType<Book>()];
        return books.Length == 0 ? null : new Vocabulary(books);
    })).Value;

    /// <summary>The architectures that have rules.</summary>
    public static IEnumerable<Architecture> Known => ByArchitectureName.Value.Values.Order();

    private static readonly Lazy<FrozenDictionary<string, Architecture>> ByArchitectureName = new(() =>
        Enum.GetValues<Architecture>().Where(a => Revisions.All.Any(r => r.Book(a) is not null)).ToFrozenDictionary(HostNeeds.NameOf));

    /// <summary>The architecture that vectors call so, where it has rules.</summary>
    public static bool TryArchitecture(string name, out Architecture architecture) => ByArchitectureName.Value.TryGetValue(name, out architecture);

    public static IEnumerable<string> CapabilityNames => ByCapabilityName.Keys;

    public static bool TryCapability(string name, out Symbol? capability) => ByCapabilityName.TryGetValue(name, out capability);

    /// <summary>What a vector calls an operation's ioctl.</summary>
    public static string NameOf(Operation operation) => operation.Ioctl?.Name ?? Close;

    /// <summary>
    /// The operation that a call is: one that has all the fields given, of the descriptor's kind if any is, and of the
    /// case that the selector names. A number in the selector names no case: it goes out as it stands.
    /// </summary>
    public Operation? Find(string ioctl, DescriptorKind on, IReadOnlyList<string> fields, string? selector)
    {
        if (!byCase.TryGetValue(ioctl, out FrozenDictionary<string, Operation[]>? cases))
        {
            return null;
        }

        Operation? named = selector is not null && cases.TryGetValue(selector, out Operation[]? symbolic) ? Best(symbolic, on, fields) : null;
        Operation? plain = cases.TryGetValue("", out Operation[]? others) ? Best(others, on, fields) : null;
        return named is null || (plain?.On == on && named.On != on) ? plain : named;
    }

    /// <summary>The known name most like one that is unknown, as advice; empty where none is like it.</summary>
    public static string Nearest(string unknown, IEnumerable<string> known)
    {
        (string? name, int distance) = known.Select(k => (k, Distance(unknown, k))).OrderBy(p => p.Item2).ThenBy(p => p.k, StringComparer.Ordinal).FirstOrDefault();
        return name is not null && distance <= Math.Max(2, unknown.Length / 3) ? $"; did you mean {name}?" : "";
    }

    /// <summary>The word of that name, where the operation has it.</summary>
    public static Field? FieldOf(Operation operation, string name)
    {
        foreach (Field field in operation.Ioctl?.Fields ?? [])
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    private static Operation? Best(Operation[] candidates, DescriptorKind on, IReadOnlyList<string> fields)
    {
        Operation? best = null;
        foreach (Operation candidate in candidates)
        {
            if ((best is null || (candidate.On == on && best.On != on)) && HasAll(candidate, fields))
            {
                best = candidate;
            }
        }

        return best;
    }

    private static bool HasAll(Operation candidate, IReadOnlyList<string> fields)
    {
        foreach (string name in fields)
        {
            if (FieldOf(candidate, name) is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>How many letters must be put in, left out or changed.</summary>
    private static int Distance(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int changed = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[^1];
    }
}
