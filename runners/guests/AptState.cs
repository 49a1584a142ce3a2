using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// apt in a state of its own, for another architecture and suite than the system's; the system's apt is not touched. apt
/// checks the suite's signature; packages that came whole are not downloaded again.
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

    /// <summary>Brings the index up to date; by itself apt goes on with an old one, or with none, where the mirror cannot be reached.</summary>
    public void Update() => Tool.Run("apt-get", ["update", "-q", "--error-on=any"], environment: Own);

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

    /// <summary>Downloads packages, but for those that are there already; apt's own progress is shown.</summary>
    /// <returns>The package files, with the sums that the signed index tells.</returns>
    /// <exception cref="TargetException">They cannot be had.</exception>
    public string[] Download(string[] packages)
    {
        string[] sums = [.. packages.Select(Sum)];
        Fetch(packages);
        if (packages.Zip(sums).Any(p => !IsWhole(FileOf(p.First), p.Second)))
        {
            Fetch(packages);
        }

        foreach ((string package, string sum) in packages.Zip(sums))
        {
            if (!IsWhole(FileOf(package), sum))
            {
                throw new TargetException($"{package}: what came is not what the index of {kernel.Suite} tells; the mirror may be changing, try again later");
            }
        }

        return [.. packages.Select(FileOf)];
    }

    private string Files => Path.Combine(directory, "packages");

    private void Fetch(string[] packages)
    {
        ProcessStartInfo start = new("apt-get", ["download", .. packages]) { WorkingDirectory = Files, RedirectStandardError = true };
        start.Environment["APT_CONFIG"] = configuration;
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new TargetException($"apt-get download failed: {errors.Split('\n').FirstOrDefault(l => l.StartsWith("E:", StringComparison.Ordinal)) ?? errors.Trim()}; packages that came whole are kept");
        }
    }

    private string FileOf(string package) => Directory.GetFiles(Files, package + "_*.deb").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault() ?? "";

    /// <summary>A package's SHA-256 in the index, which apt has checked against the suite's signature.</summary>
    private string Sum(string package)
    {
        string shown = Encoding.UTF8.GetString(Tool.Run("apt-cache", ["show", "--no-all-versions", package], environment: Own));
        return shown.Split('\n').FirstOrDefault(l => l.StartsWith("SHA256: ", StringComparison.Ordinal))?["SHA256: ".Length..].Trim()
            ?? throw new TargetException($"{package}: the index of {kernel.Suite} tells no sum of it");
    }

    /// <summary>False where the file is another than the index says, which is then removed: apt keeps a file of the right size unread.</summary>
    private static bool IsWhole(string file, string sum)
    {
        if (file.Length == 0)
        {
            return false;
        }

        using (FileStream content = File.OpenRead(file))
        {
            if (Convert.ToHexStringLower(SHA256.HashData(content)) == sum)
            {
                return true;
            }
        }

        File.Delete(file);
        return false;
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
