using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// apt in a state of its own, for another architecture and suite than the system's; the system's apt is not touched. apt
/// checks signatures and sums, and goes on where a download was broken off.
/// </summary>
internal sealed partial class AptState
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

    private readonly string directory;
    private readonly GuestArchitecture architecture;
    private readonly GuestKernel kernel;
    private readonly string configuration;

    /// <param name="architecture">Whose packages.</param>
    /// <param name="kernel">Which release of which suite.</param>
    /// <param name="mirror">A Debian mirror; <c>null</c> takes the one that the system's apt uses.</param>
    public AptState(GuestArchitecture architecture, GuestKernel kernel, string? mirror)
    {
        this.architecture = architecture;
        this.kernel = kernel;
        directory = GuestCache.AptDirectory(architecture, kernel);
        configuration = Path.Combine(directory, "apt.conf");
        if (!File.Exists(Keyring))
        {
            throw new TargetException($"{Keyring}: not there; sudo apt install debian-archive-keyring brings it");
        }

        foreach (string part in new[] { "state/lists/partial", "cache/archives/partial", "etc/preferences.d", "etc/apt.conf.d", "etc/sources.list.d", "packages" })
        {
            Directory.CreateDirectory(Path.Combine(directory, part));
        }

        File.WriteAllText(Path.Combine(directory, "state", "status"), "");
        File.WriteAllText(Path.Combine(directory, "etc", "sources.list"), $"deb [signed-by={Keyring}] {mirror ?? SystemMirror()} {kernel.Suite} main\n");
        File.WriteAllText(configuration, $"""
            Dir::State "{directory}/state";
            Dir::State::status "{directory}/state/status";
            Dir::Cache "{directory}/cache";
            Dir::Etc "{directory}/etc";
            APT::Architecture "{architecture.Debian}";
            APT::Architectures {"{"} "{architecture.Debian}"; {"}"};
            APT::Sandbox::User "{Environment.UserName}";
            Acquire::Languages "none";

            """ + Encoding.UTF8.GetString(Tool.Run("apt-config", ["dump", "Acquire::http"])) + Encoding.UTF8.GetString(Tool.Run("apt-config", ["dump", "Acquire::https"])));
    }

    /// <summary>Brings the index up to date.</summary>
    public void Update() => Tool.Run("apt-get", ["update", "-q"], environment: Own);

    /// <summary>The packages that hold the newest update of the release: the kernel, and its modules where KVM is one.</summary>
    public string[] Packages()
    {
        string[] names = Encoding.UTF8.GetString(Tool.Run("apt-cache", ["pkgnames", "linux-"], environment: Own)).Split('\n');
        Regex pattern = new($@"^linux-(?<what>binary|binary-unsigned|image)-(?<version>{Regex.Escape(kernel.Release)}[.-]\S*?)-{architecture.Flavour}$");
        var found = names.Select(n => pattern.Match(n)).Where(m => m.Success)
            .Select(m => (Name: m.Value, What: m.Groups["what"].Value, Version: m.Groups["version"].Value))
            .OrderByDescending(p => Numbers().Matches(p.Version).Select(n => n.Value.PadLeft(8, '0')).Aggregate("", (a, b) => a + b), StringComparer.Ordinal)
            .ThenBy(p => p.What, StringComparer.Ordinal)
            .ToArray();
        if (found.Length == 0)
        {
            throw new TargetException($"{kernel.Suite} has no kernel {kernel.Release} for {architecture.Debian} (flavour {architecture.Flavour}) now; another release may be there, see 'kvmspec targets'");
        }

        string modules = $"linux-modules-{found[0].Version}-{architecture.Flavour}";
        return architecture.Modules.Length > 0 && names.Contains(modules) ? [found[0].Name, modules] : [found[0].Name];
    }

    /// <summary>Downloads packages; apt's own progress is shown.</summary>
    /// <returns>The package files.</returns>
    public string[] Download(string[] packages)
    {
        string files = Path.Combine(directory, "packages");
        ProcessStartInfo start = new("apt-get", ["download", .. packages]) { WorkingDirectory = files, RedirectStandardError = true };
        start.Environment["APT_CONFIG"] = configuration;
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new TargetException($"apt-get download failed: {errors.Split('\n').FirstOrDefault(l => l.StartsWith("E:", StringComparison.Ordinal)) ?? errors.Trim()}; the same command goes on where it stopped");
        }

        return [.. packages.Select(p => Directory.GetFiles(files, p + "_*.deb").OrderByDescending(File.GetLastWriteTimeUtc).First())];
    }

    private Dictionary<string, string> Own => new() { ["APT_CONFIG"] = configuration };

    /// <summary>The mirror that the system's apt takes Debian's packages from.</summary>
    private static string SystemMirror()
    {
        string[] lines = Encoding.UTF8.GetString(Tool.Run("apt-get", ["indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"])).Split('\n');
        return lines.Select(l => l.Split('|')).FirstOrDefault(p => p is ["Debian", "Debian" or "Debian Backports", _])?[2]
            ?? throw new TargetException("this system's apt knows no Debian mirror: give one with --mirror URL");
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
