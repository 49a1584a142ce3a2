using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Bench;

/// <summary>The yardstick in C, compiled where no program is given: it closes on as many threads as the local target.</summary>
internal sealed class CLoop : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec").FullName;
    private readonly string program;

    /// <exception cref="TargetException">There is no compiler.</exception>
    public CLoop(string? program)
    {
        this.program = program ?? Path.Combine(directory, "loop");
        try
        {
            if (program is null)
            {
                string source = Path.Combine(directory, "loop.c");
                using (Stream text = typeof(CLoop).Assembly.GetManifestResourceStream("loop.c")!)
                using (FileStream file = File.Create(source))
                {
                    text.CopyTo(file);
                }

                Output("gcc", "-O2", "-pthread", "-o", this.program, source);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Calls a second and VMs a second.</summary>
    /// <exception cref="TargetException">The program is not there, or prints something else.</exception>
    public (double Calls, double Machines) Run(TimeSpan time)
    {
        string text = Output(program, time.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            Closer.Threads.ToString(CultureInfo.InvariantCulture), Closer.Room.ToString(CultureInfo.InvariantCulture));
        double[] rates = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => double.Parse(l, CultureInfo.InvariantCulture))];
        return rates.Length == 2 ? (rates[0], rates[1]) : throw new TargetException("it printed something else");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static string Output(string program, params string[] arguments)
    {
        try
        {
            using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            string text = child.StandardOutput.ReadToEnd();
            child.WaitForExit();
            return text;
        }
        catch (Win32Exception e)
        {
            throw new TargetException($"{e.Message}; apt install gcc, or give --c-loop");
        }
    }
}
