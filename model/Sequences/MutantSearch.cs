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
    private readonly Dictionary<(int Operation, string Clause), List<Candidate>> deciding = [];
    private readonly List<Candidate> limits = [];
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
            Candidate candidate = new(mutant, new(() => new Model(mutant.Plant(model.Revision), model.Host)));
            if (mutant.Decides is not { } clause)
            {
                limits.Add(candidate);
                continue;
            }

            foreach (Operation operation in mutant.Operations)
            {
                if (!deciding.TryGetValue((operation.Id, clause), out List<Candidate>? list))
                {
                    deciding[(operation.Id, clause)] = list = [];
                }

                list.Add(candidate);
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
                if (!rule.Open)
                {
                    Try(limits, world, call, rule, after);
                    if (deciding.TryGetValue((model.Resolve(world, call).Id, rule.Id), out List<Candidate>? candidates))
                    {
                        Try(candidates, world, call, rule, after);
                    }
                }

                if (!ReferenceEquals(after, world) && reached.Count < mostStates && !after.Equals(World.Initial))
                {
                    reached.TryAdd(after, (world, call));
                }
            },
        }.Run(depth, mostStates);
        return told;

        void Try(List<Candidate> candidates, World world, in Call call, Rule rule, World after)
        {
            for (int i = candidates.Count - 1; i >= 0; i--)
            {
                Candidate candidate = candidates[i];
                if (!candidate.IsTold && Differs(candidate.Faulty.Value, world, call, rule, after))
                {
                    candidate.IsTold = true;
                    told[candidate.Mutant] = Back(reached, world, call);
                }

                if (candidate.IsTold)
                {
                    candidates.RemoveAt(i);
                }
                else if (candidate.Mutant.Kind == MutantKind.Swap && !met.Contains(candidate.Mutant) && candidate.Mutant.BothHold(model, world, call, rule))
                {
                    met.Add(candidate.Mutant);
                }
            }
        }
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

    /// <summary>A mutant, and what it answers: made where it is asked.</summary>
    private sealed class Candidate(Mutant mutant, Lazy<Model> faulty)
    {
        public Mutant Mutant => mutant;

        public Lazy<Model> Faulty => faulty;

        /// <summary>True once a call told it from the original.</summary>
        public bool IsTold { get; set; }
    }
}
