using System.Globalization;
using System.IO.Enumeration;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary>What <c>kvmspec check</c> was asked, checked and in the model's terms.</summary>
public sealed record CheckRequest
{
    /// <summary>What <c>--vectors</c> says to make none.</summary>
    public const string NoVectors = "none";

    public string? Target { get; init; }

    public string? Revision { get; init; }

    /// <summary>The host of targets that are models; <c>null</c> is every one of them.</summary>
    public Host? Host { get; init; }

    /// <summary>A pattern of clause ids with * and ?.</summary>
    public string? Clause { get; init; }

    public required SequencePlan Plan { get; init; }

    public string? Replay { get; init; }

    /// <summary>The file or directory of vectors, or <see cref="NoVectors"/>; <c>null</c> is the project's own.</summary>
    public string? Vectors { get; init; }

    public Strictness Strictness { get; init; }

    public string? WhatIf { get; init; }

    public required Excuses Excuses { get; init; }

    public ReportFormat Format { get; init; }

    public string? Output { get; init; }

    /// <summary>What a guest boots instead of its own kernel; <c>null</c> where nothing was given.</summary>
    public OwnKernel? Kernel { get; init; }

    public bool DryRun { get; init; }

    /// <summary>The file that receives what the target is asked and answers.</summary>
    public string? Record { get; init; }

    /// <summary>The record that is checked in the place of a target.</summary>
    public string? Trace { get; init; }

    /// <summary>The revision that was asked for, or another.</summary>
    public Revision RevisionOr(Revision other) => Revision is null ? other : TargetNames.Revision(Revision);

    /// <summary>
    /// The hosts that a target which is a model stands in for: those that both revisions have rules for. A trace is of one
    /// host: the first of them.
    /// </summary>
    /// <exception cref="RequestException">There are none.</exception>
    public IReadOnlyList<Host> HostsOf(string target)
    {
        if (TargetNames.ModelledBy(target) is not { } tested)
        {
            return [];
        }

        Revision against = RevisionOr(tested);
        Architecture[] common = [.. tested.Architectures.Intersect(against.Architectures)];
        Host[] hosts = [.. (Host is null ? Hosts.All : [Host]).Where(h => common.Contains(h.Architecture))];
        return hosts.Length > 0 ? hosts[..(Record is null ? hosts.Length : 1)]
            : throw new RequestException(common.Length == 0
                ? $"{tested} and {against} have no architecture in common: {tested} has rules for {Named(tested.Architectures)}, {against} for {Named(against.Architectures)}"
                : $"--host {Host!.Name}: {tested} and {against} are about {Named(common)}; there are {string.Join(", ", Hosts.All.Where(h => common.Contains(h.Architecture)).Select(h => h.Name))}");
    }

    private static string Named(IEnumerable<Architecture> architectures) => string.Join(", ", architectures.Select(HostNeeds.NameOf));

