using KvmSpec.Model;

namespace KvmSpec.Properties.Arm64;

/// <summary>Every state of one VM that some calls lead to, in any order and number.</summary>
internal static class Closure
{
    /// <summary>A call in a state, and where it leads.</summary>
    internal readonly record struct Step(World Before, Call Call, Rule Decided, World After);

    /// <summary>Every call in every state, breadth first, until nothing new appears.</summary>
    /// <param name="model">Whose rules.</param>
    /// <param name="moves">The calls.</param>
    /// <param name="states">How many states there are.</param>
    public static List<Step> Of(Model.Model model, IReadOnlyList<Call> moves, out int states)
    {
        Operation createVm = model.Book.Operations.First(o => o.Creates == DescriptorKind.Vm);
        HashSet<World> seen = [model.Step(World.Initial, new Call(createVm, Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) }, out _)];
        Queue<World> next = new(seen);
        List<Step> steps = [];
        while (next.TryDequeue(out World? world))
        {
            foreach (Call move in moves)
            {
                World after = model.Step(world, move, out Rule decided);
                steps.Add(new Step(world, move, decided, after));
                if (seen.Add(after))
                {
                    next.Enqueue(after);
                }
            }
        }

        states = seen.Count;
        return steps;
    }
}
