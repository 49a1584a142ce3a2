using System.Text.RegularExpressions;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Coverage;

/// <summary>Faults that nobody can notice.</summary>
/// <param name="Fault">A pattern of the faults' words.</param>
/// <param name="Why">Why nobody notices them.</param>
internal sealed record EquivalentFault(string Fault, string Why)
{
    /// <summary>The architectures whose rules it is about; <c>null</c> for all.</summary>
    public Architecture[]? In { get; init; }

    /// <summary>An architecture whose rules do let it be noticed.</summary>
    public Architecture? Except { get; init; }

    /// <summary>True where it is about this fault.</summary>
    public bool Covers(Mutant mutant, Architecture architecture) =>
        In?.Contains(architecture) != false && Except != architecture && Regex.IsMatch(mutant.Words, Fault);
}
