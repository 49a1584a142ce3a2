using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Walks.Server;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec check</c>: vectors and generated sequences against a kernel.</summary>
internal static class CheckCommand
{
    private const long DefaultSequences = 10_000;
    private const int DefaultLength = 30;

    public static Command Make(TextWriter output)
    {
        Option<string?> target = new("--target") { Description = $"What is checked: {TargetNames.Forms}. Without it local, or no kernel where there is none." };
        Option<string?> revision = new("--revision") { Description = "Against which revision; without it the target's own release." };
        Option<string?> host = new("--host") { Description = "The host that a model stands in for." };
        Option<string?> clause = new("--clause") { Description = "Only clauses that match, such as 'memslot.*'." };
        Option<string?> vectors = new("--vectors") { Description = $"A file or directory of vectors, or '{CheckRequest.NoVectors}'; without it the next directory 'vectors' upwards from here, or the copy beside the program." };
        Option<long> sequences = new("--sequences") { Description = "How many generated sequences.", DefaultValueFactory = _ => DefaultSequences };
        Option<int> length = new("--length") { Description = "The greatest length of a sequence.", DefaultValueFactory = _ => DefaultLength };
        Option<string> seed = new("--seed") { Description = "The run's seed.", DefaultValueFactory = _ => "1" };
        Option<string?> replay = new("--replay") { Description = "One sequence by its name or one vector by its id, as reports print them: SEED:LENGTH or TOPIC/CASE." };
        Option<Strictness> strictness = new("--strictness") { Description = "Any errno that userspace must be ready for, or the first failing check's.", DefaultValueFactory = _ => Strictness.Envelope };
        Option<string?> whatIf = new("--what-if") { Description = "A limit on both sides: LIMIT=VALUE." };
        Option<string?> excuses = new("--excuses") { Description = "A file of divergences that are accepted, each with a reason." };
        Option<string> shard = new("--shard") { Description = "Which part of the sequences: I/N.", DefaultValueFactory = _ => "1/1" };
        Option<ReportFormat> format = new("--format") { Description = "How the report is written.", DefaultValueFactory = _ => ReportFormat.Text };
        Option<string?> file = new("--output") { Description = "The file to write the report to." };
        Option<bool> dryRun = new("--dry-run") { Description = "Say what would be checked, and make no call." };
        Command command = new("check", "Check a kernel against the specification.")
        {
            target, revision, host, clause, vectors, sequences, length, seed, replay, strictness, whatIf, excuses, shard, format, file, dryRun,
        };
        command.SetAction(parsed => Check(output, new CheckRequest
        {
            Target = parsed.GetValue(target),
            Revision = parsed.GetValue(revision),
            Host = parsed.GetValue(host) is { } name ? TargetNames.ModelHost(name) : X86Hosts.Amd,
            Clause = parsed.GetValue(clause),
            Vectors = parsed.GetValue(vectors),
            Plan = CheckRequest.PlanOf(parsed.GetValue(seed)!, parsed.GetValue(sequences), parsed.GetValue(length), parsed.GetValue(shard)!),
            Replay = parsed.GetValue(replay),
            Strictness = parsed.GetValue(strictness),
            WhatIf = parsed.GetValue(whatIf),
            Excuses = Excuses.Load(parsed.GetValue(excuses)),
            Format = parsed.GetValue(format),
            Output = parsed.GetValue(file),
            DryRun = parsed.GetValue(dryRun),
        }));
        return command;
    }

    private static int Check(TextWriter output, CheckRequest request)
    {
        if (request.Target?.StartsWith(WalkCheck.Prefix, StringComparison.Ordinal) == true)
        {
            return WalkCheck.Check(output, request);
        }

        if (request.Target is not null)
        {
            using ITarget named = TargetNames.Open(request.Target, request.Host);
            return Check(output, request, named, null);
        }

        LocalTarget? local = null;
        string? missing = null;
        try
        {
            local = new LocalTarget();
        }
        catch (TargetException e)
        {
            missing = e.Message;
        }

        using ITarget target = (ITarget?)local ?? new ModelTarget("model", new Model.Model(request.RevisionOr(Revisions.Linux73), request.Host));
        return Check(output, request, target, missing);
    }

    private static int Check(TextWriter output, CheckRequest request, ITarget target, string? missing)
    {
        SequenceName? replay = request.Replay is null || request.ReplaysVector ? null : request.ReplayName();
        Revision revision = request.RevisionOr(Revisions.Nearest(target.Host.Release, out bool exact));
        if (target.Host.Release == Revisions.Linux73.Name || request.Revision is not null)
        {
            exact = true;
        }

        revision = request.Changed(revision);
        Model.Model model = new(revision, target.Host);
        ITarget tested = target is ModelTarget standIn ? standIn.Changed(request.Changed) : target;
        request.RequireClauses(model.Book);
        IReadOnlyList<PlacedVector> vectors = request.SelectVectors();
        CheckReport report = new(request, target, revision, exact, missing);
        bool text = request.Format == ReportFormat.Text && request.Output is null;
        if (text)
        {
            output.WriteLine(report.FirstLine);
        }

        if (request.DryRun)
        {
            output.WriteLine($"would make {vectors.Count} vectors, those that apply to the revision and the host");
            output.WriteLine(report.DryRun);
            return ExitStatus.Conforms;
        }

        using Cancellation stop = new();
        CheckRun run = new(new Checker(tested, model, request.Strictness), request.Strictness);
        if (vectors.Count > 0)
        {
            run.Vectors(vectors, request.Excuses, stop.Token);
        }

        if (replay is { } name)
        {
            run.One(new Generator(model).Generate(name).Calls, name.ToString());
        }
        else if (request.Replay is null)
        {
            ProgressBar.Run(text && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected, "sequences", request.Plan.Own,
                progress => run.Generated(request.Plan, progress, stop.Token));
        }

        if (!exact)
        {
            run.LabelBackports(tested, revision);
        }

        report.Finish(run);
        if (missing is not null)
        {
            report.Plants = PlantedFaults.Find(request.Host, request.Plan.Seed);
        }

        report.Write(output);
        return run.Interrupted ? ExitStatus.Interrupted : report.Diverges ? ExitStatus.Diverges : ExitStatus.Conforms;
    }
}
