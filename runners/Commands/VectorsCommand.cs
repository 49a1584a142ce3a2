using System.CommandLine;
using System.IO.Enumeration;
using KvmSpec.Runners.Vectors;
using KvmSpec.Runners.Walks;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec vectors</c>: keeps the vector files in form, says what is wrong in them, and lists them.</summary>
internal static class VectorsCommand
{
    public static Command Make(TextWriter output) => new("vectors", "Format, check and list the vector files.")
    {
        Format(output),
        Lint(output),
        List(output),
    };

    private static Argument<string?> Directory => new("directory")
    {
        Description = "The files' directory, or one file; without it the next directory 'vectors' upwards from here, or the copy beside the program.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static Command Format(TextWriter output)
    {
        Argument<string?> directory = Directory;
        Option<bool> check = new("--check") { Description = "Change nothing; list the files that would change." };
        Command command = new("fmt", "Write vector files, their schema and the table of ioctls in their one form.") { directory, check };
        command.SetAction(parsed =>
        {
            bool write = !parsed.GetValue(check);
            string found = VectorDirectory.Find(parsed.GetValue(directory));
            IReadOnlyList<string> changed = [.. VectorFormatter.Run(found, write), .. WalkVectorFormatter.Run(found, write)];
            foreach (string path in changed)
            {
                output.WriteLine(path);
            }

            return write || changed.Count == 0 ? ExitStatus.Conforms : ExitStatus.Diverges;
        });
        return command;
    }

    private static Command Lint(TextWriter output)
    {
        Argument<string?> directory = Directory;
        Command command = new("lint", "Hold vector files to the model: every case decides what it claims, with a neighbour beside it.") { directory };
        command.SetAction(parsed =>
        {
            string found = VectorDirectory.Find(parsed.GetValue(directory));
            IReadOnlyList<VectorFile> files = VectorFiles.Load(found);
            IReadOnlyList<WalkVectorFile> walks = WalkVectorFiles.Load(found);
            IReadOnlyList<string> problems = [.. VectorLint.Check(files, ModelHosts.Models), .. WalkVectorLint.Check(walks)];
            if (problems.Count > 0)
            {
                throw new VectorFileException(problems);
            }

            string also = walks.Count == 0 ? "" : $", {walks.Sum(f => f.Cases.Length)} walks in {walks.Count} files";
            output.WriteLine($"{files.Sum(f => f.Cases.Length)} vectors in {files.Count} files{also}: nothing is wrong");
            return ExitStatus.Conforms;
        });
        return command;
    }

    private static Command List(TextWriter output)
    {
        Argument<string?> directory = Directory;
        Option<string?> clause = new("--clause") { Description = "Only vectors that decide a clause that matches, such as 'memslot.*'." };
        Command command = new("list", "List the vectors and the walks, each with the clauses it decides.") { directory, clause };
        command.SetAction(parsed =>
        {
            string? pattern = parsed.GetValue(clause);
            string from = VectorDirectory.Find(parsed.GetValue(directory));
            (string Id, IReadOnlyList<string> Clauses)[] found =
            [
                .. VectorFiles.Load(from).SelectMany(f => f.Cases).Select(v => (v.Id, (IReadOnlyList<string>)v.Clauses))
                    .Concat(WalkVectorFiles.Load(from).SelectMany(f => f.Cases).Select(v => (v.Id, (IReadOnlyList<string>)v.Clauses)))
                    .Where(v => pattern is null || v.Item2.Any(c => FileSystemName.MatchesSimpleExpression(pattern, c, ignoreCase: false))),
            ];
            if (found.Length == 0)
            {
                throw new RequestException($"--clause {pattern}: no vector decides such a clause; 'kvmspec vectors list' shows what they decide");
            }

            foreach ((string id, IReadOnlyList<string> clauses) in found)
            {
                output.WriteLine($"{id}  {string.Join(' ', clauses)}");
            }

            return ExitStatus.Conforms;
        });
        return command;
    }
}
