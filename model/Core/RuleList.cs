using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvmSpec.Model;

/// <summary>Makes a call where it meets the model: the state after it, and the first rule that decides.</summary>
/// <param name="holds">Which facts hold, by <see cref="Fact.Index"/>.</param>
/// <param name="n">Where the call meets the model.</param>
/// <param name="c">The call.</param>
/// <param name="decided">The rule.</param>
internal delegate World Mover(bool[] holds, in Node n, in Call c, out Rule decided);

/// <summary>
/// An operation's rules in a form that runs fast. A list that is used often becomes one method that calls every rule's
/// test directly, in order: the same rules, without an indirect call for each. What the rules are stays data.
/// </summary>
internal sealed class RuleList
{
    /// <summary>Uses before a list is worth a method of its own, which is slow to make.</summary>
    private const int UsesBeforeCompiling = 5_000;

    private static readonly ConditionalWeakTable<Rule[], RuleList> Known = [];

    private readonly Rule[] rules;
    private Chooser? chooser;
    private int choices;
    private int moves;

    /// <summary>What a call of a switch meets is known only with its words: a list that hands on to others.</summary>
    public RuleList(Mover handsOn)
    {
        rules = [];
        Mover = handsOn;
    }

    private RuleList(Rule[] rules)
    {
        this.rules = rules;
        Mover = MoveByWalk;
        foreach (Rule rule in rules)
        {
            Facts = rule.Given is { } fact && !Facts.Contains(fact) ? Facts.Add(fact) : Facts;
        }
    }

    /// <summary>The index of the first rule that decides.</summary>
    private delegate int Chooser(bool[] holds, in Node n, in Call c);

    private delegate Exception Undecided(in Call c);

    /// <summary>Says which rule is the first that decides the call, and returns the state after it.</summary>
    public Mover Mover { get; private set; }

    public ReadOnlySpan<Rule> Rules => rules;

    /// <summary>The unknown facts of the host that its rules depend on.</summary>
    public ImmutableArray<Fact> Facts { get; } = [];

    /// <summary>The list for these rules; books that share rules share it.</summary>
    public static RuleList Of(ImmutableArray<Rule> rules) =>
        Known.GetValue(ImmutableCollectionsMarshal.AsArray(rules)!, array => new RuleList(array));

    /// <summary>The first rule that decides the call.</summary>
    /// <param name="holds">Which facts hold, by <see cref="Fact.Index"/>.</param>
    /// <param name="n">Where the call meets the model.</param>
    /// <param name="c">The call.</param>
    public Rule First(bool[] holds, in Node n, in Call c)
    {
        if (chooser is { } compiled)
        {
            return rules[compiled(holds, n, c)];
        }

        if (++choices == UsesBeforeCompiling)
        {
            chooser = Compile<Chooser>();
        }

        return Walk(holds, n, c);
    }

    private World MoveByWalk(bool[] holds, in Node n, in Call c, out Rule decided)
    {
        if (++moves == UsesBeforeCompiling)
        {
            Mover = Compile<Mover>();
        }

        decided = Walk(holds, n, c);
        return decided.Then is { } then ? then(n, c) : n.World;
    }

    private Rule Walk(bool[] holds, in Node n, in Call c)
    {
        foreach (Rule rule in rules)
        {
            if ((rule.Given is not { } fact || holds[fact.Index]) && rule.Decides(n, c))
            {
                return rule;
            }
        }

        throw Undecide(c);
    }

    private static InvalidOperationException Undecide(in Call c) =>
        new($"no rule decides {c.Operation.FullName}: its list does not end with an unconditional rule");

    /// <summary>One method out of all tests and, for a mover, out of what the rules leave.</summary>
    private T Compile<T>()
        where T : Delegate
    {
        bool moves = typeof(T) == typeof(Mover);
        Type[] parameters = [typeof(Bound), typeof(bool[]), typeof(Node).MakeByRefType(), typeof(Call).MakeByRefType()];
        DynamicMethod method = new(typeof(T).Name, moves ? typeof(World) : typeof(int), moves ? [.. parameters, typeof(Rule).MakeByRefType()] : parameters,
            typeof(RuleList).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        List<object?> targets = [];
        for (int i = 0; i < rules.Length; i++)
        {
            Label next = il.DefineLabel();
            if (rules[i].Given is { } fact)
            {
                il.Emit(OpCodes.Ldarg_1);
                il.Emit(OpCodes.Ldc_I4, fact.Index);
                il.Emit(OpCodes.Ldelem_U1);
                il.Emit(OpCodes.Brfalse, next);
            }

            if (rules[i].When is { } when)
            {
                Invoke(il, when, targets);
                il.Emit(OpCodes.Brfalse, next);
            }

            if (moves)
            {
                EmitMove(il, i, targets);
            }
            else
            {
                il.Emit(OpCodes.Ldc_I4, i);
            }

            il.Emit(OpCodes.Ret);
            il.MarkLabel(next);
        }

        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Call, new Undecided(Undecide).Method);
        il.Emit(OpCodes.Throw);
        return method.CreateDelegate<T>(new Bound(rules, [.. targets]));
    }

    private void EmitMove(ILGenerator il, int i, List<object?> targets)
    {
        il.Emit(OpCodes.Ldarg, 4);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldfld, typeof(Bound).GetField(nameof(Bound.Rules))!);
        il.Emit(OpCodes.Ldc_I4, i);
        il.Emit(OpCodes.Ldelem_Ref);
        il.Emit(OpCodes.Stind_Ref);
        if (rules[i].Then is { } then)
        {
            Invoke(il, then, targets);
        }
        else
        {
            il.Emit(OpCodes.Ldarg_2);
            il.Emit(OpCodes.Call, typeof(Node).GetProperty(nameof(Node.World))!.GetMethod!);
        }
    }

    /// <summary>Calls what a delegate calls. One that captured nothing never looks at the object it is called on.</summary>
    private static void Invoke(ILGenerator il, Delegate called, List<object?> targets)
    {
        if (!called.Method.IsStatic && called.Target!.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Length > 0)
        {
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldfld, typeof(Bound).GetField(nameof(Bound.Targets))!);
            il.Emit(OpCodes.Ldc_I4, targets.Count);
            il.Emit(OpCodes.Ldelem_Ref);
            targets.Add(called.Target);
        }
        else if (!called.Method.IsStatic)
        {
            il.Emit(OpCodes.Ldarg_0);
        }

        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldarg_3);
        il.Emit(OpCodes.Call, called.Method);
    }

    /// <summary>What a made method needs beside its arguments.</summary>
    private sealed class Bound(Rule[] rules, object?[] targets)
    {
        public readonly Rule[] Rules = rules;
        public readonly object?[] Targets = targets;
    }
}
