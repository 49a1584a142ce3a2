using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Guests;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Walks.Server;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec targets</c>: what can be checked here, and what is missing for the rest.</summary>
internal static class TargetsCommand
{
    public static Command Make(TextWriter output)
    {
        Command command = new("targets", "List every target: ready, or what is missing and the command that brings it.");
        command.SetAction(_ =>
        {
            output.WriteLine($"{"local",-28} {Local()}");
            output.WriteLine($"{"model",-28} ready: the rules of {Revisions.Linux73.Name} in the place of a kernel");
            foreach (Revision revision in Revisions.All)
            {
                output.WriteLine($"{"revision:" + revision.Name,-28} ready: {revision.Title} ({revision.Evidence})");
            }

            foreach (Guest guest in GuestTable.Guests)
            {
                foreach (GuestKernel kernel in GuestTable.KernelsOf(guest))
                {
                    output.WriteLine($"{$"guest:{guest.Name}@{kernel.Release}",-28} {Of(guest, kernel)}");
                }
            }

            output.WriteLine($"{"guest:NAME --kernel FILE",-28} ready: a kernel of your own with {string.Join(", ", KernelOptions.All)}; 'kvmspec guest config NAME' prints them for a .config");
            output.WriteLine($"{"agent:COMMAND",-28} ready: what the command starts, which must be runners/agent/agent.c, compiled");
            foreach (string walker in WalkCheck.Names)
            {
                output.WriteLine($"{walker,-28} {WalkCheck.Readiness(walker)}");
            }

            foreach (Revision plant in Plants.All)
            {
                output.WriteLine($"{plant.Name,-28} ready: {plant.Title}");
            }

            return ExitStatus.Conforms;
        });
        return command;
    }

    private static string Of(Guest guest, GuestKernel kernel)
    {
        string what = $"{guest.Title}, {guest.Architecture.Debian} Linux {kernel.Release} from {kernel.Suite}";
        return GuestName.Missing(guest) is { } install ? $"missing: {install} ({what})"
            : KernelFiles.Fetched(guest.Architecture, kernel) is not { } fetched || (guest.Module is { } module && !ModuleBuild.IsBuilt(module, fetched.Release()))
                ? $"missing: kvmspec guest fetch {guest.Name}@{kernel.Release} ({what})"
            : $"ready: {what}";
    }

    private static string Local()
    {
        try
        {
            using LocalTarget local = new();
            return $"ready: Linux {local.Host.Release} ({local.Host.BackEnd})";
        }
        catch (TargetException missing)
        {
            return "missing: " + missing.Message;
        }
    }
}
