using System.Diagnostics;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>Programs of the machine that guests need.</summary>
internal static class Tool
{
    /// <summary>True where the program is in the search path.</summary>
    public static bool IsThere(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(d => d.Length > 0 && File.Exists(Path.Combine(d, name)));

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    /// <exception cref="TargetException">It is not there, or failed.</exception>
    public static byte[] Run(string name, IEnumerable<string> arguments, byte[]? input = null, IReadOnlyDictionary<string, string>? environment = null, string? directory = null)
    {
        if (!IsThere(name))
        {
            throw new TargetException($"{name}: not installed; sudo apt install {PackageOf(name)} brings it");
        }

        ProcessStartInfo start = new(name, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[variable] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task feeding = Task.Run(() => Feed(process, input ?? []));
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        feeding.Wait();
        if (process.ExitCode != 0)
        {
            string[] lines = errors.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            string line = lines.FirstOrDefault(l => l.StartsWith("E: ", StringComparison.Ordinal)) ?? lines.FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "";
            throw new TargetException($"{name} failed: {line.Trim()}");
        }

        return output.ToArray();
    }

    private static void Feed(Process process, byte[] input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }

    private static string PackageOf(string name) => name switch
    {
        "xz" => "xz-utils",
        "dpkg-deb" => "dpkg",
        "apt-get" or "apt-cache" or "apt-config" => "apt",
        "setsid" => "util-linux",
        _ => GuestTable.Guests.Select(g => g.Architecture).FirstOrDefault(a => a.Compiler == name)?.CompilerPackages ?? name,
    };
}
