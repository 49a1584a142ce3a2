using System.Globalization;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Walks.Server;

/// <summary><c>kvmspec check --target qemu-walker:rv64</c>: the walker's second opinion.</summary>
internal static class WalkCheck
{
    /// <summary>How the targets' names begin.</summary>
    public const string Prefix = "qemu-walker:";

    /// <summary>The names of the targets.</summary>
    public static IReadOnlyList<string> Names { get; } = [Prefix + "rv64", Prefix + "rv32"];

    /// <summary>Ready, or what is missing.</summary>
    public static string Readiness(string name)
    {
        try
        {
            Version version = QemuMachine.InstalledVersion(XlenOf(name));
            ServerProgram.RequireCompiler();
            return $"ready: QEMU {version}";
        }
        catch (TargetException missing)
        {
            return "missing: " + missing.Message;
        }
    }

    /// <summary>Makes the accesses that are asked for.</summary>
    public static int Check(TextWriter output, CheckRequest request)
    {
        Xlen xlen = XlenOf(request.Target!);
        WalkClauseSet planted = Planted(request.Revision);
        Refuse(request);
        if (request.DryRun)
        {
            output.WriteLine($"would make {request.Plan.Own.ToString("#,0", CultureInfo.InvariantCulture)} random accesses on {request.Target}");
            return ExitStatus.Conforms;
        }

        return Check(output, request, xlen, new QemuMachine(xlen), o => WalkExcuses.Of(o, xlen), planted);
    }

    /// <summary>Makes the accesses on a machine; disposes of it.</summary>
    /// <param name="output">Where the report goes where the request names no file.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="xlen">The machine's width.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="excuses">Where it is known to differ.</param>
    /// <param name="planted">Clauses that the model is without.</param>
    public static int Check(TextWriter output, CheckRequest request, Xlen xlen, IWalkMachine machine, Func<SecondOpinion, IReadOnlyList<Excuse>> excuses, WalkClauseSet planted)
    {
        using Cancellation stop = new();
        using WalkServer server = new(machine);
        WalkCheckRun run = new(server, xlen, new WalkOracle(excuses(server.Opinion), planted));
        if (request.Replay is { } replay)
        {
            run.One(Model.CallText.TryReadNumber(replay, out ulong seed) ? seed
                : throw new RequestException($"--replay {replay}: give the seed of a case as a report prints it, such as 0x1234"));
        }
        else
        {
            bool text = request.Format == ReportFormat.Text && request.Output is null;
            ProgressBar.Run(text && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected, "accesses", request.Plan.Own,
                progress => run.Run(request.Plan, progress, stop.Token));
        }

        return Write(output, request, run.Findings);
    }

    /// <summary>Writes the report; returns the exit status.</summary>
    public static int Write(TextWriter output, CheckRequest request, WalkFindings found)
    {
        string report = request.Format == ReportFormat.Json ? WalkCheckJson.Of(request, found) + Environment.NewLine : WalkCheckReport.Of(request, found);
        if (request.Output is { } file)
        {
            WholeFile.Write(file, report);
        }
        else
        {
            output.Write(report);
        }

        return found.Interrupted ? ExitStatus.Interrupted : found.Diverges ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    /// <summary>What a check of a kernel can be told and one of walks cannot.</summary>
    private static void Refuse(CheckRequest request)
    {
        (string Option, string? Value)[] others =
        [
            ("--clause", request.Clause), ("--what-if", request.WhatIf), ("--vectors", request.Vectors), ("--host", request.Host?.Name), ("--record", request.Record),
        ];
        foreach ((string option, string? value) in others)
        {
            if (value is not null)
            {
                throw new RequestException($"{option} {value}: walks have no such thing; leave it out with {request.Target}");
            }
        }
    }

    /// <summary>The clauses that the model is to be without, to see that machines are then found to differ.</summary>
    public static WalkClauseSet Planted(string? revision)
    {
        const string Without = "without:";
        if (revision is null)
        {
            return default;
        }

        return revision.StartsWith(Without, StringComparison.Ordinal) && WalkClauses.Find(revision[Without.Length..]) is { } clause
            ? WalkClauseSet.Of(clause)
            : throw new RequestException($"--revision {revision}: walks have one revision; give {Without}CLAUSE for a model that lacks one of its clauses, such as {Without}{WalkClauses.GWidth}");
    }

    private static Xlen XlenOf(string name) => name[Prefix.Length..] switch
    {
        "rv64" => Xlen.Rv64,
        "rv32" => Xlen.Rv32,
        _ => throw new RequestException($"target {name}: unknown; there are {string.Join(", ", Names)}"),
    };
}
