using System.CommandLine;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Coverage;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec coverage</c>: what vectors and sequences decide, and which faults they would notice.</summary>
internal static class CoverageCommand
{
    private const int Sequences = 2_000;
    private const int Length = 40;
    private const int States = 2_000;

    public static Command Make(TextWriter output)
    {
        Option<string> revision = new("--revision") { Description = "Whose rules.", DefaultValueFactory = _ => Revisions.Linux73.Name };
        Option<bool> mutants = new("--mutants") { Description = "Make every small fault, and tell who notices it." };
        Option<int> sequences = new("--sequences") { Description = "How many generated sequences on each host.", DefaultValueFactory = _ => Sequences };
        Option<string?> vectors = new("--vectors") { Description = "The directory of the vectors." };
        Option<string?> architecture = new("--architecture") { Description = "For which architecture; without it all of them." };
        Option<int> states = new("--states") { Description = "With --mutants: how many states an exhaustive search keeps on each host; 0 searches none.", DefaultValueFactory = _ => States };
        Command command = new("coverage", "Say which rules vectors and generated sequences decide on the model's hosts.") { revision, mutants, architecture, sequences, states, vectors };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(sequences) < 0)
            {
                throw new RequestException($"--sequences {parsed.GetValue(sequences)}: give 0 or more");
            }

            Revision asked = TargetNames.Revision(parsed.GetValue(revision)!);
            CoverageRun run = new(asked, VectorFiles.Load(VectorDirectory.Find(parsed.GetValue(vectors))), parsed.GetValue(sequences), Length);
            bool noticed = false;
            Architecture[] architectures = parsed.GetValue(architecture) is { } name ? [TargetNames.Architecture(name, asked)] : [.. asked.Architectures];
            if (parsed.GetValue(mutants))
            {
                foreach (Architecture one in architectures)
                {
                    output.WriteLine(HostNeeds.NameOf(one));
                    noticed |= WriteMutants(output, [.. run.Mutants(one, parsed.GetValue(states))]);
                }
            }
            else
            {
                WriteClauses(output, [.. run.Clauses(architectures)], explained: parsed.GetValue(architecture) is null);
            }

            return noticed ? ExitStatus.Diverges : ExitStatus.Conforms;
        });
        return command;
    }

    /// <param name="output">Where to.</param>
    /// <param name="clauses">What decided each.</param>
    /// <param name="explained">True where it is known why nothing decides a clause: for one architecture alone it is not.</param>
    private static void WriteClauses(TextWriter output, ClauseCoverage[] clauses, bool explained)
    {
        output.WriteLine($"{"clause",-48} {"vectors",10} {"sequences",12}");
        foreach (ClauseCoverage clause in clauses)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clause.Clause,-48} {clause.Vectors,10:#,0} {clause.Sequences,12:#,0}"));
        }

        output.WriteLine($"decided by vectors: {clauses.Count(c => c.Vectors > 0)} of {clauses.Length}; by sequences: {clauses.Count(c => c.Sequences > 0)} of {clauses.Length}");
        foreach (ClauseCoverage clause in clauses.Where(c => explained && c.Vectors == 0))
        {
            output.WriteLine($"no vector decides {clause.Clause}: {Undecided.ByVectors.GetValueOrDefault(clause.Clause, "NOBODY KNOWS WHY")}");
        }

        foreach (ClauseCoverage clause in clauses.Where(c => explained && c.Sequences == 0))
        {
            output.WriteLine($"no sequence decides {clause.Clause}: {Undecided.BySequences.GetValueOrDefault(clause.Clause, "NOBODY KNOWS WHY")}");
        }
    }

    /// <summary>Writes the table; true where something noticed a mutant that is listed as equivalent.</summary>
    private static bool WriteMutants(TextWriter output, MutantCoverage[] mutants)
    {
        MutantCoverage[] live = [.. mutants.Where(m => m.Equivalent is null)];
        MutantCoverage[] equivalent = [.. mutants.Where(m => m.Equivalent is not null)];
        output.WriteLine($"{"kind",-8} {"mutants",8} {"equivalent",11} {"by vectors",14} {"by sequences",14} {"by either",14} {"by search",14}");
        foreach (IGrouping<MutantKind, MutantCoverage> kind in mutants.GroupBy(m => m.Mutant.Kind).OrderBy(g => g.Key))
        {
            WriteRow(output, kind.Key.ToString().ToLowerInvariant(), [.. kind]);
        }

        WriteRow(output, "all", mutants);
        output.WriteLine();
        output.WriteLine("survivors:");
        foreach (MutantCoverage survivor in live.Where(m => !m.ByVectors && !m.BySequences))
        {
            output.WriteLine($"  {survivor.Mutant.Words}: {(survivor.BySearch is null ? "search does not tell it either" : $"told by {survivor.BySearch}")}");
        }

        output.WriteLine("equivalent:");
        foreach (IGrouping<string, MutantCoverage> why in equivalent.GroupBy(m => m.Equivalent!))
        {
            output.WriteLine($"  {why.Key}: {why.Count()}");
            foreach (MutantCoverage one in why)
            {
                output.WriteLine("    " + one.Mutant.Words);
            }
        }

        MutantCoverage[] wrong = [.. equivalent.Where(m => m.Noticed)];
        foreach (MutantCoverage one in wrong)
        {
            output.WriteLine($"LISTED AS EQUIVALENT, BUT NOTICED {(one.ByVectors ? "by a vector" : one.BySequences ? "by a sequence" : "by search")}: {one.Mutant.Words}{(one.BySearch is null ? "" : $": {one.BySearch}")}");
        }

        return wrong.Length > 0;
    }

    private static void WriteRow(TextWriter output, string name, MutantCoverage[] mutants)
    {
        MutantCoverage[] live = [.. mutants.Where(m => m.Equivalent is null)];
        output.WriteLine($"{name,-8} {mutants.Length,8} {mutants.Length - live.Length,11} {Share(live.Count(m => m.ByVectors), live.Length),14} "
            + $"{Share(live.Count(m => m.BySequences), live.Length),14} {Share(live.Count(m => m.ByVectors || m.BySequences), live.Length),14} {Share(live.Count(m => m.BySearch is not null), live.Length),14}");
    }

    private static string Share(int part, int of) =>
        of == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{part} ({100.0 * part / of:f1} %)");
}
