using System.Collections.Immutable;

namespace KvmSpec.Model.Sequences;

/// <summary>Why a search ended.</summary>
public enum SearchEnd
{
    /// <summary>Nothing new appeared: every state within the alphabet was seen.</summary>
    Closed,

    /// <summary>The longest sequences were made.</summary>
    Depth,

    /// <summary>As many states were seen as may be kept.</summary>
    States,
}

/// <summary>What an exhaustive search saw.</summary>
public sealed record SearchResult
{
    public required SearchEnd End { get; init; }

    /// <summary>New states by the number of calls that reach them, from none on.</summary>
    public required ImmutableArray<int> NewStates { get; init; }

    /// <summary>Calls made in states.</summary>
    public required long Calls { get; init; }

    /// <summary>How often each clause decided.</summary>
    public required IReadOnlyDictionary<string, long> Decided { get; init; }

    public int States => NewStates.Sum();
}

/// <summary>
/// Breadth-first search over the states that an alphabet of calls reaches, merged where they are equal. States are
/// values: nothing else is needed to know that one was seen before.
/// </summary>
public sealed class StateSearch(Model model, SmallCalls calls)
{
    /// <summary>Told of every transition: the state, the call, the rule that decided, and the state after it.</summary>
    public Action<World, Call, Rule, World>? Seen { get; init; }

    /// <summary>Searches until nothing new appears or a bound cuts it.</summary>
    /// <param name="depth">The longest sequence.</param>
    /// <param name="mostStates">How many states are kept.</param>
    public SearchResult Run(int depth, int mostStates)
    {
        HashSet<World> known = [World.Initial];
        List<World> frontier = [World.Initial];
        List<int> counts = [1];
        long[] decided = new long[model.Book.LastSerial + 1];
        long made = 0;
        SearchEnd end = SearchEnd.Closed;
        ImmutableArray<Call> alphabet = calls.Calls;
        while (frontier.Count > 0)
        {
            if (counts.Count > depth)
            {
                end = SearchEnd.Depth;
                break;
            }

            List<World> next = [];
            foreach (World world in frontier)
            {
                foreach (Call written in alphabet)
                {
                    Call call = written;
                    if (!calls.Named(world, ref call))
                    {
                        continue;
                    }

                    World after = model.Step(world, call, out Rule rule);
                    decided[rule.Serial]++;
                    made++;
                    Seen?.Invoke(world, call, rule, after);
                    if (!rule.Open && !rule.Crashes && !ReferenceEquals(after, world) && known.Count < mostStates && known.Add(after))
                    {
                        next.Add(after);
                    }
                }
            }

            if (known.Count >= mostStates)
            {
                end = SearchEnd.States;
                counts.Add(next.Count);
                break;
            }

            frontier = next;
            counts.Add(next.Count);
        }

        return new()
        {
            End = end,
            NewStates = [.. counts],
            Calls = made,
            Decided = model.Book.Placements.Select(p => p.Rule).DistinctBy(r => r.Serial).GroupBy(r => r.Id)
                .ToDictionary(g => g.Key, g => g.Sum(r => decided[r.Serial])),
        };
    }
}
