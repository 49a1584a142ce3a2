using KvmSpec.Model;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Differences;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec diff</c> of two targets: the same sequences on both.</summary>
internal sealed record TargetDiff(string First, string Second, SequencePlan Plan, Host? Host, OwnKernel? BaseKernel, OwnKernel? Kernel, ReportFormat Format, string? Output)
{
    /// <summary>True where a name is a target's and not a revision's.</summary>
    public static bool IsTarget(string name) => name is "local" or "model" || name.Contains(':', StringComparison.Ordinal);

    /// <exception cref="RequestException">Two names do not make a comparison.</exception>
    /// <exception cref="TargetException">One of them is not there.</exception>
    public int Run(TextWriter output)
    {
        WholeFile.Refuse("--output", Output);
        if (Plan.Count == 0)
        {
            throw new RequestException("--sequences 0: nothing is left to compare");
        }

        foreach (string name in (string[])[First, Second])
        {
            if (name.StartsWith(Walks.Server.WalkCheck.Prefix, StringComparison.Ordinal))
            {
                throw new RequestException($"diff {First} {Second}: {name} walks pages and takes no calls");
            }
        }

        bool firstIsModel = TargetNames.ModelledBy(First) is not null;
        bool secondIsModel = TargetNames.ModelledBy(Second) is not null;
        if (firstIsModel && secondIsModel && Host is null)
        {
            throw new RequestException($"diff {First} {Second}: both are models, give the host that they stand in for with --host: {string.Join(", ", Hosts.All.Select(h => h.Name))}");
        }

        if (!(firstIsModel && secondIsModel) && Host is not null)
        {
            throw new RequestException($"--host {Host.Name}: goes with two models; a kernel is its own host");
        }

        using ITarget? kernel = firstIsModel ? null : Open(First, null, BaseKernel);
        using ITarget second = Open(Second, kernel?.Host ?? Host, Kernel);
        using ITarget? model = firstIsModel ? Open(First, second.Host, null) : null;
        return Compare(output, ComparedTarget.Of(kernel ?? model!), ComparedTarget.Of(second));
    }

    private int Compare(TextWriter output, ComparedTarget first, ComparedTarget second)
    {
        TargetComparison comparison = new(first.Target, second.Target, first.Model);
        ComparisonReport report = new(first, second, Plan, comparison);
        bool text = Format == ReportFormat.Text && Output is null;
        if (text)
        {
            output.WriteLine(report.FirstLine);
        }

        using Cancellation stop = new();
        ProgressBar.Run(text && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected, "sequences", Plan.Count, progress => comparison.Generated(Plan, progress, stop.Token));
        string written = Format == ReportFormat.Json ? report.Json() : report.Text();
        if (Output is null)
        {
            output.Write(written);
        }
        else
        {
            WholeFile.Write(Output, Format == ReportFormat.Json ? written : report.FirstLine + Environment.NewLine + written);
        }

        return comparison.Interrupted ? ExitStatus.Interrupted : comparison.Differ ? ExitStatus.Diverges : ExitStatus.Conforms;
    }

    /// <summary>Opens a target; one that is a model stands in for the host, if its revision has rules for it.</summary>
    private static ITarget Open(string name, Host? host, OwnKernel? own)
    {
        if (host is not null && TargetNames.ModelledBy(name) is { } revision && !revision.Architectures.Contains(host.Architecture))
        {
            throw new RequestException($"target {name}: {revision} has no rules for {HostNeeds.NameOf(host.Architecture)}");
        }

        return TargetNames.Open(name, host is null ? [] : [host], own)[0];
    }
}
