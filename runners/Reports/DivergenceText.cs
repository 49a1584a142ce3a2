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
    private const int PrintedShown = 5;
    private const int PrintedWidth = 109;

    public static void Write(TextWriter text, GroupReport group, int number, int of, CheckRequest request, bool manyHosts)
    {
        Model.Model model = group.Model;
        Divergence smallest = group.Smallest;
        text.WriteLine();
        text.WriteLine($"divergence {number} of {of}: {group.First.Group.Finding.Words()}");
        string by = group.First.Group.Clause == group.First.Judgement.Rule.Id ? "expected by" : "decided by the target's";
        text.WriteLine($"  {group.First.Group.Ioctl}, {by} {group.First.Group.Clause}, observed {group.First.Group.Observed}");
        text.WriteLine($"  in {group.Count} sequences, found by number {group.FoundBy} after {group.FoundAfter} calls; its {group.First.Sequence.Length} calls shrank to {smallest.Sequence.Length} ({group.Tried} tried)"
            + (group.Label is null ? "" : $"; {group.Label}"));
        if (manyHosts)
        {
            foreach (string line in Prose.Wrap($"on hosts {string.Join(", ", group.Hosts)}", "  ", 2))
            {
                text.WriteLine(line);
            }
        }

        WriteSequence(text, smallest, model);
        foreach (string line in Spelled(smallest, model))
        {
            text.WriteLine("  " + line);
        }

        foreach (string line in Allowed(Before(smallest, model), smallest.Sequence[smallest.At], model))
        {
            text.WriteLine("  " + line);
        }

        foreach (string line in Quoted(group.First.Group.Clause))
        {
            text.WriteLine(line);
        }

        text.WriteLine($"  came:    {smallest.Observed.Summary}{(smallest.Judgement.Detail is null ? "" : $" ({smallest.Judgement.Detail})")}");
        foreach (string line in Printed(smallest.Printed))
        {
            text.WriteLine("  " + line);
        }

        text.WriteLine($"  replay:  kvmspec check{Options(request, model)} --replay {group.Origin}");
    }

    /// <summary>What the kernel itself printed, as much of it as a report shows.</summary>
    public static IEnumerable<string> Printed(IReadOnlyList<string> lines) =>
        lines.Take(PrintedShown).Select(line => "kernel:  " + (line.Length <= PrintedWidth ? line : line[..PrintedWidth]));

    /// <summary>What makes another run judge the sequence as this one did.</summary>
    private static string Options(CheckRequest request, Model.Model model) => string.Concat(
        request.Target is null ? "" : $" --target {Quoted(request.Target, ' ')}",
        request.Kernel is null ? "" : $" --kernel {request.Kernel.Image}",
        request.Kernel?.Modules is null ? "" : $" --modules {request.Kernel.Modules}",
        request.Revision is null ? "" : $" --revision {request.Revision}",
        Hosts.Find(model.Host.Name) is null ? "" : $" --host {model.Host.Name}",
        request.Strictness == Strictness.Envelope ? "" : " --strictness exact",
        request.WhatIf is null ? "" : $" --what-if {request.WhatIf}");

    private static string Quoted(string text, char where) => text.Contains(where, StringComparison.Ordinal) ? $"'{text}'" : text;

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
            Call call = model.Named(world, divergence.Sequence[i]);
            world = model.Answer(world, call, out Observation expected, out Rule decided);
            string must = "must: " + OutcomeText.Of(expected, call);
            lines[i] = i == divergence.At
                ? CallText.Write(call, must, "by: " + decided.Id)
                : CallText.Write(call, must);
        }

        return lines;
    }

    /// <summary>The calls that the revision spells otherwise than the newest release, in its own words.</summary>
    private static IEnumerable<string> Spelled(Divergence divergence, Model.Model model)
    {
        for (int i = 0; i < divergence.Sequence.Length; i++)
        {
            Call call = divergence.Sequence[i];
            Call spelled = model.Spell(call);
            if (call.Operation.Case is not { } symbol || spelled.Words == call.Words)
            {
                continue;
            }

            IEnumerable<string> words = call.Operation.Fields.Where(f => f != call.Operation.Ioctl!.Selector && spelled[f] != call[f])
                .Select(f => $", {f.Name} {CallText.Number(spelled[f])}");
            yield return $"spelled: call {i + 1} is {model.Book.Name(symbol)} ({model.Book.Number(symbol)}){string.Concat(words)} in {model.Revision.Name}";
        }
    }

    /// <summary>The state in which the divergence came.</summary>
    private static World Before(Divergence divergence, Model.Model model)
    {
        World world = World.Initial;
        for (int i = 0; i < divergence.At; i++)
        {
            world = model.Step(world, divergence.Sequence[i], out _);
        }

        return world;
    }

    /// <summary>What the rules allow a call to answer, a line each.</summary>
    public static IEnumerable<string> Allowed(World world, Call call, Model.Model model)
    {
        string label = "allowed:";
        ImmutableArray<Rule> envelope = model.Envelope(world, call);
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
    public static IEnumerable<string> Quoted(string id)
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
