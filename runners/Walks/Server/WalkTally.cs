using System.Runtime.InteropServices;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Accesses of one kind in one pair of modes.</summary>
/// <param name="Cases">How many were made.</param>
/// <param name="Succeeded">How many of them got to memory in the model.</param>
/// <param name="Excused">How many differ as the machine is known to.</param>
/// <param name="Unexplained">How many differ otherwise.</param>
internal readonly record struct WalkCounts(long Cases, long Succeeded, long Excused, long Unexplained)
{
    public static WalkCounts operator +(WalkCounts a, WalkCounts b) =>
        new(a.Cases + b.Cases, a.Succeeded + b.Succeeded, a.Excused + b.Excused, a.Unexplained + b.Unexplained);
}

/// <summary>What a run counted.</summary>
internal sealed class WalkTally
{
    /// <summary>The kinds of access, in the order of reports.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["HLV", "HLVX", "HSV", "fetch"];

    private readonly Dictionary<(string VsMode, string GMode, string Kind), WalkCounts> counts = [];
    private readonly long[] refused = new long[WalkClauses.All.Length];

    /// <summary>Accesses by VS-stage mode, G-stage mode and kind, in the order of their names.</summary>
    public IReadOnlyList<KeyValuePair<(string VsMode, string GMode, string Kind), WalkCounts>> Table =>
    [
        .. counts.OrderBy(c => c.Key.VsMode, StringComparer.Ordinal)
            .ThenBy(c => c.Key.GMode, StringComparer.Ordinal)
            .ThenBy(c => c.Key.Kind, StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>How often each clause refused in the model, by its id; those that never did are not there.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> Refused =>
        [.. WalkClauses.All.Select(c => KeyValuePair.Create(c.Id, refused[c.Index])).Where(r => r.Value > 0).OrderBy(r => r.Key, StringComparer.Ordinal)];

    /// <summary>Accesses that an excuse was needed for, by kind.</summary>
    public Dictionary<(Excuse Excuse, string Kind), long> Excused { get; } = [];

    /// <summary>Accesses that were not made: in the machine alone they leave the arena.</summary>
    public long LeftOut { get; set; }

    /// <summary>How each clause was answered in accesses that needed no excuse.</summary>
    public ClauseCounts Kept;

    /// <summary>Clauses without which an access that needed no excuse would have been answered otherwise.</summary>
    public WalkClauseSet Decisive { get; private set; }

    public WalkCounts Total => counts.Values.Aggregate(default(WalkCounts), (a, b) => a + b);

    /// <summary>How often an excuse was needed.</summary>
    public long Of(Excuse excuse) => Kinds.Sum(k => Excused.GetValueOrDefault((excuse, k)));

    public void Add(WalkTrial trial, bool agrees, IReadOnlyList<Excuse> explaining)
    {
        WalkRegisters registers = trial.Walk.Registers;
        string kind = KindOf(trial.Walk.Access);
        ref WalkCounts counted = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, (registers.VsMode.Name, registers.Hgatp.Mode.Name, kind), out _);
        counted += new WalkCounts(1, trial.Result.IsTrap ? 0 : 1, explaining.Count > 0 ? 1 : 0, agrees || explaining.Count > 0 ? 0 : 1);
        if (trial.Result.Clause is { } clause)
        {
            refused[clause.Index]++;
        }

        foreach (Excuse excuse in explaining)
        {
            Excused[(excuse, kind)] = Excused.GetValueOrDefault((excuse, kind)) + 1;
        }

        if (agrees)
        {
            Kept.Held = Kept.Held.Or(trial.Asked.Held);
            Kept.Passed = Kept.Passed.Or(trial.Asked.Passed);
        }
    }

    /// <summary>Looks whether a clause was decisive in an access that needed no excuse.</summary>
    public void Decides(WalkClause clause, WalkTrial trial)
    {
        if (!Decisive.Contains(clause) && trial.Asked.Held.Contains(clause))
        {
            WithoutClauses without = new(WalkClauseSet.Of(clause));
            WalkResult result = trial.Walk.Run(ref without, out Dictionary<ulong, ulong> after);
            Decisive = WalkAnswer.Of(trial.Walk, result, after).Equals(trial.Expected) ? Decisive : Decisive.With(clause);
        }
    }

    /// <summary>How reports call a kind of access.</summary>
    public static string KindOf(Access access) => access switch
    {
        { Hlvx: true } => "HLVX",
        { Kind: AccessKind.Load } => "HLV",
        { Kind: AccessKind.Store } => "HSV",
        _ => "fetch",
    };
}
