using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>What answers of walkers came to, each held against the model.</summary>
/// <param name="opinion">Whose answers they are.</param>
/// <param name="oracle">What is expected of them.</param>
internal sealed class WalkFindings(SecondOpinion opinion, WalkOracle oracle)
{
    /// <summary>How many groups of differences are shown in full.</summary>
    public const int GroupsShown = 6;

    private readonly WalkClause[] excusedClauses = [.. oracle.Excuses.Select(e => WalkClauses.Find(e.Clause)!)];

    /// <summary>Whose answers they are.</summary>
    public SecondOpinion Opinion => opinion;

    /// <summary>Where they are known to differ.</summary>
    public IReadOnlyList<Excuse> Excuses => oracle.Excuses;

    public WalkTally Tally { get; } = new();

    public Dictionary<WalkGroup, WalkDivergence> Groups { get; } = [];

    public bool Interrupted { get; set; }

    /// <summary>True once a store went to a place where the model expected none.</summary>
    public bool DataChanged { get; set; }

    public bool Diverges => Groups.Count > 0 || DataChanged;

    /// <summary>Takes in the answers to some cases.</summary>
    public void Judge(IReadOnlyList<WalkTrial> trials, IReadOnlyList<WalkAnswer> answers)
    {
        for (int i = 0; i < answers.Count; i++)
        {
            WalkTrial trial = trials[i];
            bool agrees = answers[i].Equals(trial.Expected);
            IReadOnlyList<Excuse> explaining = agrees ? [] : oracle.Explain(trial.Walk, answers[i]);
            Tally.Add(trial, agrees, explaining);
            if (agrees)
            {
                foreach (WalkClause clause in excusedClauses)
                {
                    Tally.Decides(clause, trial);
                }
            }
            else if (explaining.Count == 0)
            {
                Count(new WalkDifference(trial, answers[i]));
            }
        }
    }

    private void Count(WalkDifference difference)
    {
        WalkGroup group = WalkGroup.Of(difference.Trial, difference.Observed);
        if (Groups.TryGetValue(group, out WalkDivergence? known))
        {
            known.Count++;
        }
        else
        {
            Groups.Add(group, new WalkDivergence(difference));
        }
    }
}
