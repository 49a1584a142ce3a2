using KvmSpec.Model;

namespace KvmSpec.Runners.Checking;

/// <summary>What a kernel whose release is not modelled does otherwise than the nearest release may come from another one.</summary>
internal static class Backports
{
    /// <summary>The other releases on that host, the likeliest origin first.</summary>
    public static IEnumerable<Model.Model> Origins(Revision release, Host host) =>
        Revisions.Around(release).Where(r => r.Book(host.Architecture) is not null).Select(r => new Model.Model(r, host));

    /// <summary>What a report says of a divergence.</summary>
    /// <param name="origin">The release that does so too, or <c>null</c>.</param>
    public static string Label(Revision? origin) => origin is null ? "unexplained on an unmodelled release" : $"as in {origin.Name} (backport?)";
}
