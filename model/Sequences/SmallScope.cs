using System.Collections.Immutable;

namespace KvmSpec.Model.Sequences;

/// <summary>How small the world of an exhaustive search is: what is called, how many descriptors, which values.</summary>
public record SmallScope
{
    /// <summary>One VM, two vCPUs, one of everything else: what tells revisions apart.</summary>
    public static readonly SmallScope Telling = new() { Name = "telling" };

    public required string Name { get; init; }

    /// <summary>What it is about, in words.</summary>
    public string Title { get; init; } = "";

    /// <summary>On which host it is searched.</summary>
    public string Host { get; init; } = "";

    /// <summary>Limits that are lower here than any release's, so that few calls get to them.</summary>
    public ImmutableArray<(Limit Limit, ulong Value)> Lowered { get; init; } = [];

    /// <summary>The revision with the limits that this world lowers.</summary>
    public Revision By(Revision revision)
    {
        ArgumentNullException.ThrowIfNull(revision);
        Edit[] edits = [.. Lowered.Select(l => new SetLimit(l.Limit, l.Value))];
        return edits.Length == 0 ? revision
            : new Revision($"{revision.Name} with {string.Join(", ", edits.Select(e => e.Words))}", revision.Title, revision, [.. edits]) { IsRelease = false, About = revision.About };
    }

    /// <summary>What a picture calls a state; states with one name are drawn as one. <c>null</c> where nothing is drawn.</summary>
    public Func<World, Host, string>? Label { get; init; }

    /// <summary>Which operations are called.</summary>
    public Func<Operation, bool> Wants { get; init; } = _ => true;

    /// <summary>How many descriptors of a kind a state may name.</summary>
    public Func<DescriptorKind, int> Names { get; init; } = kind => kind == DescriptorKind.Vcpu ? 2 : 1;

    /// <summary>Which of a field's interesting values are taken.</summary>
    public Func<Operation, Field, ulong, bool> Keeps { get; init; } = (_, _, _) => true;
}
