using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>The model and the generator are functions: nothing but their arguments decides.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class ReplayLaws
{
    [Law("step.deterministic", "∀ m, s, c: step(m, s, c) = step(m, s, c), in rule and next state")]
    [Property(MaxTest = 8000)]
    public void StepIsDeterministic(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        World again = setting.Model.Step(step.Before, step.Call, out Rule decided);
        return ReferenceEquals(decided, step.Decided) && again.Equals(step.After) && ReferenceEquals(setting.Model.Decide(step.Before, step.Call), decided);
    });

    [Law("sequence.same-name-same-calls", "∀ m, q: generate(m, name q) = generate(m', name q) where m' is m made anew")]
    [Property(MaxTest = 8000)]
    public bool SameNameSameCalls(Setting setting, SequenceName name)
    {
        Setting again = Again[setting.ToString()];
        return setting.Generator.Generate(name).Equals(again.Generator.Generate(name));
    }

    [Law("sequence.walk-is-fold", "∀ m, q: walk(m, q) = fold(step m, initial, q), rule by rule")]
    [Property(MaxTest = 8000)]
    public bool WalkIsFold(Setting setting, SequenceName name)
    {
        World world = World.Initial;
        Walks.Each(setting, name, step =>
        {
            world = setting.Model.Step(world, step.Call, out Rule decided);
            return ReferenceEquals(decided, step.Decided) && world.Equals(step.After);
        });
        Call[] calls = new Call[name.Length];
        return setting.Generator.Generate(name, calls).Equals(world) && setting.Generator.Generate(name).Calls.SequenceEqual(calls);
    }

    [Law("sequence.prefix", "∀ m, seed, k ≤ n: generate(m, seed:k) = the first k calls of generate(m, seed:n)")]
    [Property(MaxTest = 4000)]
    public bool ShorterIsPrefix(Setting setting, SequenceName name)
    {
        Sequence whole = setting.Generator.Generate(name);
        SequenceName half = name with { Length = (name.Length + 1) / 2 };
        return setting.Generator.Generate(half).Calls.SequenceEqual(whole.Calls[..half.Length]);
    }

    private static readonly Dictionary<string, Setting> Again = Setting.Anew().ToDictionary(s => s.ToString());
}
