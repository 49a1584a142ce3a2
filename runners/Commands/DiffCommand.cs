using System.CommandLine;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Runners.Diff;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec diff</c>: what two revisions, or two targets, do otherwise, with the shortest sequence that shows it.</summary>
internal static class DiffCommand
{
    private const long DefaultSequences = 10_000;
    private const int DefaultLength = 30;

    public static Command Make(TextWriter output)
    {
        Argument<string> one = new("A") { Description = "A revision, or a target such as guest:NAME[@RELEASE], agent:COMMAND, local or revision:NAME." };
        Argument<string> other = new("B") { Description = "Another." };
        Option<long> sequences = new("--sequences") { Description = "Two targets: how many generated sequences.", DefaultValueFactory = _ => DefaultSequences };
        Option<int> length = new("--length") { Description = "Two targets: the greatest length of a sequence.", DefaultValueFactory = _ => DefaultLength };
        Option<string> seed = new("--seed") { Description = "Two targets: the run's seed.", DefaultValueFactory = _ => "1" };
        Option<string?> host = new("--host") { Description = "Two models: the host that they stand in for." };
        Option<string?> kernel = new("--kernel") { Description = "Two targets: the guest B boots this kernel image instead of its own." };
        Option<string?> modules = new("--modules") { Description = "The directory with that kernel's modules, where KVM is one." };
        Option<string?> baseKernel = new("--base-kernel") { Description = "Two targets: the guest A boots this kernel image instead of its own, such as the kernel before a patch." };
        Option<string?> baseModules = new("--base-modules") { Description = "The directory with that kernel's modules, where KVM is one." };
        Option<ReportFormat> format = new("--format") { Description = "Two targets: how the report is written.", DefaultValueFactory = _ => ReportFormat.Text };
        Option<string?> file = new("--output") { Description = "Two targets: the file to write the report to." };
        Command command = new("diff", "Say what two revisions do otherwise: each edit, and the shortest sequence that shows it. Or make the same sequences on two targets, and say every difference in groups.")
        {
            one, other, sequences, length, seed, host, kernel, modules, baseKernel, baseModules, format, file,
        };
        command.SetAction(parsed =>
        {
            string first = parsed.GetValue(one)!;
            string second = parsed.GetValue(other)!;
            if (TargetDiff.IsTarget(first) != TargetDiff.IsTarget(second))
            {
                throw new RequestException($"diff {first} {second}: one is a revision and one a target; give two of a kind, 'revision:NAME' makes a target of a revision");
            }

            if (TargetDiff.IsTarget(first))
            {
                return new TargetDiff(first, second, CheckRequest.PlanOf(parsed.GetValue(seed)!, parsed.GetValue(sequences), parsed.GetValue(length), "1/1"),
                    parsed.GetValue(host) is { } name ? TargetNames.ModelHost(name) : null,
                    OwnKernel.Of(first, parsed.GetValue(baseKernel), parsed.GetValue(baseModules), "base-"), OwnKernel.Of(second, parsed.GetValue(kernel), parsed.GetValue(modules)), parsed.GetValue(format), parsed.GetValue(file)).Run(output);
            }

            Option[] running = [sequences, length, seed, host, kernel, modules, baseKernel, baseModules, format, file];
            return running.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } option
                ? throw new RequestException($"diff {first} {second}: {option.Name} goes with two targets, such as guest:NAME; two revisions are searched")
                : Write(output, TargetNames.Revision(first), TargetNames.Revision(second));
        });
        return command;
    }

    private static int Write(TextWriter output, Revision one, Revision other)
    {
        if (!one.Architectures.Intersect(other.Architectures).Any())
        {
            throw new RequestException($"diff {one} {other}: no architecture in common: {one} has rules for {Named(one)}, {other} for {Named(other)}");
        }

        RevisionDiff diff = new(one, other, [.. VectorFiles.Load(VectorDirectory.Find(null)).SelectMany(f => f.Cases)]);
        output.WriteLine($"{one} ({one.Title}) and {other} ({other.Title}), on {Named(one.Architectures.Intersect(other.Architectures))}");
        if (diff.Edits.Count == 0)
        {
            output.WriteLine();
            output.WriteLine("nothing stands between their rules: no call tells them apart");
            return ExitStatus.Conforms;
        }

        foreach (IGrouping<Revision, ShownEdit> owner in diff.Edits.GroupBy(e => e.Owner))
        {
            output.WriteLine();
            output.WriteLine($"{owner.Key}, otherwise than {owner.Key.Parent}:");
            foreach (ShownEdit edit in owner)
            {
                output.WriteLine($"  {edit.Edit.Words}{(edit.Edit.Only is null ? "" : $", in {edit.Edit.Only} only")}");
                if (edit.By is { } by)
                {
                    WriteTold(output, by, one, other);
                }
                else if (edit.Before is { } before)
                {
                    output.WriteLine($"    no sequence of up to {RevisionDiff.Depth} calls shows it alone, and no vector: in {before.In}, {before.Clause} stands before it");
                }
                else if (edit.Together is { } together)
                {
                    output.WriteLine("    together with others of these:");
                    WriteTold(output, together, one, other);
                }
                else
                {
                    output.WriteLine($"    no sequence of up to {RevisionDiff.Depth} calls shows it, and no vector");
                }
            }
        }

        foreach (Told told in diff.Unattributed)
        {
            output.WriteLine();
            output.WriteLine("  told apart by several of these together:");
            WriteTold(output, told, one, other);
        }

        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{diff.Pairs:#,0} pairs of states searched with sequences of up to {RevisionDiff.Depth} calls{(diff.Cut ? "; a bound cut the search, so that longer sequences were not all made" : "")}"));
        return diff.Differ ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    private static void WriteTold(TextWriter output, Told told, Revision one, Revision other)
    {
        World mine = World.Initial;
        World its = World.Initial;
        for (int i = 0; i < told.Telling.Sequence.Length; i++)
        {
            Call call = told.Telling.Sequence[i];
            Call named = told.One.Named(mine, call);
            call = named == told.Other.Named(its, call) ? named : call;
            mine = told.One.Answer(mine, call, out Observation first, out _);
            its = told.Other.Answer(its, call, out Observation second, out _);
            bool last = i == told.Telling.Sequence.Length - 1;
            output.WriteLine("    - " + (last ? CallText.Write(call) : CallText.Write(call, "must: " + OutcomeText.Of(first, call))));
            if (last)
            {
                output.WriteLine($"      on {told.One.Host.Name}: {one} answers {Text(first, call, told.Telling.One)}; {other} answers {Text(second, call, told.Telling.Other)}");
            }
        }
    }

    private static string Text(in Observation observed, in Call call, Rule by)
    {
        string words = "";
        foreach (Write write in by.Writes)
        {
            words += $", {write.Field.Name} {CallText.Number(observed.After[write.Field.Index])}";
        }

        return $"{OutcomeText.Of(observed, call)}{words} by {by.Id}";
    }

    private static string Named(Revision revision) => Named(revision.Architectures);

    private static string Named(IEnumerable<Architecture> architectures) => string.Join(", ", architectures.Select(HostNeeds.NameOf));
}
