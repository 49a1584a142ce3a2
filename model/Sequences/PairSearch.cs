using System.Collections.Immutable;

namespace KvmSpec.Model.Sequences;

/// <summary>A sequence after which two models answer differently to its last call.</summary>
/// <param name="Sequence">The calls, the shortest such sequence first found.</param>
/// <param name="One">The rule that decided in the first model.</param>
/// <param name="Other">The rule that decided in the second.</param>
public sealed record Telling(Sequence Sequence, Rule One, Rule Other);

/// <summary>
/// Breadth-first search for the shortest sequences that tell two models of one host apart: over pairs of states, merged
/// where both are equal. A pair that has been told apart is not followed further by the call that did it.
/// </summary>
public sealed class PairSearch
{
    private readonly Model one;
    private readonly Model other;
    private readonly SmallCalls calls;
    private readonly bool[] differs;
    private readonly bool[] mute;
    private readonly Understanding[] understood;

    /// <param name="one">The first model.</param>
    /// <param name="other">The second, of the same architecture.</param>
    /// <param name="calls">The alphabet: with operations of either model.</param>
    public PairSearch(Model one, Model other, SmallCalls calls)
    {
        ArgumentNullException.ThrowIfNull(calls);
        this.one = one;
        this.other = other;
        this.calls = calls;
        Limit[] moved = [.. one.Book.Limits.Keys.Where(l => !other.Book.Limits.ContainsKey(l) || one[l] != other[l])];
        bool anywhere = moved.Any(l => !calls.Calls.Any(c => Names(c.Operation, l)));
        bool otherNumbers = one.Book.Numbers != other.Book.Numbers;
        understood = [.. calls.Calls.Select(c => !otherNumbers || c.Operation is not { Case: null, Ioctl.Selector: not null } ? Understanding.Same
            : c.On.Kind == DescriptorKind.Device ? Understanding.ByDevice
            : one.Resolve(World.Initial, c).Case == other.Resolve(World.Initial, c).Case ? Understanding.Same : Understanding.Other)];
        differs = [.. calls.Calls.Select(c => anywhere || moved.Any(l => Names(c.Operation, l)) || !Same(c))];
        mute = [.. calls.Calls.Select(c => one.Resolve(World.Initial, c) is { Rules: { IsEmpty: false } rules } && c.Operation.OfDevice is null && rules.All(r => r.Then is null))];
    }

    /// <summary>What a number that was given raw means to the two models.</summary>
    private enum Understanding : byte
    {
        /// <summary>One and the same.</summary>
        Same,

        /// <summary>This to the one and that to the other.</summary>
        Other,

        /// <summary>That depends on the type of the device.</summary>
        ByDevice,
    }

    /// <summary>What <see cref="Find"/> yields where all sequences of one length were made.</summary>
    public const Telling? LengthDone = null;

    /// <summary>True where more pairs would have been looked at than may be kept.</summary>
    public bool Cut { get; private set; }

    /// <summary>The pairs of states that were seen.</summary>
    public int Pairs { get; private set; }

