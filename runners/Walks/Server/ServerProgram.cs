using System.Diagnostics;
using System.Text;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>The bare-metal program: assembled when it is needed, with the cross compiler of the machine.</summary>
internal static class ServerProgram
{
    private const string Compiler = "riscv64-linux-gnu-gcc";
    private const string Copier = "riscv64-linux-gnu-objcopy";

    /// <summary>The program's source, as the repository has it.</summary>
    public static string Source
    {
        get
        {
            using Stream stream = typeof(ServerProgram).Assembly.GetManifestResourceStream("walker.S")!;
            using StreamReader reader = new(stream, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>The program as it lies in memory.</summary>
    /// <exception cref="TargetException">The compiler is missing or refuses.</exception>
    public static byte[] Build(Xlen xlen, string directory)
    {
        string source = Path.Combine(directory, "walker.S");
        string linked = Path.Combine(directory, "walker.elf");
        string flat = Path.Combine(directory, "walker.bin");
        File.WriteAllText(source, Source);
        Run(Compiler, [.. Flags(xlen), $"-Wl,-Ttext=0x{ServerLayout.MemoryFrom:x}", "-o", linked, source]);
        Run(Copier, ["-O", "binary", "-j", ".text", linked, flat]);
        return File.ReadAllBytes(flat);
    }

    /// <summary>How the program is assembled, but for where and with which cases.</summary>
    public static IEnumerable<string> Flags(Xlen xlen) =>
    [
        .. xlen == Xlen.Rv32 ? ["-march=rv32g", "-mabi=ilp32", "-Wl,-m,elf32lriscv"] : (string[])["-march=rv64g", "-mabi=lp64"],
        "-nostdlib", "-static", "-Wl,--build-id=none", .. ServerLayout.Macros(),
    ];

    /// <summary>Throws where the compiler is missing.</summary>
    /// <exception cref="TargetException">It is.</exception>
    public static void RequireCompiler() => Run(Compiler, ["-dumpversion"]);

    private static void Run(string program, IEnumerable<string> arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new TargetException($"{program} refuses the walk server's program: {said.Split('\n')[0]}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new TargetException($"{program} is missing: install the package gcc-riscv64-linux-gnu");
        }
    }
}
