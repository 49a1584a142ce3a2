using System.Collections.Immutable;

namespace KvmSpec.Model.Arm64;

/// <summary>The interrupt controller's part of the common lists: what it refuses where other ioctls ask it.</summary>
public static class Vgic
{
    /// <summary>What the first KVM_RUN of a vCPU asks after INIT and FINALIZE were found done.</summary>
    public static readonly ImmutableArray<Rule> FirstRun = [];

    /// <summary>What KVM_CREATE_VCPU asks before the architecture's own limit.</summary>
    public static readonly ImmutableArray<Rule> CreateVcpu = [];

    /// <summary>What a vCPU's first run leaves in the interrupt controller.</summary>
    public static Arm64State AfterRun(Arm64State state) => state;

    public static IEnumerable<Operation> Operations => [];

    public static IEnumerable<KeyValuePair<Limit, Bound>> Limits => [];
}
