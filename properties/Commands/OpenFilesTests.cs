using System.Diagnostics;
using KvmSpec.Runners;
using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary>Where too few files may be open the program says so and does nothing.</summary>
public sealed class OpenFilesTests
{
    [Theory]
    [InlineData(32)]
    [InlineData((int)OpenFiles.Least - 1)]
    public void Too_few_open_files_are_told_in_a_line(int most)
    {
        using Process refused = Limited(most);
        Assert.Equal($"kvmspec: no more than {most} files may be open, {OpenFiles.Least} are needed: ulimit -n {OpenFiles.Least} allows them{Environment.NewLine}", refused.StandardError.ReadToEnd());
        Assert.Equal("", refused.StandardOutput.ReadToEnd());
        refused.WaitForExit();
        Assert.Equal(ExitStatus.NoTarget, refused.ExitCode);
    }

    [Fact]
    public void With_just_enough_it_runs()
    {
        using Process check = Limited((int)OpenFiles.Least);
        Assert.Equal("", check.StandardError.ReadToEnd());
        Assert.Contains("divergence groups", check.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        check.WaitForExit();
        Assert.Equal(ExitStatus.Conforms, check.ExitCode);
    }

    /// <summary>A check of the model by a process that may have so many files open.</summary>
    private static Process Limited(int most) => Process.Start(new ProcessStartInfo("/bin/sh",
    [
        "-c", $"ulimit -n {most} && exec \"$@\"", "sh", Path.ChangeExtension(typeof(CommandLine).Assembly.Location, null),
        "check", "--target", "model", "--host", "x86-amd", "--sequences", "20",
    ])
    { RedirectStandardError = true, RedirectStandardOutput = true })!;
}
