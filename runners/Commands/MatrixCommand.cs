using System.CommandLine;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Matrix;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec matrix</c>: the same vectors and sequences on several kernels, and which clause holds on which.</summary>
internal static class MatrixCommand
{
    private const long DefaultSequences = 10_000;
    private const int DefaultLength = 30;

    public static Command Make(TextWriter output)
    {
        Option<string[]> target = new("--target") { Description = $"A column, checked now: {TargetNames.Forms}. May be given again.", AllowMultipleArgumentsPerToken = true };
        Option<string[]> report = new("--report") { Description = "A column out of a report that 'check --format json --output FILE' wrote, perhaps elsewhere. May be given again.", AllowMultipleArgumentsPerToken = true, HelpName = "FILE" };
        Option<string?> former = new("--page") { Description = "The columns of a page that --write made; those of targets that are given anew take their places.", HelpName = "FILE" };
        Option<string?> revision = new("--revision") { Description = "Against which revision; without it each target's own release." };
        Option<string?> host = new("--host") { Description = "The host that a model stands in for." };
        Option<string?> clause = new("--clause") { Description = "Only clauses that match, such as 'memslot.*'." };
        Option<string?> vectors = new("--vectors") { Description = $"As for check: a file or directory of vectors, or '{CheckRequest.NoVectors}'." };
        Option<long> sequences = new("--sequences") { Description = "How many generated sequences for each target.", DefaultValueFactory = _ => DefaultSequences };
        Option<int> length = new("--length") { Description = "The greatest length of a sequence.", DefaultValueFactory = _ => DefaultLength };
        Option<string> seed = new("--seed") { Description = "The runs' seed.", DefaultValueFactory = _ => "1" };
        Option<Strictness> strictness = new("--strictness") { Description = "Any errno that userspace must be ready for, or the first failing check's.", DefaultValueFactory = _ => Strictness.Envelope };
        Option<ReportFormat> format = new("--format") { Description = "How the matrix is printed.", DefaultValueFactory = _ => ReportFormat.Text };
        Option<string?> write = new("--write") { Description = "Write the matrix as a page, such as runners/MATRIX.md, in the place of printing it.", HelpName = "FILE" };
        Command command = new("matrix", "Say which clause holds, fails, or could not be decided on which kernel.")
        {
            target, report, former, revision, host, clause, vectors, sequences, length, seed, strictness, format, write,
        };
        command.SetAction(parsed => Run(output, parsed.GetValue(target) ?? [], parsed.GetValue(report) ?? [], parsed.GetValue(former), parsed.GetValue(write), parsed.GetValue(format), new CheckRequest
        {
            Revision = parsed.GetValue(revision),
            Host = parsed.GetValue(host) is { } name ? TargetNames.ModelHost(name) : X86Hosts.Amd,
            Clause = parsed.GetValue(clause),
            Vectors = parsed.GetValue(vectors),
            Plan = CheckRequest.PlanOf(parsed.GetValue(seed)!, parsed.GetValue(sequences), parsed.GetValue(length), "1/1"),
            Strictness = parsed.GetValue(strictness),
            Excuses = Excuses.Load(null),
            Format = ReportFormat.Json,
        }));
        return command;
    }

    private static int Run(TextWriter output, string[] targets, string[] reports, string? formerPage, string? page, ReportFormat format, CheckRequest request)
    {
        if (targets.Length + reports.Length == 0)
        {
            throw new RequestException("matrix: give --target or --report, each once for every column");
        }

        WholeFile.Refuse("--write", page);
        if (targets.Concat(reports).GroupBy(t => t).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new RequestException($"matrix: {twice.Key} is given twice");
        }

        IReadOnlyList<ReportFile> kept = formerPage is null ? [] : MatrixPage.Read(formerPage);
        List<ReportFile> former = [.. reports.Select(ReportFile.Read)];
        List<ReportFile> columns = [];
        List<(string Target, string Reason)> missing = [];
        foreach (string target in targets)
        {
            try
            {
                if (Check(target, request) is not { } column)
                {
                    return ExitStatus.Interrupted;
                }

                columns.Add(column);
            }
            catch (TargetException e)
            {
                missing.Add((target, e.Message));
            }
        }

        ClauseMatrix matrix = new(MatrixPage.Renewed(kept, [.. columns, .. former]), missing, request.Concerns);
        if (page is not null)
        {
            WholeFile.Write(page, MatrixText.Page(matrix));
            output.WriteLine($"{page}: {matrix.Clauses.Count} clauses on {matrix.Columns.Count} kernels");
        }
        else
        {
            output.Write(format == ReportFormat.Json ? MatrixText.Json(matrix) : MatrixText.Plain(matrix));
        }

        return matrix.Diverges ? ExitStatus.Diverges : missing.Count > 0 ? ExitStatus.NoTarget : ExitStatus.Conforms;
    }

    /// <summary>Checks a target as <c>check</c> does, and reads its report; <c>null</c> where Ctrl-C ended it.</summary>
    private static ReportFile? Check(string name, CheckRequest request)
    {
        IReadOnlyList<ITarget> targets = TargetNames.Open(name, request.HostsOf(name));
        using StringWriter report = new();
        int status = CheckCommand.Check(report, request with { Target = name }, targets, null);
        return status == ExitStatus.Interrupted ? null : ReportFile.Parse(name, report.ToString());
    }
}
