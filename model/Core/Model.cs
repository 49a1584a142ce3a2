using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>
/// The rules of one revision on one host, ready to run: says what a call must return in a state and which state it
/// leaves. Deterministic and total: no call in any state throws.
/// </summary>
public sealed class Model
{
    private readonly BookIndex index;
    private readonly RuleList?[] lists;
    private readonly RuleList?[] asWritten;
    private readonly bool[] holds;

    public Model(Revision revision, Host host)
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentNullException.ThrowIfNull(host);
        Revision = revision;
        Host = host;
        Book = revision.Book(host.Architecture)
            ?? throw new ArgumentException($"{revision.Name} has no rules for {host.Architecture}", nameof(revision));
        Limits = LimitsOf(Book, host);
        holds = HoldsOf(host);
        index = BookIndex.Of(Book);
        lists = index.Lists;
        asWritten = index.AsWritten;
    }

    private Model(Model original, Host host)
    {
        Revision = original.Revision;
        Host = host;
        Book = original.Book;
        Limits = LimitsOf(Book, host);
        holds = HoldsOf(host);
        index = original.index;
        lists = original.lists;
        asWritten = original.asWritten;
    }

    public Revision Revision { get; }

    public Host Host { get; }

    public Book Book { get; }

    /// <summary>The limits' values on this host, by <see cref="Limit.Index"/>.</summary>
    internal ulong[] Limits { get; }

    /// <summary>The value of a limit on this host.</summary>
    public ulong this[Limit limit]
    {
        get
        {
            ArgumentNullException.ThrowIfNull(limit);
            return Limits[limit.Index];
        }
    }

    /// <summary>The model with an observation's facts settled.</summary>
    public Model Settle(ImmutableArray<KeyValuePair<Fact, bool>> facts) =>
        facts.IsEmpty ? this : new Model(this, Host with { Settled = Host.Settled.SetItems(facts) });

    /// <summary>The values of a field that are interesting on this host: the common or the rare ones, or both.</summary>
    public IEnumerable<ulong> Interesting(Operation operation, Field field, bool? rare = null)
    {
        ArgumentNullException.ThrowIfNull(operation);
        ArgumentNullException.ThrowIfNull(field);
        ulong mask = field.Meaning == Meaning.Number ? field.Mask : ulong.MaxValue;
        mask = field.Place == Place.Argument ? Host.Long(mask) : mask;
        IEnumerable<ulong> alone = operation.Alphabet.TryGetValue(field, out ImmutableArray<Sample> samples)
            ? samples.Where(s => rare is null || s.Rare == rare).Select(s => (s.Limit is null ? s.Value : (this[s.Limit] * s.Scale) + s.Value) & mask)
            : [];
        return rare is null && operation.Together is { } together && together.Fields.IndexOf(field) is >= 0 and var at
            ? alone.Concat(together.On(Host).Select(row => row[at])).Distinct()
            : alone;
    }

    /// <summary>True where KVM_CREATE_DEVICE makes devices of that type on this host, as far as is known of it.</summary>
    public bool Offers(Symbol type)
    {
        if (Book.Operations.FirstOrDefault(o => o.Creates == DescriptorKind.Device && o.Case == type) is not { } make)
        {
            return false;
        }

        Call create = new(Book.Operations.First(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) };
        World world = Step(World.Initial, create, out _);
        return Decide(world, new Call(make, create.As).With(Uapi.Ioctls.CreateDevice.Flags, Uapi.Ioctls.CreateDevice.Test)).Accepts;
    }

    /// <summary>Makes the call: the state after it, and the rule that decided.</summary>
    public World Step(World world, in Call call, out Rule decided)
    {
        ArgumentNullException.ThrowIfNull(world);
        return Meet(world, call, out Node node).Mover(holds, node, call, out decided);
    }

    /// <summary>The same for a call whose rules were looked up before it was known.</summary>
    /// <param name="world">The state.</param>
    /// <param name="call">The call.</param>
    /// <param name="foreseen">What <see cref="Foresee"/> says of the call's operation.</param>
    /// <param name="decided">The rule that decided.</param>
    internal World Step(World world, in Call call, Mover foreseen, out Rule decided)
    {
        BookIndex.Target on = Stand(world, call, out Node node);
        return on.Has(call.Operation) ? foreseen(holds, node, call, out decided) : AsMeant(call, on).Mover(holds, node, call, out decided);
    }

    /// <summary>The rules that an operation's calls meet on a descriptor of its own kind, whatever their words.</summary>
    internal RuleList Foresee(Operation operation) => (operation.Id < asWritten.Length ? asWritten[operation.Id] : null) ?? new RuleList(
        (bool[] h, in Node n, in Call c, out Rule decided) => AsMeant(c, BookIndex.Target.Of(c.On.Kind, n.Object)).Mover(h, n, c, out decided));

    /// <summary>The rule that decides the call: 0 bytes allocated.</summary>
    public Rule Decide(World world, in Call call)
    {
        ArgumentNullException.ThrowIfNull(world);
        return Meet(world, call, out Node node).First(holds, node, call);
    }

    /// <summary>All rules that userspace must be ready for: failing ones up to the first that stops, the exact one first.</summary>
    public ImmutableArray<Rule> Envelope(World world, in Call call)
    {
        ArgumentNullException.ThrowIfNull(world);
        ImmutableArray<Rule>.Builder found = ImmutableArray.CreateBuilder<Rule>();
        foreach (Rule rule in Meet(world, call, out Node node).Rules)
        {
            if (!rule.Decides(node, call) || !Holds(rule, true))
            {
                continue;
            }

            if (rule.Accepts && found.Any(r => !r.Accepts && (Holds(r, false) || r.Given == rule.Given)))
            {
                break;
            }

            found.Add(rule);
            if (rule.Stops && Holds(rule, false))
            {
                break;
            }
        }

        return found.ToImmutable();
    }

    /// <summary>The rules that a call meets, in order, without deciding it.</summary>
    public ImmutableArray<Rule> RulesFor(World world, in Call call) => [.. Meet(world, call, out _).Rules];

    /// <summary>True where a rule of that clause would decide the call if none stood before it.</summary>
    internal bool Holds(World world, in Call call, string clause)
    {
        foreach (Rule rule in Meet(world, call, out Node node).Rules)
        {
            if (rule.Id == clause)
            {
                return (rule.Given is not { } fact || holds[fact.Index]) && rule.Decides(node, call);
            }
        }

        return false;
    }

    /// <summary>What the model itself answers: an observation for a model that stands in for a kernel.</summary>
    public World Answer(World world, in Call call, out Observation observed, out Rule decided)
    {
        ArgumentNullException.ThrowIfNull(world);
        decided = Meet(world, call, out Node node).First(holds, node, call);
        observed = Observe(decided, node, call);
        return Next(decided, node, call);
    }

    /// <summary>What a call answers by the rule that decides it, without the state after it.</summary>
    internal Observation Answer(World world, in Call call, Rule decided)
    {
        Meet(world, call, out Node node);
        return Observe(decided, node, call);
    }

    private static Observation Observe(Rule decided, in Node node, in Call call)
    {
        Observation observed = new Observation { Errno = decided.Errno, After = call.Words, Ending = decided.Crashes ? Ending.Crashed : Ending.Returned };
        observed.Descriptor = decided.Creates;
        observed.Result = decided.Result is { } result ? (long)result(node, call) : 0;
        foreach (Write write in decided.Writes)
        {
            if (write.Value is { } value)
            {
                foreach (Field field in call.Operation.Fields)
                {
                    observed.After[field.Index] = field.LiesWith(write.Field) ? value(node, call) & field.Mask : observed.After[field.Index];
                }
            }
        }

        return observed;
    }

    /// <summary>Says whether an observation is what the rules allow.</summary>
    public Judgement Judge(World world, in Call call, in Observation observed)
    {
        ArgumentNullException.ThrowIfNull(world);
        RuleList list = Meet(world, call, out Node node);
        Rule exact = list.First(holds, node, call);
        bool matches = Matches(exact, node, call, observed, out string? detail);
        ImmutableArray<KeyValuePair<Fact, bool>> excluded = [];
        foreach (Fact fact in list.Facts)
        {
            if (Host.Settled.ContainsKey(fact) || Alternative(list, fact, exact, node, call) is not { } alternative)
            {
                continue;
            }

            if (!Matches(alternative, node, call, observed, out _))
            {
                excluded = excluded.Add(new(fact, false));
            }
            else if (!matches)
            {
                return new Judgement(Finding.AsExpected, alternative, Next(alternative, node, call)) { Settled = [new(fact, true)] };
            }
        }

        if ((exact.Open && observed.Ending == Ending.Returned) || observed.Ending == Ending.Unsaid)
        {
            return new Judgement(Finding.Open, exact, world) { Settled = excluded };
        }

        if (matches)
        {
            return new Judgement(Finding.AsExpected, exact, Next(exact, node, call)) { Settled = excluded };
        }

        if (observed.IsEnvironment(call))
        {
            return new Judgement(Finding.Environment, exact, world);
        }

        if (observed.Ending != Ending.Returned)
        {
            return new Judgement(Finding.Crash, exact, world);
        }

        if (observed.Errno == Errno.None)
        {
            Finding accepted = exact.Accepts ? Finding.OtherValue : Finding.AcceptsRefused;
            return new Judgement(accepted, exact, world) { Detail = detail };
        }

        if (exact.Accepts)
        {
            return new Judgement(Finding.RefusesAccepted, exact, world);
        }

        foreach (Rule rule in Envelope(world, call))
        {
            if (Matches(rule, node, call, observed, out _))
            {
                return new Judgement(Finding.ErrnoOrder, exact, Next(rule, node, call));
            }
        }

        return new Judgement(observed.Errno == exact.Errno ? Finding.OtherValue : Finding.OtherErrno, exact, world) { Detail = detail };
    }

    /// <summary>The operation that a call is in this state.</summary>
    public Operation Resolve(World world, in Call call)
    {
        ArgumentNullException.ThrowIfNull(world);
        world.Open.TryFind(call.On, out Descriptor target);
        BookIndex.Target on = BookIndex.Target.Of(call.On.Kind, target.Object);
        return AsWritten(call.Operation, on) is null ? Resolve(call, on) : call.Operation;
    }

    /// <summary>
    /// A call by the name of what its selector's number means here. It stays as it is where the number has no name, where the
    /// name is another number's in this revision, and where what it is has no field for a word of the call.
    /// </summary>
    public Call Named(World world, in Call call)
    {
        if (call.Operation is not { Case: null, Ioctl.Selector: { } selector })
        {
            return call;
        }

        Operation named = Resolve(world, call);
        if (named.Case is not { } symbol || named.Ioctl != call.Operation.Ioctl || Book.Number(symbol) != call[selector])
        {
            return call;
        }

        Call renamed = call with { Operation = named };
        renamed.Words[selector.Index] = symbol.Value;
        foreach (Field field in call.Operation.Fields)
        {
            if (field != selector && call[field] != 0 && !named.Fields.Contains(field))
            {
                return call;
            }
        }

        return renamed;
    }

    /// <summary>A sequence's calls by the names of what their selectors' numbers mean where they come.</summary>
    public Call[] Named(ReadOnlySpan<Call> calls)
    {
        Call[] named = new Call[calls.Length];
        World world = World.Initial;
        for (int i = 0; i < named.Length; i++)
        {
            named[i] = Named(world, calls[i]);
            world = Step(world, named[i], out _);
        }

        return named;
    }

    /// <summary>
    /// The operation that a call is on this descriptor in this revision: a selector's number becomes the case it means here,
    /// what the descriptor does not know becomes the unknown ioctl, and of what is known but called by number alone nothing
    /// is said.
    /// </summary>
    private Operation Resolve(in Call call, BookIndex.Target on)
    {
        Operation operation = call.Operation;
        if (operation.Ioctl is not { } ioctl)
        {
            return operation;
        }

        ulong request = ioctl == Uapi.Raw.Ioctl ? call[Uapi.Raw.Request] : Book.Number(ioctl.Request);
        if (ioctl != Uapi.Raw.Ioctl && index.Cases.TryGetValue((request, on), out BookIndex.Switch? table))
        {
            ulong number = operation.Case is { } symbol ? Book.Number(symbol) : call[table.Selector];
            if (table.Cases.TryGetValue(number, out Operation? named))
            {
                return operation.Case is null && Book.Spells(named) ? Book.KnownNumber : named;
            }
        }

        if (!index.ByRequest.TryGetValue((request, on), out Operation? own))
        {
            return index.Unknown[(int)on.Kind];
        }

        return ioctl == Uapi.Raw.Ioctl || ioctl.Request != own.Ioctl!.Request ? Book.KnownNumber : own;
    }

    /// <summary>The words that this revision's vocabulary puts into the ioctl.</summary>
    public Call Spell(in Call call)
    {
        Call spelled = call;
        if (call.Operation.Case is { } symbol)
        {
            spelled.Words[call.Operation.Ioctl!.Selector!.Index] = Book.Number(symbol);
        }

        if (call.Operation.Ioctl is { } ioctl && Common.Memslots.UserAddressOf(ioctl) is { } field)
        {
            spelled.Words[field.Index] = Common.UserMemory.Spelled(Host.Architecture, call[field]);
        }

        foreach (Spelling spelling in Book.Spellings)
        {
            if (spelling.Operation.Id == call.Operation.Id)
            {
                spelled.Words[spelling.Field.Index] = spelling.Encode(Host.Architecture, call[spelling.Field]);
            }
        }

        return spelled;
    }

    /// <summary>
    /// An observation of a call that went out spelled, with the words that it left as they were as the call has them.
    /// </summary>
    public static void Restore(in Call written, in Call spelled, ref Observation observed)
    {
        for (int i = 0; i < Words.Length; i++)
        {
            if (spelled.Words[i] != written.Words[i] && observed.After[i] == spelled.Words[i])
            {
                observed.After[i] = written.Words[i];
            }
        }
    }

    private static ulong[] LimitsOf(Book book, Host host)
    {
        ulong[] limits = new ulong[book.Limits.Keys.Max(l => l.Index) + 1];
        foreach ((Limit limit, Bound bound) in book.Limits)
        {
            limits[limit.Index] = bound.Of(host);
        }

        return limits;
    }

    /// <summary>The rule that would decide before another one if an unknown fact were true.</summary>
    private static Rule? Alternative(RuleList list, Fact fact, Rule exact, in Node node, in Call call)
    {
        foreach (Rule rule in list.Rules)
        {
            if (rule == exact)
            {
                break;
            }

            if (rule.Given == fact && rule.Decides(node, call))
            {
                return rule;
            }
        }

        return null;
    }

    private static bool[] HoldsOf(Host host)
    {
        bool[] holds = new bool[Fact.All.Count];
        foreach ((Fact fact, bool so) in host.Settled)
        {
            holds[fact.Index] = so;
        }

        return holds;
    }

    private RuleList Meet(World world, in Call call, out Node node)
    {
        BookIndex.Target on = Stand(world, call, out node);
        return AsWritten(call.Operation, on) ?? AsMeant(call, on);
    }

    /// <summary>Where the call meets the model, and what it is made on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private BookIndex.Target Stand(World world, in Call call, out Node node)
    {
        bool open = world.TryFind(call.On, out Descriptor target, out Vm vm);
        node = new Node(this, world, vm, target.Object, !open);
        return BookIndex.Target.Of(call.On.Kind, target.Object);
    }

    /// <summary>The rules of a call whose words, or whose descriptor, make it another operation.</summary>
    private RuleList AsMeant(in Call call, BookIndex.Target on)
    {
        Operation operation = call.Operation;
        if (operation is { Case: null, Ioctl.Selector: { } selector } && on.Has(operation) && operation.Id < lists.Length
            && lists[operation.Id] is not null && call[selector] is var number && number < BookIndex.SmallCases)
        {
            RuleList?[] small = index.CaseLists[operation.Id] ??= new RuleList[BookIndex.SmallCases];
            return small[number] ??= lists[Resolve(call, BookIndex.Target.Of(operation)).Id]!;
        }

        if (operation.Id < lists.Length && on.Place < BookIndex.Target.Places)
        {
            RuleList?[] places = index.Elsewhere[operation.Id] ??= new RuleList[BookIndex.Target.Places];
            if (places[on.Place] is { } known)
            {
                return known;
            }

            if (!WordsMatter(operation, on))
            {
                return places[on.Place] = lists[Resolve(call, on).Id]!;
            }
        }

        return lists[Resolve(call, on).Id]!;
    }

    /// <summary>True where a word of the call chooses among operations on this target.</summary>
    private bool WordsMatter(Operation operation, BookIndex.Target on) => operation is { Ioctl: { } ioctl, Case: null }
        && (ioctl == Uapi.Raw.Ioctl || index.Cases.ContainsKey((Book.Number(ioctl.Request), on)));

    /// <summary>The rules of the call's own operation where that is what the descriptor knows: no table needs asking.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private RuleList? AsWritten(Operation operation, BookIndex.Target on) =>
        (uint)operation.Id < (uint)asWritten.Length && on.Has(operation) ? asWritten[operation.Id] : null;

    /// <summary>Whether a rule that depends on a fact holds; an unknown one as told.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Holds(Rule rule, bool unknown) => rule.Given is not { } fact || Host.Settled.GetValueOrDefault(fact, unknown);

    private static World Next(Rule rule, in Node node, in Call call) =>
        rule.Then is { } then ? then(node, call) : node.World;

    private static bool Matches(Rule rule, in Node node, in Call call, in Observation observed, out string? detail)
    {
        detail = null;
        if (observed.Ending != Ending.Returned || rule.Crashes)
        {
            return rule.Crashes && observed.Ending == Ending.Crashed;
        }

        if (observed.Errno != rule.Errno)
        {
            return false;
        }

        if (rule.Accepts)
        {
            if (observed.Descriptor != rule.Creates)
            {
                detail = rule.Creates ? "expected a descriptor" : "a descriptor came back";
                return false;
            }

            if (rule.Allows is { } allows && !allows(node, call, (ulong)observed.Result))
            {
                detail = $"{observed.Result} is not a value the API allows";
                return false;
            }

            long expected = rule.Result is { } result ? (long)result(node, call) : 0;
            if (!rule.Creates && observed.Result != expected)
            {
                detail = $"expected {expected}";
                return false;
            }
        }

        foreach (Field field in call.Operation.Fields)
        {
            ulong before = call[field];
            ulong after = observed.After[field.Index];
            Write? write = null;
            foreach (Write candidate in rule.Writes)
            {
                write = field.LiesWith(candidate.Field) ? candidate : write;
            }

            ulong wanted = write is null ? before : write.Value is { } value ? value(node, call) & field.Mask : after;
            if (after != wanted)
            {
                detail = $"{field.Name} is 0x{after:x} after the call, expected 0x{wanted:x}";
                return false;
            }
        }

        return true;
    }
}
