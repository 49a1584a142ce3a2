using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace KvmSpec.Model.Sequences;

/// <summary>
/// Decodes words into calls against the model: mostly calls on descriptors that are open, with values from the ioctls'
/// alphabets. Half of the calls take only usual values, those that stand in an alphabet more than once; in the others
/// each argument may be any value of its alphabet. A sequence is a pure function of its name, the revision and the host,
/// never of what ran before.
/// </summary>
public sealed class Generator
{
    /// <summary>One in 256 arguments comes from the rare values, which cost the kernel much memory.</summary>
    private const uint RareMask = 0xff;

    /// <summary>In so many of 256 calls fields that belong together are drawn each alone.</summary>
    private const byte AloneOf256 = 32;

    private readonly Model model;
    private readonly Plan[] plans;
    private readonly Plan[] choice;
    private readonly Plan createVm;
    private readonly Plan[] choiceWithoutDevices;
    private readonly Dictionary<Symbol, Plan> makers;
    private readonly ImmutableArray<Call>[] openings;

    public Generator(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.model = model;
        plans = [.. model.Book.Operations.Where(o => o.Weight > 0 && (o.OfDevice is not { } type || model.Offers(type))).Select(o => new Plan(model, o))];
        choice = [.. plans.SelectMany(p => Enumerable.Repeat(p, WeightOf(p.Operation)))];
        createVm = plans.First(p => p.Operation.Creates == DescriptorKind.Vm);
        choiceWithoutDevices = [.. choice.Where(p => p.Operation.OfDevice is null)];
        openings = [.. model.Book.Openings.Where(o => Opens(model, o))];
        makers = plans.Where(p => p.Operation is { Creates: DescriptorKind.Device, Case: not null }).ToDictionary(p => p.Operation.Case!);
    }

    /// <summary>The operations and how often each is chosen, in parts of all.</summary>
    public IEnumerable<(Operation Operation, double Share)> Weights =>
        plans.Select(p => (p.Operation, (double)WeightOf(p.Operation) / choice.Length));

    /// <summary>The sequence of that name.</summary>
    public Sequence Generate(SequenceName name)
    {
        Call[] calls = new Call[name.Length];
        Generate(name, calls);
        return new Sequence(calls);
    }

    /// <summary>Writes the sequence of that name into memory that the caller owns; allocates only states.</summary>
    public World Generate(SequenceName name, Span<Call> calls)
    {
        Walk walk = new(this, name.Seed);
        for (int i = 0; i < name.Length; i++)
        {
            walk.Next(ref calls[i]);
        }

        return walk.World;
    }

    /// <summary>Generates and makes calls one by one.</summary>
    public ref struct Walk
    {
        private readonly Generator generator;
        private Mixer mixer;
        private readonly ImmutableArray<Call> opening;
        private Ahead ahead;
        private int made;

        internal Walk(Generator generator, ulong seed)
        {
            this.generator = generator;
            mixer = new Mixer(seed);
            World = World.Initial;
            opening = generator.DrawOpening(ref mixer);
            ahead = generator.Choose(ref mixer);
        }

        /// <summary>The state after the calls so far.</summary>
        public World World { get; private set; }

        /// <summary>The next call; the state moves on, and the rule that decided is returned.</summary>
        public Rule Next(ref Call call)
        {
            if (made < opening.Length)
            {
                call = opening[made];
            }
            else
            {
                generator.Draw(ref mixer, ahead, World, made == 0, ref call);
                ahead = generator.Choose(ref mixer);
            }

            made++;
            World = generator.model.Step(World, call, out Rule decided);
            return decided;
        }
    }

    /// <summary>Begins the sequence of a seed.</summary>
    public Walk Begin(ulong seed) => new(this, seed);

    /// <summary>One call in a state, for drivers that draw call by call.</summary>
    public Call One(World world, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(world);
        Mixer mixer = new(seed);
        Call call = default;
        Draw(ref mixer, Choose(ref mixer), world, ReferenceEquals(world, World.Initial), ref call);
        return call;
    }

    private int WeightOf(Operation operation) =>
        operation.Weight * (operation.Emphasis is { } more && model.Offers(more.Device) ? more.Factor : 1);

    /// <summary>True where the host lets an opening go on to its last call.</summary>
    private static bool Opens(Model model, ImmutableArray<Call> opening)
    {
        World world = World.Initial;
        foreach (Call call in opening.AsSpan()[..^1])
        {
            world = model.Step(world, call, out Rule decided);
            if (!decided.Accepts)
            {
                return false;
            }
        }

        return opening[^1].Operation is not { Creates: DescriptorKind.Device, Case: { } type } || model.Offers(type);
    }

