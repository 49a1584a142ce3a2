using KvmSpec.Model;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// What a vector file must be beyond readable: ids follow the topic, each case decides what it claims, and beside every
/// refusal stands a call that passes.
/// </summary>
public static class VectorLint
{
    /// <summary>What is wrong, one line each; the models say which rule decides a call.</summary>
    public static IReadOnlyList<string> Check(IReadOnlyList<VectorFile> files, IReadOnlyList<Model.Model> models)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(models);
        List<string> problems = [];
        foreach (VectorFile file in files)
        {
            List<Decision> decisions = [];
            foreach (Vector vector in file.Cases)
            {
                CheckNames(file, vector, problems);
                List<Decision>[] runs = [.. models.Where(m => Applies(vector, m)).Select(m => Decide(vector, m))];
                if (runs.Length == 0)
                {
                    problems.Add(At(file, vector.Line, $"{vector.Id} runs on no host: ask for less of it"));
                }

                problems.AddRange(CheckExceptions(file, vector, models));
                problems.AddRange(runs.SelectMany(r => CheckClaims(file, vector, r, vector.Calls.Any(c => c.May) ? [.. runs.SelectMany(a => a)] : r)).Distinct());
                decisions.AddRange(runs.SelectMany(r => r));
            }

            problems.AddRange(CheckNeighbours(file, decisions));
        }

        foreach (IGrouping<string, (VectorFile File, Vector Vector)> same in
            files.SelectMany(f => f.Cases.Select(v => (File: f, Vector: v))).GroupBy(p => p.Vector.Title + p.File.Topic + p.Vector.Id[..p.Vector.Id.LastIndexOf('/')]).Where(g => g.Count() > 1))
        {
            problems.Add(At(same.Last().File, same.Last().Vector.Line, $"{same.Last().Vector.Id} has the title of {same.First().Vector.Id}: say how it differs"));
        }

