namespace KvmSpec.Runners.Targets;

/// <summary>A target whose kernel's own words can be read.</summary>
public interface IPrints
{
    /// <summary>What the kernel printed during the last sequence that crashed, hung or made it warn, a line each; the last ones.</summary>
    IReadOnlyList<string> Printed { get; }
}
