using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary>Targets and revisions by their names on the command line.</summary>
public static class TargetNames
{
    /// <summary>What <c>--target</c> takes, for help and errors.</summary>
    public const string Forms = "local, guest:NAME[@RELEASE], agent:COMMAND, model, revision:NAME or planted:NAME";

    /// <summary>The target of that name: one, or for a model one on each host.</summary>
    /// <param name="name">As given.</param>
    /// <param name="hosts">The hosts of targets that are models.</param>
    /// <exception cref="RequestException">No target has that name.</exception>
    /// <exception cref="TargetException">It is not there.</exception>
    public static IReadOnlyList<ITarget> Open(string name, IReadOnlyList<Host> hosts)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "local")
        {
            return [new LocalTarget()];
        }

        if (name.StartsWith("guest:", StringComparison.Ordinal))
        {
            return [GuestTarget.Start(name["guest:".Length..])];
        }

        if (name.StartsWith("agent:", StringComparison.Ordinal))
        {
            return [AgentTarget.Start(name["agent:".Length..])];
        }

        Revision modelled = ModelledBy(name) ?? throw new RequestException($"target {name}: unknown; give {Forms}");
        return [.. hosts.Select(h => new ModelTarget(name, new Model.Model(modelled, h)))];
    }

    /// <summary>The revision by which a target that is a model answers; <c>null</c> where the name stands for no model.</summary>
    /// <exception cref="RequestException">There is no such revision or planted fault.</exception>
    public static Revision? ModelledBy(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "model")
        {
            return Revisions.Linux73;
        }

        if (name.StartsWith("revision:", StringComparison.Ordinal))
        {
            return Revision(name["revision:".Length..]);
        }

        return !name.StartsWith("planted:", StringComparison.Ordinal) ? null : Plants.Find(name, Revisions.Linux73)
            ?? throw new RequestException($"target {name}: no such planted fault; there are {string.Join(", ", Plants.All.Select(p => p.Name))}");
    }

    /// <summary>The revision of that name.</summary>
    public static Revision Revision(string name) => Revisions.Find(name)
        ?? throw new RequestException($"revision {name}: unknown; there are {string.Join(", ", Revisions.All.Select(r => r.Name))}");

    /// <summary>The model host of that name.</summary>
    public static Host ModelHost(string name) => Hosts.Find(name)
        ?? throw new RequestException($"host {name}: unknown; there are {string.Join(", ", Hosts.All.Select(h => h.Name))}");

    /// <summary>The architecture of that name, if the revision has rules for it.</summary>
    public static Architecture Architecture(string name, Revision revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        Architecture[] known = [.. revision.Architectures];
        return known.Any(a => HostNeeds.NameOf(a) == name) ? known.First(a => HostNeeds.NameOf(a) == name)
            : throw new RequestException($"architecture {name}: {revision} has no rules for it; it has some for {string.Join(", ", known.Select(HostNeeds.NameOf))}");
    }
}
