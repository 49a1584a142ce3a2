using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Coverage;
using KvmSpec.Runners.Search;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec search</c>: every state that a small alphabet reaches, counted; or drawn.</summary>
internal static class SearchCommand
{
    private const int Depth = 8;
    private const int States = 4_000_000;

    /// <summary>The small worlds that can be searched.</summary>
    private static IReadOnlyList<SmallScope> Scopes => RiscvScopes.All;

    public static Command Make(TextWriter output)
    {
        Argument<string> scope = new("scope") { Description = $"Which small world: {string.Join(", ", Scopes.Select(s => s.Name))}." };
        Option<string> revision = new("--revision") { Description = "By whose rules.", DefaultValueFactory = _ => Revisions.Linux73.Name };
        Option<string?> host = new("--host") { Description = "On another host of the scope's architecture." };
        Option<int> depth = new("--depth") { Description = "The longest sequence.", DefaultValueFactory = _ => Depth };
        Option<int> states = new("--states") { Description = "How many states are kept.", DefaultValueFactory = _ => States };
        Option<bool> graph = new("--graph") { Description = "Draw the states and what leads from one to another, in Mermaid's language." };
        Command command = new("search", "Search a small world exhaustively: count its states and say which rules decided.") { scope, revision, host, depth, states, graph };
        command.SetAction(parsed =>
        {
            SmallScope asked = Scopes.FirstOrDefault(s => s.Name == parsed.GetValue(scope))
                ?? throw new RequestException($"search {parsed.GetValue(scope)}: unknown; there are {string.Join(", ", Scopes.Select(s => s.Name))}");
            Revision by = TargetNames.Revision(parsed.GetValue(revision)!);
            Host on = TargetNames.ModelHost(parsed.GetValue(host) ?? asked.Host);
            if (on.Architecture != Hosts.Find(asked.Host)!.Architecture || !by.Architectures.Contains(on.Architecture))
            {
                throw new RequestException($"search {asked.Name}: {by} on {on.Name} is about another architecture; there are {string.Join(", ", Hosts.Of(Hosts.Find(asked.Host)!.Architecture).Select(h => h.Name))}");
            }

            if (parsed.GetValue(depth) < 0 || parsed.GetValue(states) < 1)
            {
                throw new RequestException("search: --depth is 0 or more, --states 1 or more");
            }

            if (parsed.GetValue(graph))
            {
                if (asked.Label is null)
                {
                    throw new RequestException($"search {asked.Name}: too large to draw; {string.Join(", ", Scopes.Where(s => s.Label is not null).Select(s => s.Name))} can be drawn");
                }

                output.WriteLine(StateGraph.Draw(by, ModelHosts.For(by, on), asked));
                return ExitStatus.Conforms;
            }

            Write(output, asked, new Model.Model(asked.By(by), ModelHosts.For(by, on)), parsed.GetValue(depth), parsed.GetValue(states));
            return ExitStatus.Conforms;
        });
        return command;
    }

    private static void Write(TextWriter output, SmallScope scope, Model.Model model, int depth, int states)
    {
        SmallCalls calls = new(model, model.Book.Operations, scope);
        output.WriteLine($"{scope.Name}: {scope.Title}; {model.Revision} on {model.Host.Name}, {calls.Calls.Length} calls in every state");
        long started = Stopwatch.GetTimestamp();
        SearchResult result = new StateSearch(model, calls).Run(depth, states);
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        for (int i = 0; i < result.NewStates.Length; i++)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {i,2} calls: {result.NewStates[i],10:#,0} new states"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{result.States:#,0} states, {result.Calls:#,0} calls in {took.TotalSeconds:f1} s ({result.States / took.TotalMinutes:#,0} states a minute), {Environment.WorkingSet >> 20} MB"));
        output.WriteLine(result.End switch
        {
            SearchEnd.Closed => "closed: no call in any of them leads to another",
            SearchEnd.Depth => $"cut after sequences of {depth} calls: more states lie beyond; --depth goes further",
            _ => string.Create(CultureInfo.InvariantCulture, $"cut at {states:#,0} states: more lie beyond; --states keeps more"),
        });
        HashSet<string> asked = [.. calls.Calls.SelectMany(c => c.Operation.Rules.Concat(model.Resolve(World.Initial, c).Rules)).Select(r => r.Id)];
        string[] undecided = [.. result.Decided.Where(d => d.Value == 0).Select(d => d.Key).Order(StringComparer.Ordinal)];
        output.WriteLine($"{result.Decided.Count - undecided.Length} of {result.Decided.Count} clauses decided a call");
        foreach (string clause in undecided.Where(c => Undecided.BySearch.ContainsKey(c) || asked.Contains(c)))
        {
            output.WriteLine($"  not {clause}: {Undecided.BySearch.GetValueOrDefault(clause, "no state within these bounds leads to it")}");
        }

        string[] uncalled = [.. undecided.Where(c => !Undecided.BySearch.ContainsKey(c) && !asked.Contains(c))];
        if (uncalled.Length > 0)
        {
            output.WriteLine($"  {uncalled.Length} others are of calls that this small world does not make");
        }
    }
}
