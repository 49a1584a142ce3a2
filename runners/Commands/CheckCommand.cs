using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Traces;
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
        Option<string?> host = new("--host") { Description = "The host that a model stands in for; without it all of them, one after the other." };
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
        Option<string?> kernel = new("--kernel") { Description = "For a guest: boot this kernel image instead; 'kvmspec targets' lists the options it needs." };
        Option<string?> modules = new("--modules") { Description = "The directory with that kernel's modules, where KVM is one." };
        Option<bool> dryRun = new("--dry-run") { Description = "Say what would be checked, and make no call." };
        Option<string?> record = new("--record") { Description = "A new file for what the target is asked and answers, as runners/Traces/FORMAT.md says.", HelpName = "FILE" };
        Option<string?> trace = new("--trace") { Description = "Check such a file in the place of a target, without any kernel.", HelpName = "FILE" };
        Command command = new("check", "Check a kernel against the specification.")
        {
            target, revision, host, clause, vectors, sequences, length, seed, replay, strictness, whatIf, excuses, shard, record, trace, format, file, kernel, modules, dryRun,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(trace) is not null)
            {
                TraceChecks.Refuse(parsed, target, host, vectors, sequences, length, seed, replay, shard, record, dryRun);
            }

            return Check(output, Request(parsed));
        });
        return command;

        CheckRequest Request(ParseResult parsed) => new()
        {
            Target = parsed.GetValue(target),
            Revision = parsed.GetValue(revision),
            Host = parsed.GetValue(host) is { } name ? TargetNames.ModelHost(name) : null,
            Clause = parsed.GetValue(clause),
            Vectors = parsed.GetValue(vectors),
            Plan = CheckRequest.PlanOf(parsed.GetValue(seed)!, parsed.GetValue(sequences), parsed.GetValue(length), parsed.GetValue(shard)!),
            Replay = parsed.GetValue(replay),
            Strictness = parsed.GetValue(strictness),
            WhatIf = parsed.GetValue(whatIf),
            Excuses = Excuses.Load(parsed.GetValue(excuses)),
            Format = parsed.GetValue(format),
            Output = parsed.GetValue(file),
            Kernel = OwnKernel.Of(parsed.GetValue(target), parsed.GetValue(kernel), parsed.GetValue(modules)),
            DryRun = parsed.GetValue(dryRun),
            Record = parsed.GetValue(record),
            Trace = parsed.GetValue(trace),
        };
    }

    private static int Check(TextWriter output, CheckRequest request)
    {
        WholeFile.Refuse("--output", request.Output);
        if (request.Target?.StartsWith(WalkCheck.Prefix, StringComparison.Ordinal) == true)
        {
            return WalkCheck.Check(output, request);
        }

        if (request.Trace is not null)
        {
            return TraceChecks.Check(output, request);
        }

        if (request.Record is not null)
        {
            TraceRecorder.Refuse(request.Record);
        }

        // Reading them takes longest before a first sequence: it goes on beside what is made ready.
        Task<IReadOnlyList<PlacedVector>> vectors = Task.Run(request.SelectVectors);
        if (request.Target is not null)
        {
            RefuseHost(request, request.Target);
            return Check(output, request, TargetNames.Open(request.Target, request.HostsOf(request.Target), request.Kernel), null, vectors);
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

        if (local is not null)
        {
            RefuseHost(request, local.Name);
        }

        Revision revision = request.RevisionOr(Revisions.Linux73);
        return Check(output, request, local is not null ? [local] : [.. request.HostsOf("model").Select(h => new ModelTarget("model", new Model.Model(revision, h)))], missing, vectors);
    }

    /// <summary>What stands in for a host says nothing of a kernel, which is a host itself.</summary>
    private static void RefuseHost(CheckRequest request, string target)
    {
        if (request.Host is not null && TargetNames.ModelledBy(target) is null)
        {
            throw new RequestException($"--host {request.Host.Name}: {target} is a host itself; give a target that is a model, such as --target model");
        }
    }

    /// <summary>Checks a target that is there, or where a reason is given a model in the place of a kernel; disposes of it.</summary>
    /// <param name="output">Where the report is written.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="targets">What is checked.</param>
    /// <param name="missing">Why there is no kernel, where there is none.</param>
    /// <param name="vectors">The request's vectors where somebody reads them already.</param>
    public static int Check(TextWriter output, CheckRequest request, IReadOnlyList<ITarget> targets, string? missing, Task<IReadOnlyList<PlacedVector>>? vectors = null)
    {
        try
        {
            return Made(output, request, targets, missing, vectors);
        }
        finally
        {
            foreach (ITarget target in targets)
            {
                target.Dispose();
            }
        }
    }

    private static int Made(TextWriter output, CheckRequest request, IReadOnlyList<ITarget> targets, string? missing, Task<IReadOnlyList<PlacedVector>>? reading)
    {
        SequenceName? replay = request.Replay is null || request.ReplaysVector ? null : request.ReplayName();
        Revision revision = request.RevisionOr(Revisions.Nearest(targets[0].Host.Release, out bool exact));
        if (targets[0].Host.Release == Revisions.Linux73.Name || request.Revision is not null)
        {
            exact = true;
        }

        if (targets.FirstOrDefault(t => revision.Book(t.Host.Architecture) is null) is { } foreign)
        {
            throw new TargetException($"target {foreign.Name}: a kernel for {foreign.Host.Architecture.ToString().ToLowerInvariant()}, for which revision {revision.Name} holds no rules");
        }

        Model.Model[] models = [.. targets.Select(t => new Model.Model(request.Changed(revision, t.Host), t.Host))];
        ITarget[] tested = [.. targets.Select(t => t is ModelTarget standIn ? standIn.Changed(r => request.Changed(r, t.Host)) : t)];
        request.RequireClauses(models.Select(m => m.Book));
        IReadOnlyList<PlacedVector> vectors = reading is null ? request.SelectVectors() : reading.GetAwaiter().GetResult();
        CheckReport report = new(request, targets, revision, exact, missing);
        bool text = request.Format == ReportFormat.Text && request.Output is null;
        using TraceRecorder? record = request.Record is null || request.DryRun ? null : TraceRecorder.Create(request.Record, new TraceHead(targets[0].Name, report.Kernel, targets[0].Host));
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

        using Cancellation stop = new() { Abandon = record is null ? null : record.Abandon };
        List<CheckRun> runs = [];
        ProgressBar.Run(text && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected, "sequences", request.Plan.Own * tested.Length, progress =>
        {
            foreach ((ITarget target, Model.Model model) in tested.Zip(models))
            {
                CheckRun run = new(new Checker(record?.Around(target) ?? target, model, request.Strictness, record is null ? null : target), request.Strictness) { Begins = record is null ? null : record.Begin };
                long before = runs.Count * request.Plan.Own;
                runs.Add(run);
                Make(run, request, vectors, replay, progress is null ? null : done => progress(before + done), stop.Token);
                if (!exact)
                {
                    run.LabelBackports(target, revision);
                }
            }
        });

        record?.Finish(runs.Any(r => r.Interrupted));
        report.Finish(runs);
        if (missing is not null)
        {
            report.Plants = PlantedFaults.Find(targets[0].Host, request.Plan.Seed);
        }

        report.Write(output);
        if (runs.All(r => r.Checker.Sequences == 0 && !r.Interrupted))
        {
            throw new RequestException($"nothing was checked: all {vectors.Count} vectors were skipped");
        }

        return runs.Any(r => r.Interrupted) ? ExitStatus.Interrupted : report.Diverges ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    private static void Make(CheckRun run, CheckRequest request, IReadOnlyList<PlacedVector> vectors, SequenceName? replay, Action<long>? progress, CancellationToken stop)
    {
        if (vectors.Count > 0)
        {
            run.Vectors(vectors, request.Excuses, stop);
        }

        if (replay is { } name)
        {
            run.One(new Generator(run.Checker.Model).Generate(name).Calls, name.ToString());
        }
        else if (request.Replay is null)
        {
            run.Generated(request.Plan, progress, stop);
        }
    }
}