    /// <summary>Sequences that tell the models apart, the shortest first, one for each pair of rules that a call meets; and where a length is done.</summary>
    /// <param name="longest">The greatest number of calls.</param>
    /// <param name="mostPairs">How many pairs of states are kept.</param>
    public IEnumerable<Telling?> Find(int longest, int mostPairs)
    {
        HashSet<(World, World)> known = [(World.Initial, World.Initial)];
        List<Reached> frontier = [new(World.Initial, World.Initial, null, default)];
        HashSet<(string, string, string)> told = [];
        for (int length = 1; length <= longest && frontier.Count > 0; length++)
        {
            List<Reached> next = [];
            foreach (Reached at in frontier)
            {
                for (int i = 0; i < calls.Calls.Length; i++)
                {
                    Call call = calls.Calls[i];
                    if (!calls.Named(at.One, ref call))
                    {
                        continue;
                    }

                    bool together = !differs[i] && ReferenceEquals(at.One, at.Other);
                    bool last = length == longest || (Cut && known.Count >= mostPairs);
                    if (together && (mute[i] || last))
                    {
                        continue;
                    }

                    Rule rule;
                    World first = at.One;
                    if (last)
                    {
                        rule = one.Decide(at.One, call);
                    }
                    else
                    {
                        first = one.Step(at.One, call, out rule);
                    }

                    World second = first;
                    if (!together)
                    {
                        Rule theirs;
                        if (last)
                        {
                            theirs = other.Decide(at.Other, call);
                        }
                        else
                        {
                            second = other.Step(at.Other, call, out theirs);
                        }

                        if (rule.Open || theirs.Open || Misunderstood(understood[i], at, call))
                        {
                            continue;
                        }

                        if (Differ(at, call, rule, theirs))
                        {
                            if (told.Add((rule.Id, theirs.Id, call.Operation.Ioctl?.Name ?? "close")))
                            {
                                yield return new Telling(at.Calls(call), rule, theirs);
                            }

                            continue;
                        }
                    }

                    if (rule.Open || rule.Crashes || last || (ReferenceEquals(first, at.One) && ReferenceEquals(second, at.Other)))
                    {
                        continue;
                    }

                    if (known.Count >= mostPairs)
                    {
                        Cut = true;
                        continue;
                    }

                    World kept = first.Equals(second) ? first : second;
                    if (known.Add((first, kept)))
                    {
                        next.Add(new Reached(first, kept, at, call));
                    }
                }
            }

            frontier = next;
            Pairs = known.Count;
            yield return LengthDone;
        }
    }

    /// <summary>True where a number was given raw that is one meaning to one model and another to the other.</summary>
    private bool Misunderstood(Understanding understanding, Reached at, in Call call) => understanding == Understanding.Other
        || (understanding == Understanding.ByDevice && one.Resolve(at.One, call).Case != other.Resolve(at.Other, call).Case);

    private bool Differ(in Reached at, in Call call, Rule rule, Rule theirs)
    {
        if (rule.Errno != theirs.Errno || rule.Crashes || theirs.Crashes)
        {
            return rule.Errno != theirs.Errno || rule.Crashes != theirs.Crashes;
        }

        if (rule.Result is null && theirs.Result is null && rule.Writes.IsEmpty && theirs.Writes.IsEmpty)
        {
            return rule.Creates != theirs.Creates;
        }

        Observation mine = one.Answer(at.One, call, rule);
        Observation its = other.Answer(at.Other, call, theirs);
        return mine.Result != its.Result || mine.Descriptor != its.Descriptor || mine.After != its.After;
    }

    /// <summary>True where both models decide the call by the very same rules, whatever the state.</summary>
    private bool Same(in Call call)
    {
        Operation? mine = Own(one, call.Operation);
        Operation? its = Own(other, call.Operation);
        return call.Operation.Ioctl?.Selector is null || call.Operation.Case is not null
            ? mine is not null && its is not null && mine.Rules.AsSpan().SequenceEqual(its.Rules.AsSpan())
            : one.Resolve(World.Initial, call).Rules.AsSpan().SequenceEqual(other.Resolve(World.Initial, call).Rules.AsSpan());
    }

    /// <summary>True where the operation's alphabet has the limit's neighbourhood: so it compares with it.</summary>
    private static bool Names(Operation operation, Limit limit)
    {
        foreach (ImmutableArray<Sample> samples in operation.Alphabet.Values)
        {
            foreach (Sample sample in samples)
            {
                if (sample.Limit == limit)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static Operation? Own(Model model, Operation operation) => model.Book.Operations.FirstOrDefault(o => o.Id == operation.Id);

    /// <summary>A pair of states and how it was reached.</summary>
    private sealed record Reached(World One, World Other, Reached? From, Call By)
    {
        public Sequence Calls(Call last)
        {
            Stack<Call> back = new([last]);
            for (Reached at = this; at.From is not null; at = at.From)
            {
                back.Push(at.By);
            }

            return new Sequence([.. back]);
        }
    }
}
