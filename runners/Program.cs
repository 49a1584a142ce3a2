using KvmSpec.Runners;
using KvmSpec.Runners.Commands;

return OpenFiles.Suffice() ? CommandLine.Run(args, Console.Out, Console.Error) : ExitStatus.NoTarget;
