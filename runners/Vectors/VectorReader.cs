using System.Collections.Immutable;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Vectors;

/// <summary>Reads one vector file; everything that is wrong in it is told with its line.</summary>
internal sealed class VectorReader
{
    private static readonly string[] OfFile = ["topic", "title", "cases"];
    private static readonly string[] OfCase = ["id", "title", "note", "clauses", "revisions", "host", "calls"];
    private static readonly string[] OfHost = ["architecture", "capabilities", "facts", "limits", "devices", "registers"];
    private static readonly string[] OfCall = ["on", "ioctl", "as", "pointer", "must", "may", "by", "after"];

    private readonly string path;
    private readonly List<(int Line, string Text)> problems = [];

    private VectorReader(string path) => this.path = path;

    /// <summary>The file, or what is wrong in it.</summary>
    public static VectorFile? Read(string path, string text, out ImmutableArray<string> problems)
    {
        VectorReader reader = new(path);
        VectorFile? file = YamlTree.Read(text, reader.Problem) is { } root ? reader.ReadFile(root) : null;
        problems = [.. reader.problems.OrderBy(p => p.Line).Select(p => Message(path, p.Line, p.Text))];
        return problems.IsEmpty ? file : null;
    }

    public static string Message(string path, int line, string text) => string.Create(CultureInfo.InvariantCulture, $"{path}:{line}: {text}");

    private void Problem(int line, string text) => problems.Add((line, text));

    private VectorFile? ReadFile(YamlTree root)
    {
        Entries entries = Open(root, "a vector file", OfFile);
        string topic = entries.Text("topic", required: true) ?? "";
        if (topic != Path.GetFileNameWithoutExtension(path))
        {
            Problem(entries.LineOf("topic"), $"topic is '{topic}': call it {Path.GetFileNameWithoutExtension(path)}, as the file");
        }

        string title = entries.Text("title", required: true) ?? "";
        ImmutableArray<Vector>.Builder cases = ImmutableArray.CreateBuilder<Vector>();
        foreach (YamlTree item in entries.List("cases", required: true))
        {
            if (ReadCase(item) is { } vector)
            {
                cases.Add(vector);
            }
        }

        return new VectorFile(path, topic, title, cases.ToImmutable());
    }

    private Vector? ReadCase(YamlTree node)
    {
        int before = problems.Count;
        Entries entries = Open(node, "a case", OfCase);
        string? id = entries.Text("id", required: true);
        string? title = entries.Text("title", required: true);
        HostNeeds? host = ReadHost(entries);
        if (host is null)
        {
            return null;
        }

        Vocabulary vocabulary = Vocabulary.Of(host.Architecture)!;
        ImmutableArray<string> clauses = ReadClauses(entries, host);
        RevisionRange revisions = ReadRevisions(entries);
        ImmutableArray<VectorCall>.Builder calls = ImmutableArray.CreateBuilder<VectorCall>();
        foreach (YamlTree item in entries.List("calls", required: true))
        {
            if (ReadCall(item, host, vocabulary) is { } call)
            {
                calls.Add(call);
            }
        }

        foreach (VectorCall early in calls.SkipLast(1).Where(c => c.IsOpen))
        {
            Problem(early.Line, "must is open and calls follow: an open answer says nothing of them, end the case here");
        }

        return problems.Count > before ? null : new Vector(calls.ToImmutable())
        {
            Id = id!,
            Title = title!,
            Note = entries.Text("note"),
            Line = entries.LineOf("id"),
            Clauses = clauses,
            Revisions = revisions,
            Host = host,
        };
    }

    private ImmutableArray<string> ReadClauses(Entries entries, HostNeeds host)
    {
        ImmutableArray<string>.Builder clauses = ImmutableArray.CreateBuilder<string>();
        foreach (YamlTree item in entries.List("clauses", required: true))
        {
            if (ReadClause(item, host) is { } clause)
            {
                if (clauses.Contains(clause))
                {
                    Problem(item.Line, $"clause {clause} stands here twice: name it once");
                }

                clauses.Add(clause);
            }
        }

        return clauses.ToImmutable();
    }

