using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Spec;

namespace KvmSpec.Runners.Reports;

/// <summary>One group of divergences for people: the minimal calls, what was allowed and by which clause, what came.</summary>
internal static class DivergenceText
{
    /// <summary>With these a report of one group has at most 40 lines.</summary>
    private const int LongestShown = 20;

    private const int AllowedShown = 8;
    private const int QuotedShown = 4;

    public static void Write(TextWriter text, GroupReport group, int number, int of, CheckRequest request, bool manyHosts)
    {
        Model.Model model = group.Model;
        Divergence smallest = group.Smallest;
        text.WriteLine();
        text.WriteLine($"divergence {number} of {of}: {group.First.Group.Finding.Words()}");
        text.WriteLine($"  {group.First.Group.Ioctl}, expected by {group.First.Group.Clause}, observed {group.First.Group.Observed}");
        text.WriteLine($"  in {group.Count} sequences; the first of {group.First.Sequence.Length} calls shrank to {smallest.Sequence.Length} ({group.Tried} tried)"
            + (group.Label is null ? "" : $"; {group.Label}"));
        if (manyHosts)
        {
            foreach (string line in Prose.Wrap($"on hosts {string.Join(", ", group.Hosts)}", "  ", 2))
            {
                text.WriteLine(line);
            }
        }

        WriteSequence(text, smallest, model);
        foreach (string line in Allowed(smallest, model))
        {
            text.WriteLine("  " + line);
        }

        foreach (string line in Quoted(group.First.Group.Clause))
        {
            text.WriteLine(line);
        }

        text.WriteLine($"  came:    {smallest.Observed.Summary}{(smallest.Judgement.Detail is null ? "" : $" ({smallest.Judgement.Detail})")}");
        text.WriteLine($"  replay:  kvmspec check{Options(request, model)} --replay {group.Origin}");
    }

    /// <summary>What makes another run judge the sequence as this one did.</summary>
    private static string Options(CheckRequest request, Model.Model model) => string.Concat(
        request.Target is null ? "" : $" --target {request.Target}",
        request.Revision is null ? "" : $" --revision {request.Revision}",
        Hosts.Find(model.Host.Name) is null ? "" : $" --host {model.Host.Name}",
        request.Strictness == Strictness.Envelope ? "" : " --strictness exact",
        request.WhatIf is null ? "" : $" --what-if {request.WhatIf}");

    public static void WriteSequence(TextWriter text, Divergence divergence, Model.Model model)
    {
        string[] lines = Lines(divergence, model);
        foreach (string line in lines.Length <= LongestShown ? lines : [$"... {lines.Length - LongestShown} calls", .. lines[^LongestShown..]])
        {
            text.WriteLine("    - " + line);
        }
    }

    /// <summary>The calls as a vector's: each with what it must return.</summary>
    public static string[] Lines(Divergence divergence, Model.Model model)
    {
        string[] lines = new string[divergence.Sequence.Length];
        World world = World.Initial;
        for (int i = 0; i < lines.Length; i++)
        {
            Call call = divergence.Sequence[i];
            world = model.Answer(world, call, out Observation expected, out Rule decided);
            string must = "must: " + OutcomeText.Of(expected, call);
            lines[i] = i == divergence.At
                ? CallText.Write(call, must, "by: " + decided.Id)
                : CallText.Write(call, must);
        }

        return lines;
    }

    private static IEnumerable<string> Allowed(Divergence divergence, Model.Model model)
    {
        World world = World.Initial;
        for (int i = 0; i < divergence.At; i++)
        {
            world = model.Step(world, divergence.Sequence[i], out _);
        }

        string label = "allowed:";
        ImmutableArray<Rule> envelope = model.Envelope(world, divergence.Sequence[divergence.At]);
        foreach (Rule rule in envelope.Take(AllowedShown))
        {
            yield return $"{label} {(rule.Accepts ? "success" : rule.Errno)} by {rule.Id}";
            label = "        ";
        }

        if (envelope.Length > AllowedShown)
        {
            yield return $"{label} ... {envelope.Length - AllowedShown} more";
        }
    }

    /// <summary>The clause's first sentence or two, as far as they fit.</summary>
    private static IEnumerable<string> Quoted(string id)
    {
        if (SpecFile.Embedded.Find(id) is not { } clause)
        {
            return [];
        }

        string indent = new(' ', "  allowed: ".Length);
        string[] two = [.. Prose.Wrap(Prose.FirstSentences(clause.Text, 2), indent, indent.Length)];
        return (two.Length <= QuotedShown ? two : Prose.Wrap(Prose.FirstSentences(clause.Text, 1), indent, indent.Length)).Take(QuotedShown);
    }
}