    /// <summary>Where the book has openings, every other sequence begins with one.</summary>
    private ImmutableArray<Call> DrawOpening(ref Mixer mixer)
    {
        if (openings.Length == 0)
        {
            return [];
        }

        ulong word = mixer.Next();
        return (word & 1) == 0 ? [] : openings[(int)(((word >> 32) * (ulong)openings.Length) >> 32)];
    }

    /// <summary>
    /// What the next call will be. It depends on no state, so it is looked up while the call before it is judged.
    /// </summary>
    private Ahead Choose(ref Mixer mixer)
    {
        ulong word = mixer.Next();
        Plan plan = Choose(choice, word);
        return new Ahead(word, plan, plan.Operation);
    }

    private void Draw(ref Mixer mixer, in Ahead ahead, World world, bool first, ref Call call)
    {
        ulong word = ahead.Word;
        Plan plan = first && (word & 15) != 0 ? createVm : ahead.Plan;
        if (makers.Count > 1 && plan.Operation.OfDevice is { } type && !HasDevice(world, type))
        {
            plan = Instead(type, mixer.Next());
        }

        Operation operation = plan.Operation;
        call.Operation = operation;
        call.On = On(world, operation, (uint)word);
        call.As = operation.Creates is { } kind ? Free(world, kind, (byte)(word >> 20)) : default;
        call.Argument = plan.Argument((byte)(word >> 12));
        plan.Fill(ref mixer, ref call, first || (word & 0x8000_0000) != 0);
    }

    /// <summary>One of the plans, by a word's upper half.</summary>
    private static Plan Choose(Plan[] plans, ulong word) => plans[(int)(((word >> 32) * (ulong)plans.Length) >> 32)];

    /// <summary>Where no device of a type is open: sometimes the call that makes one, else one that needs none.</summary>
    private Plan Instead(Symbol type, ulong word) => (word & 3) == 0 && makers.TryGetValue(type, out Plan? maker)
        ? maker
        : Choose(choiceWithoutDevices, word);

