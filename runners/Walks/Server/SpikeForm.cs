using System.Globalization;
using System.Runtime.InteropServices;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// The walk server's program with its cases linked in, for simulators that share no memory with their host: Spike writes
/// the cases with their answers as a signature. What runs is the same program, and what is compared the same answers.
/// </summary>
internal static unsafe class SpikeForm
{
    private const string Cases = "cases.bin";
    private const string Pool = "pool.bin";
    private const string Program = "walker.S";
    private const string Script = "walker.ld";
    private const int SignatureBytes = 8;

    /// <summary>Writes the program, the cases and the pages; returns the commands that make a signature of them.</summary>
    public static IEnumerable<string> Write(string directory, Xlen xlen, ulong seed, int count)
    {
        Directory.CreateDirectory(directory);
        byte[] bytes = new byte[count * ServerLayout.CaseSize];
        fixed (byte* at = bytes)
        {
            int i = 0;
            foreach (WalkCase walk in Draw(xlen, seed, count))
            {
                WalkResult result = walk.Run(out _);
                WalkServer.Write(at + (i++ * ServerLayout.CaseSize), walk, !result.IsTrap && walk.Access.Kind == AccessKind.Store ? result.Spa : null);
            }
        }

        ulong[] pages = new ulong[WalkArena.PoolSize / sizeof(ulong)];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = ServerLayout.DataUnit(new Spa(WalkArena.Data.Value + ((ulong)i * sizeof(ulong))));
        }

        File.WriteAllBytes(Path.Combine(directory, Cases), bytes);
        File.WriteAllBytes(Path.Combine(directory, Pool), MemoryMarshal.AsBytes<ulong>(pages).ToArray());
        File.WriteAllText(Path.Combine(directory, Program), ServerProgram.Source);
        File.WriteAllText(Path.Combine(directory, Script), Linker());
        string isa = xlen == Xlen.Rv32 ? "rv32gh_svadu" : "rv64gh_svnapot_svpbmt_svadu";
        return
        [
            $"riscv64-linux-gnu-gcc {string.Join(' ', ServerProgram.Flags(xlen))} -DLINKED_COUNT={count} -DLINKED_CASES='\"{Cases}\"' -DLINKED_POOL='\"{Pool}\"' -Wl,-T,{Script} -o walker.elf {Program}",
            $"spike --isa={isa} -m0x{ServerLayout.MemoryFrom:x}:0x{ServerLayout.MemorySize:x} +signature=signature.txt +signature-granularity={SignatureBytes} walker.elf",
        ];
    }

    /// <summary>Holds a signature against the model; one line for each case that differs.</summary>
    /// <exception cref="RequestException">The file is no signature of these cases.</exception>
    public static IEnumerable<string> Compare(string path, Xlen xlen, ulong seed, int count)
    {
        string[] lines = [.. File.ReadLines(path).Where(l => l.Length > 0)];
        int expected = count * ServerLayout.CaseSize / SignatureBytes;
        if (lines.Length < expected)
        {
            throw new RequestException($"{path}: {lines.Length} words are not the {expected} of {count} cases: give the seed and number that they were written with");
        }

        byte[] bytes = new byte[expected * SignatureBytes];
        for (int i = 0; i < expected; i++)
        {
            if (!ulong.TryParse(lines[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong word))
            {
                throw new RequestException($"{path}:{i + 1}: {lines[i]} is no word of {SignatureBytes} bytes in hexadecimal");
            }

            BitConverter.TryWriteBytes(bytes.AsSpan(i * SignatureBytes), word);
        }

        List<string> differences = [];
        int number = 0;
        foreach (WalkCase walk in Draw(xlen, seed, count))
        {
            WalkResult result = walk.Run(out Dictionary<ulong, ulong> after);
            WalkAnswer wanted = WalkAnswer.Of(walk, result, after);
            WalkAnswer observed;
            fixed (byte* at = bytes)
            {
                observed = WalkServer.Read(at + (number * ServerLayout.CaseSize), walk);
            }

            if (!wanted.Equals(observed))
            {
                differences.Add($"case {number}: expected by {result.Clause?.Id ?? "no fault"}, {WalkGroup.Different(wanted, observed)}: allowed {wanted.Summary}, came {observed.Summary}");
            }

            number++;
        }

        return differences;
    }

    private static IEnumerable<WalkCase> Draw(Xlen xlen, ulong seed, int count)
    {
        WalkGenerator generator = new(xlen, WalkCheckRun.Extensions(xlen));
        return Enumerable.Range(0, count).Select(i => generator.Generate(Mixer.SeedOf(seed, (ulong)i)));
    }

    private static string Linker() => $$"""
        ENTRY(_start)
        SECTIONS
        {
            . = 0x{{ServerLayout.MemoryFrom:x}};
            .text : { *(.text.start) *(.text*) }
            .tohost ALIGN(64) : { *(.tohost) }
            . = 0x{{ServerLayout.Batches:x}};
            .cases : { *(.cases) }
            ASSERT(. <= 0x{{WalkArena.Tables.Value:x}}, "too many cases: at most {{CasesAtMost}}")
            . = 0x{{WalkArena.Data.Value:x}};
            .pool : { *(.pool) }
            /DISCARD/ : { *(.comment) *(.riscv.attributes) *(.note*) }
        }

        """;

    /// <summary>How many cases fit between the program and the tables.</summary>
    public const int CasesAtMost = (int)((0x80800000 - ServerLayout.Batches) / ServerLayout.CaseSize) - 1;
}
