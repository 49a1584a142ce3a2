using System.CommandLine;
using KvmSpec.Runners.Bench;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec bench</c>: what the machinery costs, as figures and ratios of one run.</summary>
internal static class BenchCommand
{
    public static Command Make(TextWriter output)
    {
        Option<double> seconds = new("--seconds") { Description = "How long each figure is measured.", DefaultValueFactory = _ => 3 };
        Option<string?> loop = new("--c-loop") { Description = "The compiled yardstick; without it gcc compiles it where there is one." };
        Command command = new("bench", "Measure the model, the targets and the vectors, side by side in one run.") { seconds, loop };
        command.SetAction(parsed =>
        {
            BenchRun run = new(output, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(loop), VectorDirectory.Find(null));
            run.All();
            return ExitStatus.Conforms;
        });
        return command;
    }
}
