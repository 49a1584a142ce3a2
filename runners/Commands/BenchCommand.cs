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
        Option<string?> target = new("--target") { Description = $"Measure this target instead: how soon a guest answers, and what calls, VMs and sequences cost. {TargetNames.Forms}." };
        Option<string?> kernel = new("--kernel") { Description = "For a guest: boot this kernel image instead." };
        Option<string?> modules = new("--modules") { Description = "The directory with that kernel's modules, where KVM is one." };
        Option<string?> defects = new("--defects") { Description = "Measure instead how soon each defect of a posting is found against its own promise: the posting's name, or how the names begin.", HelpName = "NAME" };
        Command command = new("bench", "Measure the model, this machine's kernel and the vectors, or one target, side by side in one run.") { seconds, loop, target, kernel, modules, defects };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(defects) is { } posting)
            {
                BenchDefects.Write(output, posting);
                return ExitStatus.Conforms;
            }

            BenchRun run = new(output, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(loop), VectorDirectory.Find(null));
            OwnKernel? own = OwnKernel.Of(parsed.GetValue(target), parsed.GetValue(kernel), parsed.GetValue(modules));
            if (parsed.GetValue(target) is { } name)
            {
                run.Target(name, own);
            }
            else
            {
                run.All();
            }

            return ExitStatus.Conforms;
        });
        return command;
    }
}