    private string? ReadClause(YamlTree node, HostNeeds host)
    {
        if (Scalar(node, "a clause") is not { } clause)
        {
            return null;
        }

        Vocabulary vocabulary = Vocabulary.Of(host.Architecture)!;
        if (vocabulary.Clauses.Contains(clause))
        {
            return clause;
        }

        string asked = string.Join(" and ", host.Architectures.Select(HostNeeds.NameOf));
        string[] elsewhere = [.. Vocabulary.Known.Where(a => Vocabulary.Of(a)!.Clauses.Contains(clause)).Select(HostNeeds.NameOf)];
        Problem(node.Line, elsewhere.Length > 0
            ? $"clause {clause} is one of {string.Join(", ", elsewhere)} and the case is for {asked}: name one that spec.md has for {asked}, or change the host's architecture"
            : $"no revision has a clause {clause} for {asked}: name one that spec.md has for it{Vocabulary.Nearest(clause, vocabulary.Clauses)}");
        return null;
    }

    private RevisionRange ReadRevisions(Entries entries)
    {
        RevisionRange range = new();
        if (entries.Get("revisions", required: true) is not { } node)
        {
            return range;
        }

        if (node.Entries is not null)
        {
            Entries ends = Open(node, "revisions", ["since", "until", "except"]);
            range = new() { Since = Release(ends, "since"), Until = Release(ends, "until"), Except = Postings(ends) };
            if (node.Entries.Count == 0)
            {
                Problem(node.Line, "revisions is empty: write all, a list of names, or since, until and except");
            }
        }
        else if (node.Items is { Count: > 0 })
        {
            range = new() { Names = [.. node.Items.Select(i => Revision(i, Revisions.All)).OfType<string>()] };
        }
        else if (node.Scalar != "all")
        {
            Problem(node.Line, $"revisions is '{node.Scalar}': write all, a list of names, or since, until and except");
        }

        return range;
    }

    private ImmutableArray<string> Postings(Entries entries)
    {
        if (entries.Get("except") is not { } node)
        {
            return [];
        }

        if (node.Items is not { Count: > 0 })
        {
            Problem(node.Line, "except: give a list of postings");
            return [];
        }

        return [.. node.Items.Select(i => Revision(i, [.. Revisions.All.Where(r => !r.IsRelease)])).OfType<string>()];
    }

    private string? Release(Entries entries, string key) => entries.Get(key) is { } node ? Revision(node, Revisions.Releases) : null;

    private string? Revision(YamlTree node, IReadOnlyList<Revision> known)
    {
        string? name = Scalar(node, "a revision");
        if (name is not null && !known.Any(r => r.Name == name))
        {
            Problem(node.Line, $"no revision is called '{name}': write one of {string.Join(", ", known.Select(r => r.Name))}");
        }

        return name;
    }

    private HostNeeds? ReadHost(Entries entries)
    {
        if (entries.Get("host", required: true) is not { } node)
        {
            return null;
        }

        Entries host = Open(node, "host", OfHost);
        if (ReadArchitectures(host) is not { IsEmpty: false } architectures)
        {
            return null;
        }

        ImmutableArray<KeyValuePair<Symbol, bool>> devices = Needs(host, "devices", DeviceType, AsBoolean);
        if (Wants(devices, DeviceTypes.ArmVgicV2) && Wants(devices, DeviceTypes.ArmVgicV5))
        {
            Problem(host.LineOf("devices"), $"no host has both {DeviceTypes.ArmVgicV2} and {DeviceTypes.ArmVgicV5}: a GICv5 cannot be a GICv2; ask for one of them");
        }

        return new HostNeeds
        {
            Devices = devices,
            Registers = Needs(host, "registers", IdRegisterNamed, AsNumber),
            Architectures = architectures,
            Capabilities = Needs(host, "capabilities", Capability, AsAnswer),
            Facts = Needs(host, "facts", FactNamed, AsBoolean),
            Limits = Needs(host, "limits", n => LimitNamed(n, Vocabulary.Of(architectures[0])!), AsNumber),
        };
    }

