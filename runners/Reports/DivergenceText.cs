using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Reports;

/// <summary>One group of divergences for people: the minimal calls, what was allowed and by which clause, what came.</summary>
internal static class DivergenceText
{
    private const int LongestShown = 24;

    public static void Write(TextWriter text, GroupReport group, int number, int of, Model.Model model, CheckRequest request)
    {
        Divergence smallest = group.Smallest;
        text.WriteLine();
        text.WriteLine($"divergence {number} of {of}: {group.First.Group.Finding.Words()}");
        text.WriteLine($"  {group.First.Group.Ioctl}, expected by {group.First.Group.Clause}, observed {group.First.Group.Observed}");
        text.WriteLine($"  in {group.Count} sequences; the first of {group.First.Sequence.Length} calls shrank to {smallest.Sequence.Length} ({group.Tried} tried)"
            + (group.Label is null ? "" : $"; {group.Label}"));
        WriteSequence(text, smallest, model);
        foreach (string line in Allowed(smallest, model))
        {
            text.WriteLine("  " + line);
        }

        text.WriteLine($"  came:    {smallest.Observed.Summary}{(smallest.Judgement.Detail is null ? "" : $" ({smallest.Judgement.Detail})")}");
        text.WriteLine($"  replay:  kvmspec check{(request.Target is null ? "" : $" --target {request.Target}")}{(request.Revision is null ? "" : $" --revision {request.Revision}")} --replay {group.Origin}");
    }

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
        foreach (Rule rule in model.Envelope(world, divergence.Sequence[divergence.At]))
        {
            yield return $"{label} {(rule.Accepts ? "success" : rule.Errno)} by {rule.Id}";
            label = "        ";
        }
    }
}
