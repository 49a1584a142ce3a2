using Spectre.Console;

namespace KvmSpec.Runners.Reports;

/// <summary>A progress bar while a run works; none where the output is no terminal.</summary>
internal static class ProgressBar
{
    public static void Run(bool shown, string what, long total, Action<Action<long>?> work)
    {
        if (!shown)
        {
            work(null);
            return;
        }

        AnsiConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask(what, maxValue: Math.Max(1, total));
                work(done => task.Value = done);
            });
    }
}
