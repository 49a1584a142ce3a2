using System.Collections.Immutable;
using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Spec;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec spec</c>: holds spec.md against the rules, and writes its generated tables.</summary>
internal static class SpecCommand
{
    public static Command Make(TextWriter output)
    {
        Option<string?> check = new("--check")
        {
            Description = "Compare FILE with the rules; without a file the copy that the program carries.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "FILE",
        };
        Option<string?> write = new("--write") { Description = "Rewrite the generated tables in FILE.", HelpName = "FILE" };
        Option<string[]> evidence = new("--evidence")
        {
            Description = "With --write: JSON reports of checks; clauses that they decided say on which kernels they were seen, beside those that they say already.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "REPORT",
        };
        Command command = new("spec", "Compare spec.md with the rules, or bring its tables in step.") { check, write, evidence };
        command.SetAction(parsed =>
        {
            bool checks = parsed.GetResult(check) is not null;
            string? file = parsed.GetValue(write);
            if (checks == file is not null)
            {
                throw new RequestException("spec: give --check or --write FILE");
            }

            return checks ? Check(output, parsed.GetValue(check)) : Write(output, file!, Evidence.Of(parsed.GetValue(evidence) ?? []));
        });
        return command;
    }

    private static int Check(TextWriter output, string? path)
    {
        SpecFile file = path is null ? SpecFile.Embedded : SpecFile.Parse(File.ReadAllText(path), path);
        IReadOnlyList<string> differences = [.. SpecGate.Compare(file, Revisions.All), .. WalkGate.Compare(file)];
        foreach (string difference in differences)
        {
            output.WriteLine(difference);
        }

        if (differences.Count == 0)
        {
            output.WriteLine($"{file.Name}: {file.Clauses.Count} clauses, in step with the rules of {string.Join(", ", Revisions.Releases.Select(r => r.Name))}");
        }

        return differences.Count == 0 ? ExitStatus.Conforms : ExitStatus.Diverges;
    }

    private static int Write(TextWriter output, string path, IReadOnlyDictionary<string, Sightings> evidence)
    {
        string before = File.ReadAllText(path);
        SpecFile file = SpecFile.Parse(before, path);
        Dictionary<string, string> known = file.Clauses.ToDictionary(c => c.Id, c => Renewed(Sightings.Parse(c.Evidence), evidence.GetValueOrDefault(c.Id)).ToString());
        SpecFile renewed = SpecFile.Parse(file.Write(ImmutableDictionary<string, string>.Empty, known), path);
        IReadOnlyDictionary<string, string> tables = SpecTables.All(Revisions.All, renewed);
        if (tables.Keys.FirstOrDefault(t => !file.Tables.Contains(t)) is { } missing)
        {
            throw new RequestException($"{path}: the table {missing} has no place; give lines <!-- begin {missing} --> and <!-- end {missing} -->");
        }

        string after = file.Write(tables, known);
        if (after == before)
        {
            output.WriteLine($"{path}: unchanged");
            return ExitStatus.Conforms;
        }

        WholeFile.Write(path, after);
        output.WriteLine($"{path}: {string.Join(", ", tables.Where(t => file.Table(t.Key) != t.Value).Select(t => t.Key).DefaultIfEmpty("lines"))} rewritten");
        return ExitStatus.Conforms;
    }

    private static Sightings Renewed(Sightings before, Sightings? seen) => seen is null ? before : before.And(seen);
}
