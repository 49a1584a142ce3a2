using KvmSpec.Model;
using KvmSpec.Model.Common;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Coverage;

/// <summary>
/// Tells a fault from the original by all sequences of a small world up to a length, where neither vectors nor generated
/// ones did: what it does not find either, no short sequence can.
/// </summary>
public sealed class MutantSearch(Revision revision, int longest)
{
    private const int MostPairs = 20_000;

    /// <summary>With a VM's vCPUs limited to one, a few calls get to what a thousand would be needed for.</summary>
    private readonly Revision small = new($"{revision.Name} with few vCPUs", revision.Title, revision, new SetLimit(CommonLimits.Vcpus, 1)) { IsRelease = false };

    /// <summary>The shortest sequence that shows the fault on any host of an architecture; <c>null</c> where none does.</summary>
    public Sequence? Shows(Mutant mutant, Architecture architecture)
    {
        ArgumentNullException.ThrowIfNull(mutant);
        return ModelHosts.All(revision, architecture).SelectMany(host => new[] { revision, small }.Select(by => Shows(mutant, by, host)))
            .Where(s => s is not null).MinBy(s => s!.Length);
    }

    private Sequence? Shows(Mutant mutant, Revision by, Host host)
    {
        Model.Model original = new(by, host);
        Model.Model faulty = new(mutant.Plant(by), host);
        PairSearch search = new(original, faulty, new SmallCalls(original, original.Book.Operations.Where(o => o.Ioctl != Model.Uapi.Raw.Ioctl), SmallScope.Telling));
        try
        {
            return search.Find(longest, MostPairs).FirstOrDefault(t => t is not null)?.Sequence;
        }
        catch (Exception crash) when (crash is NullReferenceException or InvalidCastException)
        {
            return new Sequence();
        }
    }
}
