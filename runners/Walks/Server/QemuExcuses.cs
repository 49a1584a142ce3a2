using System.Collections.Immutable;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Where QEMU is known to differ from the manual, clause by clause, with the versions in which that was seen.</summary>
internal static class QemuExcuses
{
    /// <summary>All of them.</summary>
    public static ImmutableArray<Excuse> All { get; } = [];

    /// <summary>Those of a version.</summary>
    public static ImmutableArray<Excuse> Of(Version version) => [.. All.Where(e => e.Concerns(version))];
}
