using System.Text;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Runners.Search;

/// <summary>
/// The states of a small scope as a picture: found by exhaustive search, drawn with Mermaid. An arrow's name is the clause
/// that decides; a clause that refuses points back.
/// </summary>
public static class StateGraph
{
    /// <summary>Draws a scope that names its states.</summary>
    public static string Draw(Revision revision, Host host, SmallScope scope)
    {
        ArgumentNullException.ThrowIfNull(revision);
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(scope);
        Model.Model model = new(revision, host);
        List<string> nodes = [];
        List<(int From, int To, string Clause)> edges = [];
        HashSet<(int, int, string)> drawn = [];
        StateSearch search = new(model, new SmallCalls(model, model.Book.Operations, scope))
        {
            Seen = (before, call, rule, after) =>
            {
                int from = Node(nodes, scope.Label!(before, host));
                int to = Node(nodes, scope.Label!(after, host));
                if (Tells(rule, from, to) && drawn.Add((from, to, rule.Id)))
                {
                    edges.Add((from, to, rule.Id));
                }
            },
        };
        search.Run(int.MaxValue, int.MaxValue);
        StringBuilder text = new("stateDiagram-v2\n");
        for (int i = 0; i < nodes.Count; i++)
        {
            text.Append($"    state \"{nodes[i]}\" as s{i}\n");
        }

        text.Append("    [*] --> s0\n");
        foreach (IGrouping<(int From, int To), (int, int, string Clause)> edge in edges.GroupBy(e => (e.From, e.To)).OrderBy(g => g.Key))
        {
            text.Append($"    s{edge.Key.From} --> s{edge.Key.To}: {string.Join("<br>", edge.Select(e => e.Clause).Order(StringComparer.Ordinal))}\n");
        }

        return text.ToString().TrimEnd('\n');
    }

    /// <summary>What leads elsewhere, and what refuses because of where it stands.</summary>
    private static bool Tells(Rule rule, int from, int to) => from != to || rule.Errno == Errno.EBUSY;

    private static int Node(List<string> nodes, string label)
    {
        int at = nodes.IndexOf(label);
        if (at < 0)
        {
            at = nodes.Count;
            nodes.Add(label);
        }

        return at;
    }
}