        return problems;
    }

    /// <summary>The clauses that decide a call of a case which claims them.</summary>
    public static IReadOnlySet<string> Decided(IEnumerable<VectorFile> files, IReadOnlyList<Model.Model> models)
    {
        ArgumentNullException.ThrowIfNull(files);
        HashSet<string> decided = [];
        foreach (Vector vector in files.SelectMany(f => f.Cases))
        {
            foreach (Model.Model model in models.Where(m => Applies(vector, m)))
            {
                decided.UnionWith(Decide(vector, model).Select(d => d.Rule.Id).Where(id => vector.Clauses.Contains(id)));
            }
        }

        return decided;
    }

    private static bool Applies(Vector vector, Model.Model model) => vector.Revisions.Includes(model.Revision) && vector.Host.Unmet(model) is null;

    private static void CheckNames(VectorFile file, Vector vector, List<string> problems)
    {
        string[] parts = vector.Id.Split('/');
        if (parts.Length < 2 || parts[0] != file.Topic)
        {
            problems.Add(At(file, vector.Line, $"id {vector.Id} is not a path in {file.Topic}: begin it with {file.Topic}/"));
        }

        if (parts.Any(p => p.Length == 0 || !p.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
        {
            problems.Add(At(file, vector.Line, $"id {vector.Id} has other characters than lower-case letters, digits and hyphens: change them"));
        }

        if (vector.Title.EndsWith('.'))
        {
            problems.Add(At(file, vector.Line, $"the title of {vector.Id} ends with a full stop: leave it out"));
        }
    }

    /// <summary>Who is excepted must do otherwise somewhere.</summary>
    private static IEnumerable<string> CheckExceptions(VectorFile file, Vector vector, IReadOnlyList<Model.Model> models)
    {
        Vector whole = vector with { Revisions = vector.Revisions with { Except = [] } };
        foreach (string name in vector.Revisions.Except)
        {
            Model.Model[] excepted = [.. models.Where(m => m.Revision.Name == name && Applies(whole, m))];
            if (excepted.All(m => Keeps(file, whole, m)))
            {
                yield return At(file, vector.Line, $"{name} keeps {vector.Id}: do not except it");
            }
        }
    }

    internal static bool Keeps(VectorFile file, Vector vector, Model.Model model)
    {
        using ModelTarget target = new("model", model);
        return new VectorRunner(target, model).Run([vector]).All(r => r.Status != VectorStatus.Failed)
            && !CheckClaims(file, vector, Decide(vector, model), Decide(vector, model)).Any();
    }

    /// <summary>What a run decides; where hosts may differ, each claim is decided on one of them.</summary>
    private static IEnumerable<string> CheckClaims(VectorFile file, Vector vector, List<Decision> run, List<Decision> deciding)
    {
        foreach (Decision decision in run)
        {
            if (decision.Call.By is { } by && by != decision.Rule.Id)
            {
                yield return At(file, decision.Call.Line, $"{decision.Rule.Id} decides this call, not {by}: change one of them");
            }

            if (decision.Call.IsOpen != decision.Rule.Open)
            {
                yield return At(file, decision.Call.Line, decision.Rule.Open
                    ? $"{decision.Rule.Id} leaves this call open: write must: open"
                    : $"{decision.Rule.Id} decides this call: write its outcome instead of open");
            }
        }

        if (!vector.Clauses.Contains(run[^1].Rule.Id))
        {
            yield return At(file, run[^1].Call.Line, $"{vector.Id} ends with a call that {run[^1].Rule.Id} decides: claim it, or end with a clause that is claimed");
        }

        foreach (string clause in vector.Clauses.Where(c => !deciding.Any(d => d.Rule.Id == c)))
        {
            yield return At(file, vector.Line, $"no call of {vector.Id} is decided by {clause}: add one, or do not claim it");
        }
    }

    /// <summary>Beside a refusal a call that passes it, different in one argument or in what came before; beside an acceptance a refusal. A crash needs neither.</summary>
    private static IEnumerable<string> CheckNeighbours(VectorFile file, List<Decision> decisions)
    {
        foreach (Vector vector in file.Cases)
        {
            foreach (string clause in vector.Clauses)
            {
                Decision[] own = [.. decisions.Where(d => d.Vector == vector && d.Rule.Id == clause)];
                if (own.Length == 0)
                {
                    continue;
                }

                if (own[0].Rule.Accepts)
                {
                    if (own.All(o => !decisions.Any(d => d.Ioctl == o.Ioctl && !d.Rule.Accepts)))
                    {
                        yield return At(file, vector.Line, $"{clause} accepts and no call of that ioctl is refused in {file.Path}: add one");
                    }
                }
                else if (!own[0].Rule.Crashes && own.All(o => !o.IsLast && !decisions.Any(o.IsPassedBy)))
                {
                    yield return At(file, vector.Line, $"no call like that of {vector.Id} passes {clause}: add one that differs in a single argument");
                }
            }
        }
    }

    private static List<Decision> Decide(Vector vector, Model.Model model)
    {
        List<Decision> decisions = [];
        World world = World.Initial;
        foreach (VectorCall call in vector.Calls)
        {
            IReadOnlyList<Rule> rules = model.RulesFor(world, call.Call);
            world = model.Step(world, call.Call, out Rule rule);
            decisions.Add(new Decision(vector, call, rule, rules.TakeWhile(r => r != rule).Select(r => r.Id).ToHashSet(),
                rules.SkipWhile(r => r != rule).Skip(1).All(r => r.Open)));
        }

        return decisions;
    }

    private static string At(VectorFile file, int line, string text) => VectorReader.Message(file.Path, line, text);

    /// <summary>A call of a case, the rule that decided it, the clauses it passed before, and whether nothing is decided after it.</summary>
    private sealed record Decision(Vector Vector, VectorCall Call, Rule Rule, IReadOnlySet<string> Passed, bool IsLast)
    {
        public string Ioctl => Vocabulary.NameOf(Call.Call.Operation);

        /// <summary>True where another call of the same operation passes the rule, and is written the same but for one argument.</summary>
        public bool IsPassedBy(Decision other)
        {
            if (other.Call.Call.Operation.Id != Call.Call.Operation.Id || !other.Passed.Contains(Rule.Id))
            {
                return false;
            }

            int differences = other.Call.Call.Argument == Call.Call.Argument ? 0 : 1;
            for (int i = 0; i < Words.Length; i++)
            {
                differences += other.Call.Call.Words[i] == Call.Call.Words[i] ? 0 : 1;
            }

            return differences <= 1;
        }
    }
}
