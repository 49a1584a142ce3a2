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
            Version version = WalkServer.InstalledVersion(XlenOf(name));
            ServerProgram.RequireCompiler();
            return $"ready: QEMU {version}";
        }
        catch (TargetException missing)
        {
            return "missing: " + missing.Message;
        }
    }

    public static int Check(TextWriter output, CheckRequest request)
    {
        Xlen xlen = XlenOf(request.Target!);
        foreach ((string option, string? value) in new[] { ("--revision", request.Revision), ("--clause", request.Clause), ("--what-if", request.WhatIf), ("--vectors", request.Vectors) })
        {
            if (value is not null)
            {
                throw new RequestException($"{option} {value}: walks have no such thing; leave it out with {request.Target}");
            }
        }

        if (request.DryRun)
        {
            output.WriteLine($"would make {request.Plan.Own.ToString("#,0", CultureInfo.InvariantCulture)} random accesses on {request.Target}");
            return ExitStatus.Conforms;
        }

        using Cancellation stop = new();
        using WalkServer server = new(xlen);
        WalkCheckRun run = new(server, xlen);
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

        using StringWriter report = new();
        if (request.Format == ReportFormat.Json)
        {
            report.WriteLine(WalkCheckReport.Json(request, server.Version, run));
        }
        else
        {
            WalkCheckReport.Write(report, request, server.Version, run);
        }

        if (request.Output is { } file)
        {
            File.WriteAllText(file, report.ToString());
        }
        else
        {
            output.Write(report.ToString());
        }

        return run.Interrupted ? ExitStatus.Interrupted : run.Groups.Count > 0 || run.DataChanged ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    private static Xlen XlenOf(string name) => name[Prefix.Length..] switch
    {
        "rv64" => Xlen.Rv64,
        "rv32" => Xlen.Rv32,
        _ => throw new RequestException($"target {name}: unknown; there are {string.Join(", ", Names)}"),
    };
}