    /// <summary>One architecture or a list of them; empty where one has no rules.</summary>
    private ImmutableArray<Architecture> ReadArchitectures(Entries host)
    {
        if (host.Get("architecture", required: true) is not { } node)
        {
            return [];
        }

        SortedSet<Architecture> read = [];
        foreach (YamlTree item in node.Items ?? [node])
        {
            if (item.Scalar is not { } name || !Vocabulary.TryArchitecture(name, out Architecture architecture))
            {
                Problem(item.Line, $"no revision has rules for architecture {(item.Scalar is null ? item.Kind : $"'{item.Scalar}'")}: "
                    + $"write one or a list of {string.Join(", ", Vocabulary.Known.Select(HostNeeds.NameOf))}");
                return [];
            }

            read.Add(architecture);
        }

        if (read.Count == 0)
        {
            Problem(node.Line, "the list of architectures is empty");
        }

        return [.. read];
    }

    private ImmutableArray<KeyValuePair<TKey, TValue>> Needs<TKey, TValue>(
        Entries host, string part, Func<YamlTree, TKey?> read, Func<YamlTree, TValue?> value)
        where TKey : class
        where TValue : struct
    {
        ImmutableArray<KeyValuePair<TKey, TValue>>.Builder needs = ImmutableArray.CreateBuilder<KeyValuePair<TKey, TValue>>();
        foreach ((YamlTree name, YamlTree wanted) in host.Get(part) is { } node ? Open(node, part, null).All : [])
        {
            if (read(name) is { } key && value(wanted) is { } number)
            {
                needs.Add(new(key, number));
            }
        }

        return needs.ToImmutable();
    }

    private Symbol? Capability(YamlTree node)
    {
        if (Vocabulary.TryCapability(node.Scalar ?? "", out Symbol? capability))
        {
            return capability;
        }

        Problem(node.Line, $"no capability is called {node.Scalar}: write its name in linux/kvm.h{Vocabulary.Nearest(node.Scalar ?? "", Vocabulary.CapabilityNames)}");
        return null;
    }

    private static bool Wants(ImmutableArray<KeyValuePair<Symbol, bool>> devices, Symbol type) => devices.Any(d => d.Key == type && d.Value);

    private Symbol? IdRegisterNamed(YamlTree node)
    {
        Symbol? register = IdRegisterTable.Symbols.FirstOrDefault(s => s.Name == node.Scalar);
        if (register is null)
        {
            Problem(node.Line, $"no ID register is called {node.Scalar}: write the manual's name{Vocabulary.Nearest(node.Scalar ?? "", IdRegisterTable.Symbols.Select(s => s.Name))}");
        }

        return register;
    }

    private Symbol? DeviceType(YamlTree node)
    {
        Symbol? type = DeviceTypes.All.FirstOrDefault(t => t.Name == node.Scalar);
        if (type is null)
        {
            Problem(node.Line, $"no type of device is called {node.Scalar}: write its name in linux/kvm.h{Vocabulary.Nearest(node.Scalar ?? "", DeviceTypes.All.Select(t => t.Name))}");
        }

        return type;
    }

    private Fact? FactNamed(YamlTree node)
    {
        Fact? fact = Fact.All.FirstOrDefault(f => f.Name == node.Scalar);
        if (fact is null)
        {
            Problem(node.Line, $"no fact is called {node.Scalar}: write one of {string.Join(", ", Fact.All.Select(f => f.Name).Order(StringComparer.Ordinal))}");
        }

        return fact;
    }

    private Limit? LimitNamed(YamlTree node, Vocabulary vocabulary)
    {
        if (vocabulary.Limits.TryGetValue(node.Scalar ?? "", out Limit? limit))
        {
            return limit;
        }

        Problem(node.Line, $"no limit is called {node.Scalar}: write one of {string.Join(", ", vocabulary.Limits.Keys.Order(StringComparer.Ordinal))}");
        return null;
    }

    private int? AsAnswer(YamlTree node)
    {
        ulong? number = AsNumber(node);
        if (number > int.MaxValue)
        {
            Problem(node.Line, $"{node.Scalar} is more than KVM_CHECK_EXTENSION answers: write at most {CallText.Number(int.MaxValue)}");
            return null;
        }

        return (int?)number;
    }

