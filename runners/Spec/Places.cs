using KvmSpec.Model;

namespace KvmSpec.Runners.Spec;

/// <summary>A list of rules as a clause names it: a call on one kind of descriptor.</summary>
/// <param name="Call">The ioctl with its case, <c>close</c>, or <c>unknown ioctls</c>.</param>
/// <param name="Kind">The kind of descriptor, in the plural.</param>
/// <param name="Operation">Whose rules it has.</param>
public sealed record Place(string Call, string Kind, Operation Operation)
{
    private const string UnknownIoctls = "unknown ioctls";
    private const string KnownByNumber = "known ioctls by number";

    /// <summary>What tells it from every other place.</summary>
    public string Name { get; } = $"{Call} on {Kind}";

    /// <summary>True for close(2), which is no ioctl.</summary>
    public bool IsClose => Operation.Ioctl is null && Call is not (UnknownIoctls or KnownByNumber);

    /// <summary>True where the kernel reads some of the struct that the argument points to.</summary>
    public bool ReadsStruct => Operation.Ioctl is { TakesPointer: true } ioctl
        && ioctl.Fields.Any(f => f.Place == Model.Place.Struct && f.Direction != Direction.Out);

    /// <summary>The places of some books that have rules, also where several architectures have the same one.</summary>
    public static IReadOnlyList<Place> Of(IEnumerable<Book> books) => Of(books, o => o.Rules.Length > 0);

    /// <summary>The places of some of the books' operations.</summary>
    public static IReadOnlyList<Place> Of(IEnumerable<Book> books, Func<Operation, bool> which) =>
    [
        .. books.SelectMany(b => b.Operations.Where(which).Select(o => new Place(o.Name, KindOf(o), o))
            .Concat(b.Unknown.Where(which).Select(o => new Place(UnknownIoctls, KindOf(o), o)))
            .Concat(new[] { b.KnownNumber }.Where(which).Select(o => new Place(KnownByNumber, "descriptors that know them", o)))),
    ];

    private static string KindOf(Operation operation) => operation.On switch
    {
        DescriptorKind.System => "/dev/kvm",
        DescriptorKind.Vm => "VMs",
        DescriptorKind.Vcpu => "vCPUs",
        DescriptorKind.Device => operation.OfDevice is { } type ? $"{type.Name} devices" : "devices",
        DescriptorKind.GuestMemory => "guest_memfd files",
        _ => "other files",
    };
}

/// <summary>Turns the calls of a clause into places and back.</summary>
public static class Places
{
    private const int NamedAtMost = 4;
    private const string Except = " except ";

    /// <summary>The phrases that stand for many places; the longer before those that they begin with.</summary>
    private static readonly (string Phrase, Func<Place, bool> Means)[] Phrases =
    [
        ("all calls", _ => true),
        ("all ioctls that read a struct", p => p.ReadsStruct),
        ("all ioctls on VMs, vCPUs and devices", p => IsOfVm(p) && !p.IsClose),
        ("all cases of KVM_ENABLE_CAP on VMs and vCPUs", p => IsOfVm(p) && p.Operation.Ioctl == Model.Uapi.Ioctls.EnableCap.Ioctl),
    ];

    /// <summary>The shortest way to name some places, as spec.md should have it.</summary>
    /// <param name="all">Every place there is.</param>
    /// <param name="named">The names of those that are meant.</param>
    public static string Write(IReadOnlyList<Place> all, IReadOnlySet<string> named)
    {
        string[] terms = Terms(all, named);
        if (terms.Length <= NamedAtMost)
        {
            return string.Join(", ", terms);
        }

        return Phrases
            .Select(p => (p.Phrase, Meant: all.Where(p.Means).Select(m => m.Name).ToHashSet()))
            .Where(p => p.Meant.IsSupersetOf(named))
            .Select(p => (p.Phrase, Others: Terms(all, p.Meant.Except(named).ToHashSet())))
            .Where(p => p.Others.Length < terms.Length)
            .OrderBy(p => p.Others.Length)
            .Select(p => p.Others.Length == 0 ? p.Phrase : p.Phrase + Except + string.Join(", ", p.Others))
            .FirstOrDefault(string.Join(", ", terms));
    }

    /// <summary>The names of the places that the calls of a clause mean.</summary>
    /// <param name="all">Every place there is.</param>
    /// <param name="text">The calls as spec.md has them.</param>
    /// <param name="unknown">The parts of the text that name nothing.</param>
    public static IReadOnlySet<string> Read(IReadOnlyList<Place> all, string text, out IReadOnlyList<string> unknown)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<string> misread = [];
        unknown = misread;
        HashSet<string> meant = [];
        foreach ((string phrase, Func<Place, bool> means) in Phrases)
        {
            if (text == phrase || text.StartsWith(phrase + Except, StringComparison.Ordinal))
            {
                meant.UnionWith(all.Where(means).Select(p => p.Name));
                meant.ExceptWith(text == phrase ? [] : Named(all, text[(phrase.Length + Except.Length)..], misread));
                return meant;
            }
        }

        meant.UnionWith(Named(all, text, misread));
        return meant;
    }

    private static bool IsOfVm(Place place) => place.Operation.On is DescriptorKind.Vm or DescriptorKind.Vcpu or DescriptorKind.Device;

    /// <summary>Names places by their call alone where that call means no other place.</summary>
    private static string[] Terms(IReadOnlyList<Place> all, IReadOnlySet<string> named) =>
    [
        .. all.GroupBy(p => p.Call).SelectMany(call => call.All(p => named.Contains(p.Name))
            ? [call.Key]
            : call.Where(p => named.Contains(p.Name)).Select(p => p.Name)),
    ];

    private static HashSet<string> Named(IReadOnlyList<Place> all, string text, List<string> misread)
    {
        HashSet<string> names = [];
        foreach (string term in text.Split(", "))
        {
            List<string> found = [.. all.Where(p => p.Call == term || p.Name == term).Select(p => p.Name)];
            names.UnionWith(found);
            if (found.Count == 0)
            {
                misread.Add(term);
            }
        }

        return names;
    }
}
