using System.Diagnostics;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>QEMU as it is installed, with nothing but a hart and RAM.</summary>
internal sealed class QemuMachine(Xlen xlen) : IWalkMachine
{
    private readonly string name = NameOf(xlen);
    private Process? process;

    public SecondOpinion Opinion { get; } = SecondOpinion.OfQemu(InstalledVersion(xlen));

    public string? Ended => process is { HasExited: true }
        ? $"{name} {Opinion.Version} ended with status {process.ExitCode}: {process.StandardError.ReadToEnd().Split('\n')[0]}"
        : null;

    public byte[] Build(string directory) => ServerProgram.Build(xlen, directory);

    public void Start(string ram)
    {
        string cpu = xlen == Xlen.Rv32 ? "rv32,h=true,svadu=true" : "rv64,h=true,sv57=true,svnapot=true,svpbmt=true,svadu=true";
        string megabytes = $"{ServerLayout.MemorySize >> 20}M";
        process = Process.Start(new ProcessStartInfo(name,
        [
            "-M", "virt,memory-backend=ram", "-m", megabytes, "-object", $"memory-backend-file,id=ram,size={megabytes},mem-path={ram},share=on",
            "-cpu", cpu, "-accel", "tcg,thread=single", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "none", "-nodefaults",
        ])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
        process = null;
    }

    /// <summary>The version of the QEMU that is installed.</summary>
    /// <exception cref="TargetException">None is.</exception>
    public static Version InstalledVersion(Xlen xlen)
    {
        string name = NameOf(xlen);
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(name, "--version") { RedirectStandardOutput = true })!;
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            string number = text.Split(' ', '\n').FirstOrDefault(w => w.Length > 0 && char.IsAsciiDigit(w[0])) ?? "";
            return Version.TryParse(number, out Version? version) ? version : new Version(0, 0);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new TargetException($"{name} is missing: install the package qemu-system-riscv (Debian 13), or qemu-system-misc (before it)");
        }
    }

    private static string NameOf(Xlen xlen) => xlen == Xlen.Rv32 ? "qemu-system-riscv32" : "qemu-system-riscv64";
}
