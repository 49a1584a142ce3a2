namespace KvmSpec.Model.Sequences;

/// <summary>
/// Tells mutants from the original exhaustively: in every state that small calls reach, each call is made by both. As long
/// as answers and next states agree both are always in the same state, so that a mutant which nothing told apart is the
/// original within the states that were seen.
/// </summary>
public sealed class MutantSearch
{
    private readonly Model model;
    private readonly SmallCalls calls;
    private readonly Dictionary<int, List<(Mutant Mutant, Model Model)>> changing = [];
    private readonly HashSet<Mutant> met = [];

    /// <param name="model">The original on a host.</param>
    /// <param name="mutants">Mutants of its book.</param>
    /// <param name="calls">The alphabet.</param>
    public MutantSearch(Model model, IEnumerable<Mutant> mutants, SmallCalls calls)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(mutants);
        this.model = model;
        this.calls = calls;
        foreach (Mutant mutant in mutants)
        {
            Model faulty = new(mutant.Plant(model.Revision), model.Host);
            foreach (Operation operation in mutant.Limit is null ? mutant.Operations : [.. model.Book.Lists])
            {
                if (!changing.TryGetValue(operation.Id, out List<(Mutant Mutant, Model Model)>? list))
                {
                    changing[operation.Id] = list = [];
                }

                list.Add((mutant, faulty));
            }
        }
    }

    /// <summary>Swaps both of whose rules some call met at once.</summary>
    public IReadOnlySet<Mutant> Met => met;

    /// <summary>The mutants that were told from the original, each with the sequence whose last call did it, a shortest one.</summary>
    /// <param name="depth">The longest sequence.</param>
    /// <param name="mostStates">How many states are kept.</param>
    public IReadOnlyDictionary<Mutant, Sequence> Run(int depth, int mostStates)
    {
        Dictionary<Mutant, Sequence> told = [];
        Dictionary<World, (World From, Call By)> reached = [];
        new StateSearch(model, calls)
        {
            Seen = (world, call, rule, after) =>
            {
                if (!rule.Open && changing.TryGetValue(model.Resolve(world, call).Id, out List<(Mutant Mutant, Model Model)>? candidates))
                {
                    foreach ((Mutant mutant, Model faulty) in candidates)
                    {
                        if (!told.ContainsKey(mutant) && Differs(faulty, world, call, rule, after))
                        {
                            told[mutant] = Back(reached, world, call);
                        }
                        else if (mutant.Kind == MutantKind.Swap && !met.Contains(mutant) && mutant.BothHold(model, world, call, rule))
                        {
                            met.Add(mutant);
                        }
                    }

                    candidates.RemoveAll(c => told.ContainsKey(c.Mutant));
                }

                if (!ReferenceEquals(after, world) && reached.Count < mostStates && !after.Equals(World.Initial))
                {
                    reached.TryAdd(after, (world, call));
                }
            },
        }.Run(depth, mostStates);
        return told;
    }

    private static Sequence Back(Dictionary<World, (World From, Call By)> reached, World world, Call last)
    {
        Stack<Call> back = new([last]);
        while (reached.TryGetValue(world, out (World From, Call By) step))
        {
            back.Push(step.By);
            world = step.From;
        }

        return new Sequence([.. back]);
    }

    /// <summary>True where the mutant answers the call otherwise, or leaves another state. What is open agrees with everything.</summary>
    private bool Differs(Model faulty, World world, in Call call, Rule rule, World after)
    {
        try
        {
            World next = faulty.Step(world, call, out Rule theirs);
            if (theirs.Open)
            {
                return false;
            }

            if (rule.Errno != theirs.Errno || rule.Crashes != theirs.Crashes || rule.Creates != theirs.Creates)
            {
                return true;
            }

            if (rule.Result is not null || theirs.Result is not null || !rule.Writes.IsEmpty || !theirs.Writes.IsEmpty)
            {
                Observation mine = model.Answer(world, call, rule);
                Observation its = faulty.Answer(world, call, theirs);
                if (mine.Result != its.Result || mine.After != its.After)
                {
                    return true;
                }
            }

            return !next.Equals(after);
        }
        catch (Exception crash) when (Mutant.IsCrash(crash))
        {
            return true;
        }
    }
}
