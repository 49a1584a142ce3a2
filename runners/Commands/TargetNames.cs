using KvmSpec.Model;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Commands;

/// <summary>Targets and revisions by their names on the command line.</summary>
public static class TargetNames
{
    /// <summary>What <c>--target</c> takes, for help and errors.</summary>
    public const string Forms = "local, model, revision:NAME, planted:NAME or qemu-walker:rv64|rv32";

    /// <summary>The target of that name.</summary>
    /// <param name="name">As given.</param>
    /// <param name="host">The host of targets that are models.</param>
    /// <exception cref="RequestException">No target has that name.</exception>
    /// <exception cref="TargetException">It is not there.</exception>
    public static ITarget Open(string name, Host host)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "local")
        {
            return new LocalTarget();
        }

        if (name == "model")
        {
            return new ModelTarget(name, new Model.Model(Revisions.Linux73, host));
        }

        if (name.StartsWith("revision:", StringComparison.Ordinal))
        {
            return new ModelTarget(name, new Model.Model(Revision(name["revision:".Length..]), host));
        }

        if (name.StartsWith("planted:", StringComparison.Ordinal))
        {
            Revision plant = Plants.Find(name, Revisions.Linux73)
                ?? throw new RequestException($"target {name}: no such planted fault; there are {string.Join(", ", Plants.All.Select(p => p.Name))}");
            return new ModelTarget(name, new Model.Model(plant, host));
        }

        throw new RequestException($"target {name}: unknown; give {Forms}");
    }

    /// <summary>The revision of that name.</summary>
    public static Revision Revision(string name) => Revisions.Find(name)
        ?? throw new RequestException($"revision {name}: unknown; there are {string.Join(", ", Revisions.All.Select(r => r.Name))}");

    /// <summary>The model host of that name.</summary>
    public static Host ModelHost(string name) => X86Hosts.All.FirstOrDefault(h => h.Name == name)
        ?? throw new RequestException($"host {name}: unknown; there are {string.Join(", ", X86Hosts.All.Select(h => h.Name))}");
}
