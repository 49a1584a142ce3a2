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
    private readonly Model model;
    private readonly Plan[] plans;
    private readonly Plan[] choice;
    private readonly Plan createVm;
    private readonly Plan[] choiceWithoutDevices;
    private readonly Dictionary<Symbol, Plan> makers;
    private readonly bool choosesDevices;
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
        choosesDevices = makers.Count > 1;
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

        /// <summary>
        /// The next call; the state moves on, and the rule that decided is returned. It stays a method of its own, as the
        /// compiler turns a choice between two values into a branch, which is then guessed wrong, where it stands in a loop.
        /// </summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        public Rule Next(ref Call call)
        {
            Rule decided;
            if (made < opening.Length)
            {
                call = opening[made];
                World = generator.model.Step(World, call, out decided);
            }
            else
            {
                Mover rules = generator.Draw(ref mixer, ahead, World, made == 0, ref call);
                ahead = generator.Choose(ref mixer);
                World = generator.model.Step(World, call, rules, out decided);
            }

            made++;
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
        return new Ahead(word, plan, plan.Rules.Mover);
    }

    /// <summary>Draws a call, and returns the rules that it meets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Mover Draw(ref Mixer mixer, in Ahead ahead, World world, bool first, ref Call call)
    {
        ulong word = ahead.Word;
        Plan plan = first && (word & 15) != 0 ? createVm : ahead.Plan;
        if (choosesDevices && plan.Operation.OfDevice is { } type && !HasDevice(world, type))
        {
            plan = Instead(type, mixer.Next());
        }

        call.Operation = plan.Operation;
        call.On = On(world, plan, (uint)word);
        call.As = Free(world, plan, (byte)(word >> 20));
        call.Argument = plan.Argument((byte)(word >> 12));
        plan.Fill(ref mixer, ref call, (first ? uint.MaxValue : 0) | (uint)((int)word >> 31));
        return plan == ahead.Plan ? ahead.Rules : plan.Rules.Mover;
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
    private static Handle On(World world, Plan plan, uint word)
    {
        if ((word & 0x3f) == 0x3f)
        {
            DescriptorKind other = (DescriptorKind)((word >> 6) % Handle.Kinds);
            return new Handle(other, Scope.Number(other, word >> 9));
        }

        int number = (int)(word >> 9) & plan.LastNumber;
        uint open = world.Open.Numbers(plan.Operation.On);
        if (plan.Operation.OfDevice is { } type && (word & 0x1f) != 0x1e && OfType(world, open, type.Value) is not 0 and uint those)
        {
            open = those;
        }

        uint among = open == 0 | (word & 0x1f) == 0x1f ? 1u << number : open;
        int later = BitOperations.TrailingZeroCount(BitOperations.RotateRight(among, number));
        return new Handle(plan.Operation.On, (byte)((number + later) & 31));
    }

    /// <summary>A name for a new descriptor: a free one if there is any.</summary>
    private static Handle Free(World world, Plan plan, byte word)
    {
        int free = BitOperations.TrailingZeroCount(~world.Open.Numbers(plan.Makes));
        int other = word & plan.LastMade;
        return new Handle(plan.Makes, (byte)(free <= plan.LastMade ? free : other));
    }

    /// <summary>A call's first word and what it chooses.</summary>
    private readonly record struct Ahead(ulong Word, Plan Plan, Mover Rules);
}
