using System.Diagnostics;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Targets;

/// <summary>Fetching a guest where Debian's packages cannot be had: apt is played by scripts that come first in the search path.</summary>
public sealed class PackagesTests : IDisposable
{
    private const string Keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
    private const string Package = "linux-image-6.12.99+deb13-riscv64";
    private const string Reached = "exit 0";
    private const string Downloads = "printf changed > \"$2_1_riscv64.deb\"";
    private const string Refuses = "echo 'E: Failed to fetch http://mirror.invalid/pool/linux.deb  Could not connect' >&2; exit 100";

    /// <summary>As apt-get(8) has it: what cannot be fetched is a warning, and an error only where --error-on=any asks for it.</summary>
    private const string Unreached = """
        case "$*" in *--error-on=any*) ;; *) echo 'W: Failed to fetch http://mirror.invalid/dists/trixie/InRelease' >&2; exit 0 ;; esac
        echo 'E: Failed to fetch http://mirror.invalid/dists/trixie/InRelease  Could not resolve' >&2; exit 100
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec-").FullName;

    private string Cache => Path.Combine(directory, "cache", "kvmspec");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(Unreached, Downloads, "apt-get failed: E: Failed to fetch http://mirror.invalid/dists/trixie/InRelease  Could not resolve")]
    [InlineData(Reached, Refuses, "apt-get download failed: E: Failed to fetch http://mirror.invalid/pool/linux.deb  Could not connect; packages that came whole are kept")]
    [InlineData(Reached, Downloads, Package + ": what came is not what the index of trixie tells; the mirror may be changing, try again later")]
    public async Task Packages_that_cannot_be_had_are_one_line(string updating, string downloading, string problem)
    {
        Play("apt-config", "exit 0");
        Play("apt-get", $"case \"$1\" in update) {updating} ;; download) {downloading} ;; esac");
        Play("apt-cache", $"case \"$1\" in pkgnames) echo {Package} ;; show) echo 'SHA256: 00' ;; esac");
        ProcessStartInfo start = new("dotnet", [typeof(CommandLine).Assembly.Location, "guest", "fetch", "riscv64@6.12", "--mirror", "http://mirror.invalid"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["PATH"] = $"{directory}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["XDG_CACHE_HOME"] = Path.GetDirectoryName(Cache);
        using Process fetch = Process.Start(start)!;
        Task<string> output = fetch.StandardOutput.ReadToEndAsync();
        string errors = await fetch.StandardError.ReadToEndAsync();
        await fetch.WaitForExitAsync();
        Assert.Equal($"kvmspec: {(File.Exists(Keyring) ? problem : $"{Keyring}: not there; sudo apt install debian-archive-keyring brings it")}\n", errors);
        Assert.Equal(ExitStatus.NoTarget, fetch.ExitCode);
        Assert.DoesNotContain("ready", await output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Cache, "kernels")) && Directory.EnumerateFileSystemEntries(Path.Combine(Cache, "kernels")).Any());
        Assert.Empty(Directory.EnumerateFiles(directory, "*.deb", SearchOption.AllDirectories));
    }

    private void Play(string program, string script)
    {
        string file = Path.Combine(directory, program);
        File.WriteAllText(file, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
