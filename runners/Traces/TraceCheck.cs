using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;

namespace KvmSpec.Runners.Traces;

/// <summary>Calls of a trace that no rule decides.</summary>
/// <param name="Ioctl">The ioctl.</param>
/// <param name="Clause">The clause that leaves it open; <c>null</c> where there is no rule at all.</param>
public sealed record Uncovered(string Ioctl, string? Clause)
{
    /// <summary>How many there are.</summary>
    public long Count { get; internal set; }

    /// <summary>The line of the first.</summary>
    public long Line { get; internal init; }
}

/// <summary>A group of divergences of a trace.</summary>
/// <param name="Group">What they have in common.</param>
/// <param name="Line">The line of the first.</param>
/// <param name="Sequence">The sequence of the first.</param>
/// <param name="Position">The first one's place in its sequence, from 1.</param>
/// <param name="Judgement">What the model says of the first.</param>
/// <param name="World">The state before the first.</param>
/// <param name="Before">The last calls up to the first, with what they answered.</param>
/// <param name="AfterUncovered">The ioctl of the last call before it in its sequence that no rule covers, if any: it may be the cause.</param>
public sealed record TraceGroup(Group Group, long Line, string Sequence, long Position, Judgement Judgement, World World,
    IReadOnlyList<(Call Call, Observation Observed)> Before, string? AfterUncovered)
{
    /// <summary>The release that explains the first on a kernel that is not modelled, in words; <c>null</c> where it is modelled.</summary>
    public string? Label { get; init; }

    /// <summary>In how many sequences they are.</summary>
    public long Count { get; internal set; } = 1;
}

/// <summary>
/// Holds a trace against a model, call by call, as a check of the kernel itself would: a sequence ends at its first
/// divergence, at an answer that lacks resources, and at a call of which the model says nothing. A call of an ioctl that has
/// no rules changes nothing that the rules speak of, as far as they know; the sequence goes on.
/// </summary>
public sealed class TraceCheck : Verdicts
{
    /// <summary>How many calls are shown of a divergence.</summary>
    private const int Shown = 20;

    /// <summary>More different divergences or uncovered calls are counted together: memory stays constant.</summary>
    private const int MostKinds = 1000;

    private const string Others = "others";

    private readonly Origin[] origins;
    private readonly (Call Call, Observation Observed)[] last = new (Call, Observation)[Shown];
    private long judged;
    private readonly Dictionary<Group, TraceGroup> groups = [];
    private readonly Dictionary<(string, string?), Uncovered> uncovered = [];

    /// <param name="model">Against what the trace is checked.</param>
    /// <param name="strictness">How strictly errnos are compared.</param>
    /// <param name="origins">For a release that is not modelled: the models of the others, one of which may explain what diverges.</param>
    public TraceCheck(Model.Model model, Strictness strictness, params IEnumerable<Model.Model> origins)
        : base(model, strictness)
    {
        this.origins = [.. origins.Select(m => new Origin(m))];
    }

    /// <summary>Calls in the trace.</summary>
    public long Read { get; private set; }

    /// <summary>Calls after the end of their sequence: the state was not known any more.</summary>
    public long NotJudged { get; private set; }

    /// <summary>Divergences that are in none of the groups, since there were too many different ones.</summary>
    public long Ungrouped { get; private set; }

    /// <summary>True where the recorder was told to end early.</summary>
    public bool Interrupted { get; private set; }

    /// <summary>The divergences in the order of their first.</summary>
    public IEnumerable<TraceGroup> Groups => groups.Values.OrderBy(g => g.Line);

    /// <summary>The calls that no rule decided, in the order of their first.</summary>
    public IEnumerable<Uncovered> Uncovered => uncovered.Values.OrderBy(u => u.Line);

