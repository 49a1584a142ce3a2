using FsCheck;
using FsCheck.Experimental;
using FsCheck.Fluent;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Bench;

/// <summary>The same model under FsCheck's own state machine: what the project's generator is measured beside.</summary>
internal sealed class FsCheckMachine(Model.Model model, Generator generator, int longest) : Machine<World, World>(longest)
{
    /// <summary>How many steps were made.</summary>
    public long Steps { get; private set; }

    public override Arbitrary<Setup<World, World>> Setup =>
        Arb.From(Gen.Constant(StateMachine.Setup(() => World.Initial, () => World.Initial)));

    public override Gen<Operation<World, World>> Next(World state) =>
        Gen.Choose(0, int.MaxValue).Select<int, Operation<World, World>>(seed => new Step(this, generator.One(state, (ulong)seed)));

    private sealed class Step(FsCheckMachine machine, Call call) : Operation<World, World>
    {
        public override World Run(World state)
        {
            machine.Steps++;
            return machine.Model.Step(state, call, out _);
        }

        public override Property Check(World actual, World state) => true.ToProperty();

        public override string ToString() => call.ToString();
    }

    private Model.Model Model => model;
}
