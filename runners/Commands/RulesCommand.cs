using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec rules</c>: the listing of all rules, without running any.</summary>
internal static class RulesCommand
{
    public static Command Make(TextWriter output)
    {
        Option<string> revision = new("--revision") { Description = "Whose rules.", DefaultValueFactory = _ => Revisions.Linux73.Name };
        Option<string?> architecture = new("--architecture") { Description = "For which architecture; without it all of them." };
        Command command = new("rules", "List every rule: architecture, ioctl, position, errno and clause.") { revision, architecture };
        command.SetAction(parsed =>
        {
            Revision asked = TargetNames.Revision(parsed.GetValue(revision)!);
            foreach (Architecture one in parsed.GetValue(architecture) is { } name ? [TargetNames.Architecture(name, asked)] : asked.Architectures)
            {
                foreach (Placed placed in asked.Book(one)!.Placements)
                {
                    Rule rule = placed.Rule;
                    output.WriteLine($"{HostNeeds.NameOf(one)} {placed.Operation.FullName} {placed.Position} {rule}"
                        + (rule.Given is null ? "" : $" given {rule.Given}") + (rule.Leaves is null ? "" : $" leaves: {rule.Leaves}"));
                }
            }

            return ExitStatus.Conforms;
        });
        return command;
    }
}
