using KvmSpec.Model;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// Something that answers calls: a kernel, or a model standing in for one. It takes a whole sequence and returns all
/// outcomes; every sequence starts with only /dev/kvm and /dev/null open and leaves no descriptor, mapping or VM behind.
/// </summary>
public interface ITarget : IDisposable
{
    /// <summary>The name as given on the command line.</summary>
    string Name { get; }

    /// <summary>What was probed of the machine behind the target.</summary>
    Host Host { get; }

    /// <summary>True for a model, which takes calls by what they mean; a kernel takes them spelled in a vocabulary.</summary>
    bool TakesMeanings => false;

    /// <summary>Makes the calls in order.</summary>
    /// <param name="calls">The calls, for a kernel spelled in the vocabulary of the revision that is checked.</param>
    /// <param name="observed">What each answered; as long as <paramref name="calls"/>.</param>
    void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed);
}
