using System.CommandLine;
using KvmSpec.Model;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec rules</c>: the listing of all rules, without running any.</summary>
internal static class RulesCommand
{
    public static Command Make(TextWriter output)
    {
        Option<string> revision = new("--revision") { Description = "Whose rules.", DefaultValueFactory = _ => Revisions.Linux73.Name };
        Command command = new("rules", "List every rule: ioctl, position, errno and clause.") { revision };
        command.SetAction(parsed =>
        {
            Book book = TargetNames.Revision(parsed.GetValue(revision)!).Book(Architecture.X86)!;
            foreach (Placed placed in book.Placements)
            {
                Rule rule = placed.Rule;
                output.WriteLine($"{placed.Operation.FullName} {placed.Position} {rule}"
                    + (rule.Given is null ? "" : $" given {rule.Given}") + (rule.Leaves is null ? "" : $" leaves: {rule.Leaves}"));
            }

            return ExitStatus.Conforms;
        });
        return command;
    }
}