    private ulong? AsNumber(YamlTree node)
    {
        if (node.Scalar is { } text && CallText.TryReadNumber(text, out ulong number))
        {
            return number;
        }

        Problem(node.Line, $"{node.Scalar ?? node.Kind} is not a number: write 0 to 0xffffffffffffffff");
        return null;
    }

    private bool? AsBoolean(YamlTree node)
    {
        if (node.Scalar is "true" or "false")
        {
            return node.Scalar == "true";
        }

        Problem(node.Line, $"{node.Scalar ?? node.Kind} is not a truth value: write true or false");
        return null;
    }

    private VectorCall? ReadCall(YamlTree node, HostNeeds host, Vocabulary vocabulary)
    {
        int before = problems.Count;
        Entries entries = Open(node, "a call", null);
        Handle? on = ReadHandle(entries, "on");
        string? ioctl = entries.Text("ioctl", required: true);
        if (on is null || ioctl is null)
        {
            return null;
        }

        if (!vocabulary.Operations.TryGetValue(ioctl, out Operation[]? candidates))
        {
            Problem(entries.LineOf("ioctl"), UnknownIoctl(ioctl, host.Architecture, vocabulary));
            return null;
        }

        List<KeyValuePair<YamlTree, YamlTree>> words = [.. entries.All.Where(e => !OfCall.Contains(e.Key.Scalar))];
        string? selector = candidates.Select(c => c.Ioctl?.Selector).FirstOrDefault(s => s is not null) is { } selecting ? words.FirstOrDefault(w => w.Key.Scalar == selecting.Name).Value?.Scalar : null;
        if (vocabulary.Find(ioctl, on.Value.Kind, [.. words.Select(w => w.Key.Scalar ?? "")], selector) is not { } operation)
        {
            ExplainFields(ioctl, candidates, words);
            return null;
        }

        Call call = new(operation, on.Value);
        foreach ((YamlTree key, YamlTree value) in words)
        {
            Field field = Vocabulary.FieldOf(operation, key.Scalar!)!;
            if (operation.Case is not null && field == operation.Ioctl!.Selector)
            {
                continue;
            }

            if (CallText.TryReadWord(field, Scalar(value, field.Name) ?? "", out ulong word))
            {
                call.Words[field.Index] = word;
            }
            else if (value.Scalar is not null)
            {
                Problem(value.Line, $"{value.Scalar} is no value for {field.Name}: write {Wanted(field)}{Vocabulary.Nearest(value.Scalar, field.Symbols.Select(s => s.Name))}");
            }
        }

        call.Argument = ReadPointer(entries, operation);
        call.As = ReadName(entries, operation);
        ImmutableArray<Outcome> outcomes = ReadOutcomes(entries, operation, out bool may);
        string? by = entries.Get("by") is { } clause ? ReadClause(clause, host) : null;
        ImmutableArray<KeyValuePair<Field, ulong>> after = ReadAfter(entries, operation);
        return problems.Count > before ? null
            : new VectorCall { Call = call, Line = node.Line, Outcomes = outcomes, May = may, By = by, After = after };
    }

    private Handle? ReadHandle(Entries entries, string key)
    {
        if (entries.Text(key, required: true) is not { } text)
        {
            return null;
        }

        if (Handle.TryParse(text, out Handle handle))
        {
            return handle;
        }

        Problem(entries.LineOf(key), $"'{text}' is no handle: write kvm, or vm, vcpu, device, memfd or file with a number, such as vm0");
        return null;
    }

    private Pointer ReadPointer(Entries entries, Operation operation)
    {
        Pointer pointer = operation.Ioctl == Raw.Ioctl ? Pointer.Unmapped : Pointer.Fine;
        if (entries.Text("pointer") is not { } text)
        {
            return pointer;
        }

        if (operation.Ioctl is not { TakesPointer: true })
        {
            Problem(entries.LineOf("pointer"), $"{Vocabulary.NameOf(operation)} takes no pointer: leave pointer out");
        }
        else if (!Pointer.TryParse(text, out pointer))
        {
            Problem(entries.LineOf("pointer"), $"'{text}' is no pointer: write fine, unmapped, read-only or faults-after-N");
        }

        return pointer;
    }

