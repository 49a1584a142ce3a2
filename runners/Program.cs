using KvmSpec.Runners.Commands;

return CommandLine.Run(args, Console.Out, Console.Error);
