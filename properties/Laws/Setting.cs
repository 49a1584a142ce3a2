using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>A revision on a host: what every law is quantified over.</summary>
public sealed class Setting
{
    private Setting(Revision revision, Host host)
    {
        Revision = revision;
        Host = host;
        Model = new(revision, host);
        Generator = new Generator(Model);
    }

    public Revision Revision { get; }

    public Host Host { get; }

    public Model.Model Model { get; }

    public Generator Generator { get; }

    /// <summary>Hosts of every architecture; on all of them every fact is settled.</summary>
    public static IReadOnlyList<Host> Hosts { get; } = KvmSpec.Model.Hosts.All;

    /// <summary>Every revision on every host that it has rules for.</summary>
    public static IReadOnlyList<Setting> All { get; } = [.. Anew()];

    /// <summary>The same with models of their own.</summary>
    public static IEnumerable<Setting> Anew() =>
        from revision in Revisions.All
        from host in Hosts
        where revision.Architectures.Contains(host.Architecture)
        select new Setting(revision, host);

    /// <summary>The newest release on the first host.</summary>
    public static Setting Newest => All[0];

    /// <inheritdoc/>
    public override string ToString() => $"{Revision} on {Host.Name}";
}
