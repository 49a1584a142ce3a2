namespace KvmSpec.Runners.Targets;

/// <summary>A target whose host is made to answer as hardware that it does not have.</summary>
public interface IPretends
{
    /// <summary>What of the hardware it cannot show: the clause that says it, and why not.</summary>
    IReadOnlyList<(string Clause, string Reason)> CannotShow { get; }
}
