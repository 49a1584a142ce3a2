using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>One call of a walk: the state before, the call, the rule that decided, the state after.</summary>
public readonly record struct Step(World Before, Call Call, Rule Decided, World After)
{
    /// <summary>The VM that the call is about, if its descriptor has one.</summary>
    public uint Vm => Before.Open.TryFind(Call.On, out Descriptor target) ? target.Vm : Descriptor.NoVm;
}

/// <summary>A law does not hold: where.</summary>
public sealed class LawBrokenException(string message) : Exception(message);

/// <summary>Walks sequences and says at which call a law broke.</summary>
public static class Walks
{
    /// <summary>Checks every step of a generated sequence.</summary>
    public static void Each(Setting setting, SequenceName name, Func<Step, bool> holds)
    {
        Generator.Walk walk = setting.Generator.Begin(name.Seed);
        World before = walk.World;
        Call call = default;
        for (int i = 0; i < name.Length; i++)
        {
            Rule decided = walk.Next(ref call);
            Check(holds(new Step(before, call, decided, walk.World)), i, call, decided);
            before = walk.World;
        }
    }

    /// <summary>Checks every state that a generated sequence reaches.</summary>
    public static void EachState(Setting setting, SequenceName name, Func<World, bool> holds) =>
        Each(setting, name, step => ReferenceEquals(step.Before, step.After) || holds(step.After));

    /// <summary>Checks a wild call in every state that a generated sequence reaches.</summary>
    public static void EachWild(Setting setting, SequenceName name, WildSeed wild, Func<World, Call, bool> holds)
    {
        ulong index = 0;
        Each(setting, name, step =>
        {
            Call call = Wild.Call(setting, Mixer.SeedOf(wild.Value, index));
            Check(holds(step.Before, call), (int)index++, call, null);
            return true;
        });
    }

    /// <summary>Checks every VM that stands before and after a step.</summary>
    public static void EachVm(Setting setting, SequenceName name, Func<Vm, Vm, bool> holds) =>
        Each(setting, name, step =>
        {
            foreach (Vm before in step.Before.Vms)
            {
                if (step.After.Vms.TryFind(before.Key, out Vm after) && !ReferenceEquals(before, after) && !holds(before, after))
                {
                    return false;
                }
            }

            return true;
        });

    private static void Check(bool holds, int index, in Call call, Rule? decided)
    {
        if (!holds)
        {
            throw new LawBrokenException($"call {index}: {call}{(decided is null ? "" : $", decided by: {decided}")}");
        }
    }
}
