using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Traces;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec check --trace FILE</c>: a record is held against the model, without a kernel.</summary>
internal static class TraceChecks
{
    /// <summary>Options that say what to ask a target go with no trace: nothing is asked.</summary>
    /// <exception cref="RequestException">One of them was given.</exception>
    public static void Refuse(ParseResult parsed, params ReadOnlySpan<Option> asking)
    {
        foreach (Option option in asking)
        {
            if (parsed.GetResult(option) is { Implicit: false })
            {
                throw new RequestException($"--trace: {option.Name} does not go with it: a trace is checked as it was recorded, nothing is asked");
            }
        }
    }

    public static int Check(TextWriter output, CheckRequest request)
    {
        using TraceReader reader = new(Open(request.Trace!), request.Trace!);
        Host host = reader.Head.Host;
        Revision revision = request.RevisionOr(Revisions.Nearest(host.Release, out bool exact));
        if (revision.Book(host.Architecture) is null)
        {
            throw new RequestException($"--trace {request.Trace}: {revision} has no rules for {Vectors.HostNeeds.NameOf(host.Architecture)}");
        }

        Model.Model model = new(request.Changed(revision, host), host);
        request.RequireClauses([model.Book]);
        exact |= request.Revision is not null;
        TraceCheck check = new(model, request.Strictness, exact ? [] : Backports.Origins(revision, host));
        check.Run(reader);
        TraceReport report = new(request, reader.Head, check, revision, exact);
        if (request.Format == ReportFormat.Text && request.Output is null)
        {
            output.WriteLine(report.FirstLine);
        }

        report.Write(output);
        return report.Diverges ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RequestException($"--trace {path}: {e.Message}");
        }
    }
}
