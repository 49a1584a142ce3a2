using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KvmSpec.Model;

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
    private Chooser? compiled;
    private int uses;

    private RuleList(Rule[] rules)
    {
        this.rules = rules;
        foreach (Rule rule in rules)
        {
            Facts = rule.Given is { } fact && !Facts.Contains(fact) ? Facts.Add(fact) : Facts;
        }
    }

    /// <summary>The index of the first rule that decides.</summary>
    private delegate int Chooser(bool[] holds, in Node n, in Call c);

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
    public Rule First(bool[] holds, in Node n, in Call c) =>
        compiled is { } chooser ? rules[chooser(holds, n, c)] : Walk(holds, n, c);

    private Rule Walk(bool[] holds, in Node n, in Call c)
    {
        if (++uses == UsesBeforeCompiling)
        {
            compiled = Compile();
        }

        foreach (Rule rule in rules)
        {
            if ((rule.Given is not { } fact || holds[fact.Index]) && rule.Decides(n, c))
            {
                return rule;
            }
        }

        throw new InvalidOperationException($"no rule decides {c.Operation.FullName}: its list does not end with an unconditional rule");
    }

    private Chooser Compile()
    {
        DynamicMethod method = new("Choose", typeof(int),
            [typeof(object[]), typeof(bool[]), typeof(Node).MakeByRefType(), typeof(Call).MakeByRefType()], typeof(RuleList).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
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
                if (!when.Method.IsStatic)
                {
                    il.Emit(OpCodes.Ldarg_0);
                    il.Emit(OpCodes.Ldc_I4, i);
                    il.Emit(OpCodes.Ldelem_Ref);
                }

                il.Emit(OpCodes.Ldarg_2);
                il.Emit(OpCodes.Ldarg_3);
                il.Emit(OpCodes.Call, when.Method);
                il.Emit(OpCodes.Brfalse, next);
            }

            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ret);
            il.MarkLabel(next);
        }

        il.Emit(OpCodes.Ldc_I4, rules.Length - 1);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Chooser>(rules.Select(r => r.When?.Target).ToArray());
    }
}
