using KvmSpec.Model;

namespace KvmSpec.Runners.Checking;

/// <summary>
/// Between two models both rules of a divergence are known. The clause at fault is the one that decided where the other
/// model went on: so one difference is one group, whatever came after it and in however many calls it stands.
/// </summary>
internal static class Blame
{
    private const int NamedAtMost = 4;

    /// <summary>The group of a divergence.</summary>
    /// <param name="expected">By whose rules is judged.</param>
    /// <param name="tested">By whose rules was answered.</param>
    /// <param name="world">The expected state before the last call.</param>
    /// <param name="calls">The sequence up to the call that diverged.</param>
    /// <param name="judgement">What was said of it.</param>
    public static Group Of(Model.Model expected, Model.Model tested, World world, ReadOnlySpan<Call> calls, in Judgement judgement)
    {
        World theirs = World.Initial;
        foreach (Call call in calls[..^1])
        {
            theirs = tested.Step(theirs, call, out _);
        }

        Call last = calls[^1];
        Rule answered = tested.Decide(theirs, last);
        Rule[] demanded = [.. expected.RulesFor(world, last)];
        Rule[] made = [.. tested.RulesFor(theirs, last)];
        bool tooEarly = Index(demanded, answered) is >= 0 and var early
            ? early < Index(demanded, judgement.Rule)
            : Index(made, judgement.Rule) is var late && (late < 0 ? !Known(expected, answered) && answered.Crashes : Index(made, answered) < late);
        (Rule blamed, Book book) = tooEarly ? (answered, tested.Book) : (judgement.Rule, expected.Book);
        Finding finding = !tooEarly ? judgement.Finding : answered.Crashes ? Finding.Crash : answered.Accepts ? Finding.AcceptsRefused : Finding.RefusesAccepted;
        string observed = answered.Crashes ? "crash" : answered.Accepts ? "success" : answered.Errno.ToString();
        return new Group(Standing(book, blamed), blamed.Id, observed, finding);
    }

    private static bool Known(Model.Model model, Rule rule) => model.Book.PlacementsOf(rule.Id).Any();

    private static int Index(Rule[] rules, Rule rule) => Array.FindIndex(rules, r => r.Id == rule.Id);

    private static string Standing(Book book, Rule rule)
    {
        string[] names = [.. book.PlacementsOf(rule.Id).Select(p => p.Operation.Name).Distinct()];
        return names.Length <= NamedAtMost ? string.Join(", ", names) : $"{names.Length} calls";
    }
}