    /// <summary>Reads seed, numbers and shard.</summary>
    /// <exception cref="RequestException">One of them is no such number.</exception>
    public static SequencePlan PlanOf(string seed, long sequences, int length, string shard)
    {
        ArgumentNullException.ThrowIfNull(shard);
        if (!CallText.TryReadNumber(seed, out ulong number))
        {
            throw new RequestException($"--seed {seed}: not a number of 64 bits; give decimal digits or 0x and hexadecimal ones");
        }

        if (sequences < 0)
        {
            throw new RequestException($"--sequences {sequences}: give 0 or more");
        }

        if (length is < 1 or > SequenceName.Longest)
        {
            throw new RequestException($"--length {length}: give 1 to {SequenceName.Longest}");
        }

        string[] parts = shard.Split('/');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int part)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int parts2) || part < 1 || part > parts2)
        {
            throw new RequestException($"--shard {shard}: give I/N with 1 <= I <= N, such as 2/4");
        }

        return new SequencePlan(number, sequences, length, part - 1, parts2);
    }

    /// <summary>True where <c>--replay</c> names a vector: ids are paths.</summary>
    public bool ReplaysVector => Replay?.Contains('/', StringComparison.Ordinal) == true;

    /// <summary>
    /// The vectors that are made: those that decide a clause which was asked for, this shard's part. A moved limit is not
    /// what they say, so that there are none beside <c>--what-if</c>.
    /// </summary>
    /// <exception cref="RequestException">Nothing is left to check.</exception>
    /// <exception cref="VectorFileException">The files cannot be read.</exception>
    public IReadOnlyList<PlacedVector> SelectVectors()
    {
        if (ReplaysVector)
        {
            return [Load().FirstOrDefault(p => p.Vector.Id == Replay) is { Vector: not null } found ? found
                : throw new RequestException($"--replay {Replay}: no vector has that id; 'kvmspec vectors list' lists them")];
        }

        if (Vectors == NoVectors || (Vectors is null && WhatIf is not null) || Replay is not null)
        {
            return Replay is not null || Plan.Count > 0 ? []
                : throw new RequestException("no vectors and no sequences: nothing is left to check");
        }

        PlacedVector[] asked = [.. Load().Where(p => p.Vector.Clauses.Any(Concerns))];
        return asked.Length > 0 || Plan.Count > 0 ? [.. asked.Where((_, i) => i % Plan.Shards == Plan.Shard)]
            : throw new RequestException($"--clause {Clause}: no vector decides such a clause, and there are no sequences: nothing is left to check");
    }

    private IEnumerable<PlacedVector> Load() => VectorFiles.Load(VectorDirectory.Find(Vectors == NoVectors ? null : Vectors))
        .SelectMany(f => f.Cases.Select(v => new PlacedVector(f.Path, v)));

    /// <summary>The sequence to replay.</summary>
    /// <exception cref="RequestException">The name is none.</exception>
    public SequenceName ReplayName() => SequenceName.TryParse(Replay!, out SequenceName name)
        ? name
        : throw new RequestException($"--replay {Replay}: give SEED:LENGTH as a report prints it, such as 0x1234:20");

    /// <summary>The revision with <c>--what-if</c>'s limit moved.</summary>
    /// <exception cref="RequestException">There is no such limit, or the value is no number.</exception>
    public Revision Changed(Revision revision, Host host)
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentNullException.ThrowIfNull(host);
        if (WhatIf is null)
        {
            return revision;
        }

        string[] parts = WhatIf.Split('=');
        Book book = revision.Book(host.Architecture)!;
        Limit? limit = book.Limits.Keys.FirstOrDefault(l => l.Name == parts[0]);
        if (limit is null || parts.Length != 2 || !CallText.TryReadNumber(parts[1], out ulong value))
        {
            throw new RequestException($"--what-if {WhatIf}: give LIMIT=VALUE with a limit of {revision} on {HostNeeds.NameOf(host.Architecture)}: {string.Join(", ", book.Limits.Keys.Select(l => l.Name).Order(StringComparer.Ordinal))}");
        }

        return new Revision(revision.Name, revision.Title + $" with {WhatIf}", revision, [new SetLimit(limit, value)]) { IsRelease = revision.IsRelease, About = revision.About };
    }

    /// <summary>True where the clause is one that was asked for.</summary>
    public bool Concerns(string clause) => Clause is null || FileSystemName.MatchesSimpleExpression(Clause, clause, ignoreCase: false);

    /// <summary>A pattern that matches no clause is an error, never a pass.</summary>
    /// <exception cref="RequestException">Nothing matches.</exception>
    public void RequireClauses(IEnumerable<Book> books)
    {
        if (Clause is not null && !books.SelectMany(b => b.Clauses).Any(Concerns))
        {
            throw new RequestException($"--clause {Clause}: matches no clause; 'kvmspec rules' lists them");
        }
    }
}
