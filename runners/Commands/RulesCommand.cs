using System.CommandLine;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec rules</c>: the listing of all rules, without running any.</summary>
internal static class RulesCommand
{
    public static Command Make(TextWriter output)
    {
        Option<string> revision = new("--revision") { Description = "Whose rules.", DefaultValueFactory = _ => Revisions.Linux73.Name };
        Option<string?> architecture = new("--architecture") { Description = "For which architecture; without it all of them." };
        Option<bool> weights = new("--weights") { Description = "List instead how often each operation is drawn for generated sequences." };
        Command command = new("rules", "List every rule: architecture, ioctl, position, errno and clause.") { revision, architecture, weights };
        command.SetAction(parsed =>
        {
            Revision asked = TargetNames.Revision(parsed.GetValue(revision)!);
            foreach (Architecture one in parsed.GetValue(architecture) is { } name ? [TargetNames.Architecture(name, asked)] : asked.Architectures)
            {
                if (parsed.GetValue(weights))
                {
                    WriteWeights(output, asked, one);
                    continue;
                }

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

    /// <summary>The generator's weights on the architecture's first host; devices that a host lacks are not drawn there.</summary>
    private static void WriteWeights(TextWriter output, Revision revision, Architecture architecture)
    {
        Host host = ModelHosts.All(revision, architecture)[0];
        foreach ((Operation operation, double share) in new Generator(new Model.Model(revision, host)).Weights.OrderByDescending(w => w.Share).ThenBy(w => w.Operation.FullName, StringComparer.Ordinal))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{HostNeeds.NameOf(architecture)} {operation.FullName} weight {operation.Weight}, {100 * share:0.00} % on {host.Name}"));
        }
    }
}