    private Handle ReadName(Entries entries, Operation operation)
    {
        if (operation.Creates is not { } kind)
        {
            if (entries.Get("as") is not null)
            {
                Problem(entries.LineOf("as"), $"{operation.Name} makes no descriptor: leave as out");
            }

            return default;
        }

        if (entries.Get("as") is null)
        {
            Problem(entries.LineOf("ioctl"), $"{operation.Name} makes a descriptor: name it, such as as: {new Handle(kind, 0)}");
            return default;
        }

        Handle? name = ReadHandle(entries, "as");
        if (name is { } handle && handle.Kind != kind)
        {
            Problem(entries.LineOf("as"), $"{operation.Name} makes no {Outcome.NameOf(handle.Kind)}: name it {new Handle(kind, handle.Number)}");
        }

        return name ?? default;
    }

    private ImmutableArray<Outcome> ReadOutcomes(Entries entries, Operation operation, out bool may)
    {
        YamlTree? must = entries.Get("must");
        YamlTree? several = entries.Get("may");
        may = several is not null;
        if ((must is null) == (several is null))
        {
            Problem(entries.Line, must is null ? "the call has no result: write must or may" : "the call has must and may: write one of them");
            return [];
        }

        if (several is { Items: not { Count: > 0 } })
        {
            Problem(several.Line, "may is not a list: write may: [0, EINVAL], or must with a single outcome");
            return [];
        }

        ImmutableArray<Outcome>.Builder outcomes = ImmutableArray.CreateBuilder<Outcome>();
        foreach (YamlTree node in several?.Items ?? [must!])
        {
            if (Scalar(node, "an outcome") is not { } text)
            {
                continue;
            }

            if (!Outcome.TryParse(text, out Outcome outcome))
            {
                Problem(node.Line, $"'{text}' is no outcome: write an errno, a result, a range such as 1..4096, vm, vcpu, device, memfd, or open"
                    + Vocabulary.Nearest(text, Enum.GetNames<Errno>()));
            }
            else if (may && outcome.IsOpen)
            {
                Problem(node.Line, "may has open beside others: write must: open");
            }
            else if (outcome.Descriptor is { } kind && kind != operation.Creates)
            {
                Problem(node.Line, $"{operation.Name} makes no {text}: write {(operation.Creates is { } made ? Outcome.NameOf(made) : "its result")} or an errno");
            }
            else
            {
                outcomes.Add(outcome);
            }
        }

        return outcomes.ToImmutable();
    }

    private ImmutableArray<KeyValuePair<Field, ulong>> ReadAfter(Entries entries, Operation operation)
    {
        ImmutableArray<KeyValuePair<Field, ulong>>.Builder after = ImmutableArray.CreateBuilder<KeyValuePair<Field, ulong>>();
        foreach ((YamlTree key, YamlTree value) in entries.Get("after") is { } node ? Open(node, "after", null).All : [])
        {
            Field[] written = [.. (operation.Ioctl?.Fields ?? []).Where(f => f.Meaning == Meaning.Number && f.Place != Place.Argument)];
            if (written.FirstOrDefault(f => f.Name == key.Scalar) is not { } field)
            {
                Problem(key.Line, $"{operation.Name} leaves no word {key.Scalar}: write {(written.Length == 0 ? "no after" : Listed(written))}");
            }
            else if (AsNumber(value) is { } number)
            {
                after.Add(new(field, number));
            }
        }

        return after.ToImmutable();
    }

    private void ExplainFields(string ioctl, Operation[] candidates, List<KeyValuePair<YamlTree, YamlTree>> words)
    {
        Field[] fields = [.. candidates.SelectMany(c => c.Ioctl?.Fields ?? []).DistinctBy(f => f.Name)];
        bool explained = false;
        foreach ((YamlTree key, _) in words.Where(w => !fields.Any(f => f.Name == w.Key.Scalar)))
        {
            explained = true;
            Problem(key.Line, $"{ioctl} has no field {key.Scalar}: write {(fields.Length == 0 ? "none" : Listed(fields))}{Vocabulary.Nearest(key.Scalar ?? "", fields.Select(f => f.Name).Concat(OfCall))}");
        }

        if (!explained)
        {
            Problem(words[0].Key.Line, $"no one case of {ioctl} has all these fields: write those of one of them");
        }
    }

