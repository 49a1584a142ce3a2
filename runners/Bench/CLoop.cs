using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace KvmSpec.Runners.Bench;

/// <summary>Builds and runs the yardstick in C.</summary>
internal static class CLoop
{
    /// <summary>Calls a second and VMs a second, or <c>null</c> and why not.</summary>
    public static (double Calls, double Machines)? Run(string? program, TimeSpan time, out string why)
    {
        string directory = Directory.CreateTempSubdirectory("kvmspec").FullName;
        try
        {
            if (program is null)
            {
                string source = Path.Combine(directory, "loop.c");
                program = Path.Combine(directory, "loop");
                using (Stream text = typeof(CLoop).Assembly.GetManifestResourceStream("loop.c")!)
                using (FileStream file = File.Create(source))
                {
                    text.CopyTo(file);
                }

                Output("gcc", "-O2", "-o", program, source);
            }

            double[] rates = [.. Output(program, time.TotalSeconds.ToString(CultureInfo.InvariantCulture))
                .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => double.Parse(l, CultureInfo.InvariantCulture))];
            why = rates.Length == 2 ? "" : "it printed something else";
            return rates.Length == 2 ? (rates[0], rates[1]) : null;
        }
        catch (Win32Exception e)
        {
            why = $"{e.Message}; apt install gcc, or give --c-loop";
            return null;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Output(string program, params string[] arguments)
    {
        using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return text;
    }
}