    /// <summary>Reads a trace to its end.</summary>
    /// <exception cref="Commands.RequestException">It is not whole, or a line is wrong.</exception>
    public void Run(TraceReader reader)
    {
        reader.Use(Model);
        World? world = null;
        string sequence = "1";
        string? after = null;
        long position = 0;
        bool begun = false;
        for (TraceLine kind = reader.Next(); kind != TraceLine.End; kind = reader.Next())
        {
            if (kind == TraceLine.Sequence || !begun)
            {
                begun = true;
                Sequences++;
                (world, after, position, judged) = (World.Initial, null, 0, 0);
                sequence = kind == TraceLine.Sequence ? reader.Name : sequence;
                foreach (Origin origin in origins)
                {
                    (origin.World, origin.Explains) = (World.Initial, true);
                }

                if (kind == TraceLine.Sequence)
                {
                    continue;
                }
            }

            Read++;
            position++;
            if (world is null)
            {
                NotJudged++;
            }
            else if (kind == TraceLine.Uncovered)
            {
                after = reader.Name;
                Count(reader.Name, null, reader.Line);
            }
            else
            {
                last[judged++ % Shown] = (reader.Call, reader.Observed);
                world = Judge(world, reader, sequence, position, after);
            }
        }

        Interrupted = reader.Interrupted;
    }

    /// <summary>Judges a call; the state after it, or <c>null</c> where it ended the sequence.</summary>
    private World? Judge(World world, TraceReader reader, string sequence, long position, string? after)
    {
        Course course = Take(world, reader.Call, reader.Observed, out Judgement judgement);
        Follow(reader, judgement.Settled);
        if (course == Course.GoesOn)
        {
            return judgement.Next;
        }

        if (course == Course.Diverges)
        {
            Diverged(world, reader, judgement, sequence, position, after);
        }
        else if (judgement.Finding == Finding.Open)
        {
            Count(reader.Call.Operation.Name, judgement.Rule.Id, reader.Line);
        }

        return null;
    }

    /// <summary>Judges an answer by the other releases as well, with the facts that are settled.</summary>
    private void Follow(TraceReader reader, ImmutableArray<KeyValuePair<Fact, bool>> settled)
    {
        foreach (Origin origin in origins)
        {
            if (origin.World is { } before)
            {
                Judgement judgement = origin.Model.Judge(before, reader.Call, reader.Observed);
                Course course = CourseOf(judgement);
                origin.Explains = course != Course.Diverges;
                origin.World = course == Course.GoesOn ? judgement.Next : null;
            }

            origin.Model = origin.Model.Settle(settled);
        }
    }

    private void Diverged(World world, TraceReader reader, in Judgement judgement, string sequence, long position, string? after)
    {
        Group group = Group.Of(Model.Resolve(world, reader.Call), reader.Call, judgement, reader.Observed);
        if (groups.TryGetValue(group, out TraceGroup? known))
        {
            known.Count++;
        }
        else if (groups.Count < MostKinds)
        {
            groups.Add(group, new TraceGroup(group, reader.Line, sequence, position, judgement, world, Before(), after)
            {
                Label = origins.Length == 0 ? null : Backports.Label(origins.FirstOrDefault(o => o.Explains)?.Model.Revision),
            });
        }
        else
        {
            Ungrouped++;
        }
    }

    /// <summary>The last calls that were judged in the sequence, the one at hand included.</summary>
    private (Call, Observation)[] Before()
    {
        int count = (int)Math.Min(judged, Shown);
        (Call, Observation)[] calls = new (Call, Observation)[count];
        for (int i = 0; i < count; i++)
        {
            calls[i] = last[(judged - count + i) % Shown];
        }

        return calls;
    }

    private void Count(string ioctl, string? clause, long line)
    {
        (string, string?) key = (ioctl, clause);
        if (!uncovered.TryGetValue(key, out Uncovered? known))
        {
            key = uncovered.Count < MostKinds ? key : (Others, null);
            if (!uncovered.TryGetValue(key, out known))
            {
                uncovered.Add(key, known = new Uncovered(key.Item1, key.Item2) { Line = line });
            }
        }

        known.Count++;
    }

    /// <summary>Another release, and what a sequence has come to by its rules.</summary>
    private sealed class Origin(Model.Model model)
    {
        public Model.Model Model { get; set; } = model;

        /// <summary>The state; <c>null</c> once nothing more can be said of the sequence.</summary>
        public World? World { get; set; }

        /// <summary>True as long as it allows everything that the sequence's calls have answered.</summary>
        public bool Explains { get; set; }
    }
}
