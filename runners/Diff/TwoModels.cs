using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Diff;

/// <summary>What two models answer to one sequence.</summary>
internal static class TwoModels
{
    /// <summary>
    /// The first call to which they answer differently, with the rules that decided it; <c>null</c> where there is none, or where
    /// the first model crashes before it.
    /// </summary>
    public static Telling? Tells(Model.Model mine, Model.Model its, Sequence sequence)
    {
        World first = World.Initial;
        World second = World.Initial;
        for (int i = 0; i < sequence.Length; i++)
        {
            Call call = sequence[i];
            first = mine.Answer(first, call, out Observation one, out Rule rule);
            second = its.Answer(second, call, out Observation other, out Rule theirs);
            if (one.Errno != other.Errno || one.Ending != other.Ending || one.Result != other.Result || one.Descriptor != other.Descriptor || one.After != other.After)
            {
                return new Telling(new Sequence([.. sequence.Calls[..(i + 1)]]), rule, theirs);
            }

            if (one.Ending != Ending.Returned)
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>True where the model says nothing of one of the calls, so that nothing is known after it.</summary>
    public static bool LeavesOpen(Model.Model model, Sequence sequence)
    {
        World world = World.Initial;
        foreach (Call call in sequence.Calls)
        {
            world = model.Step(world, call, out Rule decided);
            if (decided.Open)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Without the calls that are not needed for the same two rules to decide the last one differently.</summary>
    public static Telling Smallest(Model.Model mine, Model.Model its, Telling telling)
    {
        for (int i = telling.Sequence.Length - 2; i >= 0; i--)
        {
            Call[] calls = telling.Sequence.Calls.ToArray();
            Sequence without = new([.. calls[..i], .. calls[(i + 1)..]]);
            if (Tells(mine, its, without) is { } shorter && shorter.Sequence.Length == without.Length && shorter.One.Id == telling.One.Id && shorter.Other.Id == telling.Other.Id)
            {
                telling = shorter;
            }
        }

        return telling;
    }
}