    private static bool HasDevice(World world, Symbol type)
    {
        foreach (Descriptor open in world.Open)
        {
            if (open.Name.Kind == DescriptorKind.Device && open.Object >> 16 == type.Value)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Which of the open devices are of that type: bit N for number N.</summary>
    private static uint OfType(World world, uint open, ulong type)
    {
        uint those = 0;
        for (uint rest = open; rest != 0; rest &= rest - 1)
        {
            Handle name = new(DescriptorKind.Device, (byte)BitOperations.TrailingZeroCount(rest));
            those |= world.Open.TryFind(name, out Descriptor device) && device.Object >> 16 == type ? 1u << name.Number : 0;
        }

        return those;
    }

    /// <summary>
    /// A handle of the operation's kind: an open one if there is any, the first from a number on, for devices mostly one of its type, seldom a closed one
    /// or one of another kind.
    /// </summary>
    private static Handle On(World world, Operation operation, uint word)
    {
        DescriptorKind kind = operation.On;
        if ((word & 0x3f) == 0x3f)
        {
            DescriptorKind other = (DescriptorKind)((word >> 6) % Handle.Kinds);
            return new Handle(other, Scope.Number(other, word >> 9));
        }

        byte number = Scope.Number(kind, word >> 9);
        uint open = world.Open.Numbers(kind);
        if (operation.OfDevice is { } type && (word & 0x1f) != 0x1e && OfType(world, open, type.Value) is not 0 and uint those)
        {
            open = those;
        }

        if (open == 0 || (word & 0x1f) == 0x1f)
        {
            return new Handle(kind, number);
        }

        int later = BitOperations.TrailingZeroCount(BitOperations.RotateRight(open, number));
        return new Handle(kind, (byte)((number + later) % 32));
    }

    /// <summary>A name for a new descriptor: a free one if there is any.</summary>
    private static Handle Free(World world, DescriptorKind kind, byte word)
    {
        int free = BitOperations.TrailingZeroCount(~world.Open.Numbers(kind));
        return new Handle(kind, free < Scope.Handles(kind) ? (byte)free : Scope.Number(kind, word));
    }

    /// <summary>A call's first word and what it chooses.</summary>
    private readonly record struct Ahead(ulong Word, Plan Plan, Operation Operation);

    /// <summary>An operation with the values of its fields resolved for the host.</summary>
    private sealed class Plan
    {
        /// <summary>Words of a call that one word of the mixer draws: by 16 bits each.</summary>
        private const int SlotsOfAWord = 4;

        /// <summary>The kinds of values: usual ones, common ones, rare ones.</summary>
        private const int Kinds = 3;

        private const int Rare = 2;

        private const int ChoicesOfAWord = SlotsOfAWord * Kinds;

        /// <summary>Of eight arguments of a call that is not plain, which may be any common value.</summary>
        private const uint Unusual = 0b0000_0111;

        /// <summary>The choices for each word that is drawn; up to a multiple of four some that keep the value they find.</summary>
        private readonly Choice[] choices;
        private readonly ulong[] values;
        private readonly ImmutableArray<ulong>[] together;
        private readonly Words start;
        private readonly int size;
        private readonly bool byNumber;

        internal Plan(Model model, Operation operation)
        {
            Operation = operation;
            start = new Call(operation, default).Words;
            size = operation.Ioctl?.Size ?? 0;
            byNumber = operation.Ioctl == Uapi.Raw.Ioctl;
            List<ulong> lists = [];
            Field[] drawn = [.. operation.Fields.Where(f => operation.Alphabet.ContainsKey(f))];
            int other = Enumerable.Range(0, Words.Length).FirstOrDefault(i => drawn.All(f => f.Index != i));
            IEnumerable<Choice> filling = Enumerable.Range(0, -drawn.Length & (SlotsOfAWord - 1)).SelectMany(_ => Of(other, [start[other]], [], lists));
            choices = [.. drawn.SelectMany(f => Of(f.Index, [.. model.Interesting(operation, f, rare: false)], [.. model.Interesting(operation, f, rare: true)], lists)), .. filling];
            values = [.. lists];
            together = [.. operation.Together?.On(model.Host) ?? []];
        }

        internal Operation Operation { get; }

        /// <summary>How the argument's pointer behaves: mostly it is fine.</summary>
        internal Pointer Argument(byte drawn) => drawn switch
        {
            _ when byNumber => Pointer.Unmapped,
            < 240 => Pointer.Fine,
            _ when size == 0 => Pointer.Fine,
            < 246 => Pointer.Unmapped,
            < 251 => Pointer.ReadOnly,
            _ => Pointer.FaultsAfter((ushort)(size / 2)),
        };

        /// <summary>Draws the words; a plain call takes usual values only.</summary>
        internal void Fill(ref Mixer mixer, ref Call call, bool plain)
        {
            call.Words = start;
            uint usual = plain ? 7U : 0;
            ReadOnlySpan<Choice> rest = choices;
            while (rest.Length >= ChoicesOfAWord)
            {
                ulong bits = mixer.Next();
                Fill(rest, 0, (ushort)bits, usual, ref call.Words);
                Fill(rest, 1, (ushort)(bits >> 16), usual, ref call.Words);
                Fill(rest, 2, (ushort)(bits >> 32), usual, ref call.Words);
                Fill(rest, 3, (ushort)(bits >> 48), usual, ref call.Words);
                rest = rest[ChoicesOfAWord..];
            }

            if (together.Length > 0)
            {
                DrawTogether(mixer.Next(), ref call);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Fill(ReadOnlySpan<Choice> rest, int slot, uint part, uint usual, ref Words words)
        {
            uint kind = part | usual;
            int from = (kind & RareMask) == 0 ? Rare : (int)((Unusual >> (int)(kind & 7)) & 1);
            Choice choice = rest[(slot * Kinds) + from];
            words[choice.Word] = values[choice.At + (int)((part * choice.Count) >> 16)];
        }

        /// <summary>A word's values: the usual ones, all common ones, the rare ones.</summary>
        private static IEnumerable<Choice> Of(int word, ulong[] common, ulong[] rare, List<ulong> lists)
        {
            ulong[] usual = [.. common.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key)];
            foreach (ulong[] list in (ulong[][])[usual.Length > 0 ? usual : common, common, rare.Length > 0 ? rare : common])
            {
                yield return new Choice((ushort)word, (ushort)lists.Count, (ushort)list.Length);
                lists.AddRange(list);
            }
        }

        private void DrawTogether(ulong word, ref Call call)
        {
            if ((byte)word < AloneOf256)
            {
                return;
            }

            ImmutableArray<ulong> row = together[(int)(((word >> 32) * (ulong)together.Length) >> 32)];
            for (int i = 0; i < row.Length; i++)
            {
                call.Words[Operation.Together!.Fields[i].Index] = row[i];
            }
        }

        /// <summary>Some of the plan's values, of which one goes into a word.</summary>
        private readonly record struct Choice(ushort Word, ushort At, ushort Count);
    }
}
