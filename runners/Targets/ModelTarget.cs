using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>A model in the place of a kernel: how revisions are compared and planted faults are found.</summary>
public sealed class ModelTarget(string name, Model.Model model) : ITarget
{
    public string Name => name;

    public Host Host => model.Host;

    /// <summary>The target with another revision made of its own.</summary>
    public ModelTarget Changed(Func<Revision, Revision> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return new ModelTarget(name, new Model.Model(change(model.Revision), model.Host));
    }

    public bool TakesMeanings => true;

    /// <summary>By which rules it answers.</summary>
    public Model.Model Model => model;

    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
    {
        World world = World.Initial;
        Ending ended = Ending.Returned;
        for (int i = 0; i < calls.Length; i++)
        {
            if (ended != Ending.Returned)
            {
                observed[i] = new Observation { Ending = ended == Ending.Crashed ? Ending.NotMade : ended, After = calls[i].Words };
                continue;
            }

            world = model.Answer(world, calls[i], out observed[i], out Rule decided);
            ended = decided.Open ? Ending.Unsaid : observed[i].Ending;
            observed[i].Ending = ended;
        }
    }

    public void Dispose()
    {
    }
}