    private static string UnknownIoctl(string ioctl, Architecture architecture, Vocabulary vocabulary)
    {
        Architecture[] others = [.. Vocabulary.Known.Where(a => Vocabulary.Of(a)!.Operations.ContainsKey(ioctl))];
        return others.Length > 0
            ? $"{ioctl} is no ioctl of {HostNeeds.NameOf(architecture)}: ask for host architecture {HostNeeds.NameOf(others[0])}"
            : $"no ioctl is called {ioctl}: write its name in linux/kvm.h, close, or ioctl with a request{Vocabulary.Nearest(ioctl, vocabulary.Operations.Keys)}";
    }

    private static string Wanted(Field field) => field.Meaning switch
    {
        Meaning.Pointer => "fine, unmapped, read-only or faults-after-N",
        Meaning.Descriptor => "a handle such as vm0, or a descriptor number such as -1",
        _ => (field.Symbols.Count > 0 ? "a name of linux/kvm.h or " : "") + $"0 to {CallText.Number(field.Mask)}",
    };

    private static string Listed(IEnumerable<Field> fields) => string.Join(", ", fields.Select(f => f.Name));

    private string? Scalar(YamlTree node, string what)
    {
        if (node.Scalar is null)
        {
            Problem(node.Line, $"{what} is {node.Kind}: write a single value");
        }

        return node.Scalar;
    }

    private Entries Open(YamlTree node, string what, string[]? keys)
    {
        if (node.Entries is null)
        {
            Problem(node.Line, $"{what} is {node.Kind}: write a mapping{(keys is null ? "" : $" with {string.Join(", ", keys)}")}");
        }

        HashSet<string> seen = [];
        foreach ((YamlTree key, _) in node.Entries ?? [])
        {
            if (key.Scalar is null)
            {
                Problem(key.Line, $"a key of {what} is {key.Kind}: write a name");
            }
            else if (!seen.Add(key.Scalar))
            {
                Problem(key.Line, $"{key.Scalar} stands twice in {what}: write it once");
            }
            else if (keys is not null && !keys.Contains(key.Scalar))
            {
                Problem(key.Line, $"{what} has no key {key.Scalar}: write {string.Join(", ", keys)}{Vocabulary.Nearest(key.Scalar, keys)}");
            }
        }

        return new Entries(this, node, what);
    }

    /// <summary>The entries of a mapping, by key.</summary>
    private readonly struct Entries(VectorReader reader, YamlTree node, string what)
    {
        public int Line => node.Line;

        public IEnumerable<KeyValuePair<YamlTree, YamlTree>> All => node.Entries ?? [];

        public YamlTree? Get(string key, bool required = false)
        {
            foreach ((YamlTree name, YamlTree value) in node.Entries ?? [])
            {
                if (name.Scalar == key)
                {
                    return value;
                }
            }

            if (required && node.Entries is not null)
            {
                reader.Problem(node.Line, $"{what} has no {key}: add it");
            }

            return null;
        }

        public int LineOf(string key) => Get(key)?.Line ?? node.Line;

        public string? Text(string key, bool required = false)
        {
            if (Get(key, required) is not { } value || reader.Scalar(value, key) is not { } text)
            {
                return null;
            }

            if (text.Length == 0)
            {
                reader.Problem(value.Line, $"{key} is empty: fill it in");
                return null;
            }

            return text;
        }

        public List<YamlTree> List(string key, bool required = false)
        {
            if (Get(key, required) is not { } value)
            {
                return [];
            }

            if (value.Items is not { Count: > 0 })
            {
                reader.Problem(value.Line, $"{key} is {(value.Items is null ? value.Kind : "empty")}: write a list");
            }

            return value.Items ?? [];
        }
    }
}
