using KvmSpec.Model;
using KvmSpec.Model.Common;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Coverage;

/// <summary>A clause and what decided it.</summary>
public sealed record ClauseCoverage(string Clause, long Vectors, long Sequences);

/// <summary>A mutant and who notices it.</summary>
/// <param name="Mutant">The fault.</param>
/// <param name="ByVectors">True where a vector fails.</param>
/// <param name="BySequences">True where a generated sequence shows it.</param>
/// <param name="BySearch">The shortest sequence of an exhaustive search that tells it from the original; <c>null</c> where none does.</param>
/// <param name="Equivalent">Why nobody should notice it; <c>null</c> where somebody should.</param>
public sealed record MutantCoverage(Mutant Mutant, bool ByVectors, bool BySequences, Sequence? BySearch, string? Equivalent)
{
    /// <summary>True where anything tells it from the original.</summary>
    public bool Noticed => ByVectors || BySequences || BySearch is not null;
}

/// <summary>Which rules vectors and sequences decide on the model's hosts, and which faults they would notice.</summary>
public sealed class CoverageRun
{
    /// <summary>With one vCPU a VM at most, a few calls get to what a thousand would be needed for; VMs and vCPUs alone are made.</summary>
    private static readonly SmallScope FewVcpus = SmallScope.Telling with
    {
        Lowered = [(CommonLimits.Vcpus, 1)],
        Wants = o => o.Ioctl is null || o.Ioctl == Ioctls.CreateVm.Ioctl || o.Ioctl == Ioctls.CreateVcpu.Ioctl,
    };

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
    /// <param name="architecture">Whose rules.</param>
    /// <param name="states">How many states an exhaustive search keeps on each host; 0 for none.</param>
    public IEnumerable<MutantCoverage> Mutants(Architecture architecture, int states)
    {
        (Model.Model Model, Kept Vectors, Corpus Corpus)[] own =
            [.. settings.Where(s => s.Model.Host.Architecture == architecture).Select(s => (s.Model, new Kept(s.Model, s.Vectors), new Corpus(s.Model, sequences, length)))];
        Mutant[] mutants = [.. Model.Sequences.Mutants.Of(revision.Book(architecture)!)];
        IReadOnlyDictionary<Mutant, Sequence> told = Searched(SmallScope.Telling, [.. own.Select(s => s.Model)], mutants, states, out IReadOnlySet<Mutant> met);
        MutantCoverage[] found = [.. mutants.Select(mutant =>
        {
            MutantCoverage one = new(
                mutant, own.Any(s => s.Vectors.Fail(mutant)), own.Any(s => s.Corpus.Tells(mutant)), told.GetValueOrDefault(mutant), Equivalents.Why(mutant, architecture));
            bool apart = states > 0 && mutant.Kind == MutantKind.Swap && !one.Noticed && !met.Contains(mutant) && !own.Any(s => s.Corpus.Meets(mutant));
            string? searched = apart ? Equivalents.NeverMet : mutant.IsOpen && !one.Noticed ? Equivalents.LeftOpen : null;
            return one with { Equivalent = one.Equivalent ?? searched };
        })];
        Mutant[] left = [.. found.Where(m => !m.Noticed && m.Equivalent is null).Select(m => m.Mutant)];
        IReadOnlyDictionary<Mutant, Sequence> byFew = Searched(
            FewVcpus, [.. own.Where(_ => left.Length > 0).Select(s => new Model.Model(FewVcpus.By(revision), s.Model.Host))], left, states, out _);
        return found.Select(m => m with { BySearch = m.BySearch ?? byFew.GetValueOrDefault(m.Mutant) });
    }

    /// <summary>The mutants that an exhaustive search on any of the hosts tells from the original.</summary>
    public static IReadOnlyDictionary<Mutant, Sequence> Searched(IReadOnlyList<Model.Model> models, IEnumerable<Mutant> mutants, int states) =>
        Searched(SmallScope.Telling, models, mutants, states, out _);

    private static Dictionary<Mutant, Sequence> Searched(SmallScope scope, IReadOnlyList<Model.Model> models, IEnumerable<Mutant> mutants, int states, out IReadOnlySet<Mutant> met)
    {
        ArgumentNullException.ThrowIfNull(models);
        Dictionary<Mutant, Sequence> told = [];
        HashSet<Mutant> both = [];
        met = both;
        foreach (Model.Model model in states > 0 ? models : [])
        {
            SmallCalls calls = new(model, model.Book.Operations.Where(scope.Wants), scope);
            MutantSearch search = new(model, mutants.Where(m => !told.ContainsKey(m)), calls);
            foreach ((Mutant mutant, Sequence by) in search.Run(int.MaxValue, states))
            {
                told[mutant] = by;
            }

            both.UnionWith(search.Met);
        }

        return told;
    }

    /// <summary>The vectors that the original keeps, by the clauses that decide their calls: one that fails anyway notices no fault.</summary>
    private sealed class Kept
    {
        private readonly Model.Model model;
        private readonly Vector[] all;
        private readonly ILookup<string, Vector> deciding;

        public Kept(Model.Model model, Vector[] vectors)
        {
            this.model = model;
            using ModelTarget target = new("original", model);
            VectorRunner runner = new(target, model);
            all = [.. vectors.Where(v => runner.Run(v).Status != VectorStatus.Failed)];
            deciding = all.SelectMany(v => Clauses(v).Distinct().Select(clause => (clause, v))).ToLookup(d => d.clause, d => d.v);
        }

        /// <summary>True where the fault makes one of them fail, or crashes on it.</summary>
        public bool Fail(Mutant mutant)
        {
            using ModelTarget target = new("faulty", new Model.Model(mutant.Plant(model.Revision), model.Host));
            VectorRunner runner = new(target, model);
            try
            {
                return (mutant.Decides is { } clause ? deciding[clause] : all).Any(v => runner.Run(v).Status == VectorStatus.Failed);
            }
            catch (Exception crash) when (Mutant.IsCrash(crash))
            {
                return true;
            }
        }

        private IEnumerable<string> Clauses(Vector vector)
        {
            World world = World.Initial;
            foreach (VectorCall call in vector.Calls)
            {
                world = model.Step(world, call.Call, out Rule decided);
                yield return decided.Id;
            }
        }
    }
}
