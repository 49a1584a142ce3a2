using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Coverage;

/// <summary>A clause and what decided it.</summary>
public sealed record ClauseCoverage(string Clause, long Vectors, long Sequences);

/// <summary>A mutant and who notices it.</summary>
public sealed record MutantCoverage(Mutant Mutant, bool ByVectors, bool BySequences, string? Equivalent);

/// <summary>Which rules vectors and sequences decide on the model's hosts, and which faults they would notice.</summary>
public sealed class CoverageRun
{
    private readonly (Model.Model Model, Vector[] Vectors)[] settings;
    private readonly Revision revision;
    private readonly int sequences;
    private readonly int length;

    public CoverageRun(Revision revision, IEnumerable<VectorFile> files, int sequences, int length)
    {
        this.revision = revision;
        this.sequences = sequences;
        this.length = length;
        Vector[] all = [.. files.SelectMany(f => f.Cases)];
        settings = [.. ModelHosts.All(revision).Select(host => new Model.Model(revision, host)).Select(model =>
            (model, all.Where(v => v.Revisions.Includes(revision) && v.Host.Unmet(model) is null).ToArray()))];
    }

    /// <summary>Every clause of the revision's rules for some architectures, with its counts on hosts of these.</summary>
    public IEnumerable<ClauseCoverage> Clauses(IReadOnlyCollection<Architecture> architectures)
    {
        (Model.Model Model, Vector[] Vectors)[] own = [.. settings.Where(s => architectures.Contains(s.Model.Host.Architecture))];
        Dictionary<string, long> byVector = [];
        foreach ((Model.Model model, Vector[] vectors) in own)
        {
            foreach (Vector vector in vectors)
            {
                World world = World.Initial;
                foreach (Call call in vector.Sequence)
                {
                    world = model.Step(world, call, out Rule decided);
                    byVector[decided.Id] = byVector.GetValueOrDefault(decided.Id) + 1;
                }
            }
        }

        Dictionary<string, long> bySequence = own.SelectMany(s => Corpus.Decided(s.Model, sequences, length))
            .GroupBy(d => d.Key).ToDictionary(g => g.Key, g => g.Sum(d => d.Value));
        return architectures.SelectMany(a => revision.Book(a)!.Clauses).Distinct().Order(StringComparer.Ordinal).Select(id =>
            new ClauseCoverage(id, byVector.GetValueOrDefault(id), bySequence.GetValueOrDefault(id)));
    }

    /// <summary>Every mutant of an architecture's rules, and who tells it from the original.</summary>
    public IEnumerable<MutantCoverage> Mutants(Architecture architecture)
    {
        (Model.Model Model, Vector[] Vectors, Corpus Corpus)[] own =
            [.. settings.Where(s => s.Model.Host.Architecture == architecture).Select(s => (s.Model, s.Vectors, new Corpus(s.Model, sequences, length)))];
        return Model.Sequences.Mutants.Of(revision.Book(architecture)!).Select(mutant =>
            new MutantCoverage(mutant, own.Any(s => Fails(mutant, s.Model, s.Vectors)), own.Any(s => s.Corpus.Tells(mutant)), Equivalents.Why(mutant, architecture)));
    }

    private static bool Fails(Mutant mutant, Model.Model model, Vector[] vectors)
    {
        using ModelTarget target = new("faulty", new Model.Model(mutant.Plant(model.Revision), model.Host));
        VectorRunner runner = new(target, model);
        try
        {
            return vectors.Any(v => runner.Run(v).Status == VectorStatus.Failed);
        }
        catch (Exception crash) when (crash is NullReferenceException or InvalidCastException)
        {
            return true;
        }
    }
}
