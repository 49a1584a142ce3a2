using System.Globalization;
using Microsoft.FSharp.Core;
using Xunit;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// Runs the method as an FsCheck property: FsCheck draws the arguments, the result says whether the property holds. A
/// stand-in for FsCheck.Xunit's attribute of the same name, for registries that lack the package.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
[XunitTestCaseDiscoverer("FsCheck.Xunit.PropertyDiscoverer", "KvmSpec.Properties")]
public class PropertyAttribute : FactAttribute
{
    private const int Unset = -1;

    /// <summary>The seed to begin with, as a failure prints it: <c>(seed,gamma)</c>, or with the size of one test.</summary>
    public string? Replay { get; set; }

    /// <summary>How many tests run at once; unset, one.</summary>
    public int Parallelism { get; set; } = Unset;

    /// <summary>How many tests are run.</summary>
    public int MaxTest { get; set; } = Unset;

    /// <summary>How many tests may be rejected by their condition.</summary>
    public int MaxRejected { get; set; } = Unset;

    /// <summary>The size of the first test.</summary>
    public int StartSize { get; set; } = Unset;

    /// <summary>The size of the last test; sizes between grow evenly.</summary>
    public int EndSize { get; set; } = Unset;

    /// <summary>Writes every argument to the test's output.</summary>
    public bool Verbose { get; set; }

    /// <summary>Classes with static members of type Arbitrary; an earlier one wins over a later one.</summary>
    public Type[] Arbitrary { get; set; } = [];

    /// <summary>Writes nothing where the property holds.</summary>
    public bool QuietOnSuccess { get; set; }

    /// <summary>FsCheck's settings: the first attribute that sets one wins.</summary>
    internal static Config Configure(IReadOnlyList<PropertyAttribute> nearestFirst, IRunner runner, Action<string> output)
    {
        Config config = Config.Default
            .WithArbitrary(nearestFirst.SelectMany(a => a.Arbitrary))
            .WithMaxTest(First(a => a.MaxTest, Config.Default.MaxTest))
            .WithMaxRejected(First(a => a.MaxRejected, Config.Default.MaxRejected))
            .WithStartSize(First(a => a.StartSize, Config.Default.StartSize))
            .WithEndSize(First(a => a.EndSize, Config.Default.EndSize))
            .WithQuietOnSuccess(nearestFirst.Any(a => a.QuietOnSuccess))
            .WithRunner(runner);
        if (nearestFirst.Select(a => a.Replay).FirstOrDefault(r => !string.IsNullOrEmpty(r)) is { } replay)
        {
            config = config.WithReplay(FSharpOption<Replay>.Some(Parse(replay)));
        }

        if (First(a => a.Parallelism, Unset) is not Unset and int parallelism)
        {
            config = config.WithParallelRunConfig(FSharpOption<ParallelRunConfig>.Some(new ParallelRunConfig(parallelism)));
        }

        return nearestFirst.Any(a => a.Verbose) ? Speaking(config, output) : config.WithEvery(Config.Quick.Every).WithEveryShrink(Config.Quick.EveryShrink);

        int First(Func<PropertyAttribute, int> of, int otherwise) =>
            nearestFirst.Select(of).Append(otherwise).First(v => v != Unset || otherwise == Unset);
    }

    private static Config Speaking(Config config, Action<string> output)
    {
        FSharpFunc<int, FSharpFunc<Microsoft.FSharp.Collections.FSharpList<object>, string>> every = Config.Verbose.Every;
        return config
            .WithEvery(FuncConvert.FromFunc((int test, Microsoft.FSharp.Collections.FSharpList<object> arguments) =>
            {
                output(every.Invoke(test).Invoke(arguments));
                return "";
            }))
            .WithEveryShrink(FuncConvert.FromFunc((Microsoft.FSharp.Collections.FSharpList<object> arguments) =>
            {
                output(Config.Verbose.EveryShrink.Invoke(arguments));
                return "";
            }));
    }

    private static Replay Parse(string text)
    {
        string[] parts = text.Trim('(', ')').Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Rnd seed = new(ulong.Parse(parts[0], CultureInfo.InvariantCulture), ulong.Parse(parts[1], CultureInfo.InvariantCulture));
        return new Replay(seed, parts.Length > 2 ? FSharpOption<int>.Some(int.Parse(parts[2], CultureInfo.InvariantCulture)) : FSharpOption<int>.None);
    }
}

/// <summary>Settings for all properties of a class or an assembly.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Assembly)]
public sealed class PropertiesAttribute : PropertyAttribute;
