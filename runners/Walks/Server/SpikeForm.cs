using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Reports;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Which cases a directory holds.</summary>
/// <param name="Xlen">The machine's width.</param>
/// <param name="Seed">The seed that they are drawn from.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Replay">The seed of the only case; <c>null</c> where they are drawn.</param>
internal sealed record SpikeCases(Xlen Xlen, ulong Seed, int Count, ulong? Replay)
{
    public IEnumerable<ulong> Seeds => Replay is { } one ? [one] : Enumerable.Range(0, Count).Select(i => Mixer.SeedOf(Seed, (ulong)i));
}

/// <summary>
/// The walk server's program with its cases linked in, for simulators that share no memory with their host: Spike writes
/// the cases with their answers as a signature. What runs is the same program, and what is compared the same answers.
/// </summary>
internal static unsafe class SpikeForm
{
    /// <summary>How reports name what is checked.</summary>
    public const string Prefix = "spike-walker:rv";

    /// <summary>The most cases of one program; each needs 1 KiB there and 2.2 KiB in the signature.</summary>
    public const int CasesAtMost = 250_000;

    /// <summary>Where the cases are: between Spike's devices and the program, where no walk comes.</summary>
    private const ulong CasesFrom = 0x20000000;

    private const string Description = "cases.json";
    private const string Cases = "cases.bin";
    private const string Pool = "pool.bin";
    private const string Program = "walker.S";
    private const string Script = "walker.ld";
    private const string Makefile = "Makefile";
    private const string Signature = "signature.txt";
    private const string SpikeName = "spike.txt";
    private const int BatchSize = 512;
    private const int SignatureBytes = 8;

    /// <summary>Writes the program, the cases, the pages and how to run them.</summary>
    public static void Write(string directory, SpikeCases cases)
    {
        Directory.CreateDirectory(directory);
        string At(string name) => Path.Combine(directory, name);
        byte[] bytes = new byte[ServerLayout.CaseSize];
        using (FileStream file = File.Create(At(Cases)))
        {
            foreach (WalkTrial trial in Trials(cases, new WalkOracle([])))
            {
                fixed (byte* at = bytes)
                {
                    WalkServer.Write(at, trial.Walk, trial.Watched);
                }

                file.Write(bytes);
            }
        }

        ulong[] pages = new ulong[WalkArena.PoolSize / sizeof(ulong)];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = ServerLayout.DataUnit(new Spa(WalkArena.Data.Value + ((ulong)i * sizeof(ulong))));
        }

        File.WriteAllBytes(At(Pool), MemoryMarshal.AsBytes<ulong>(pages).ToArray());
        File.WriteAllText(At(Program), ServerProgram.Source);
        File.WriteAllText(At(Script), Linker());
        File.WriteAllText(At(Makefile), Rules(cases));
        JsonObject description = new() { ["xlen"] = (int)cases.Xlen, ["seed"] = CallText.Number(cases.Seed), ["cases"] = cases.Count };
        if (cases.Replay is { } replay)
        {
            description["replay"] = $"0x{replay:x}";
        }

        WholeFile.Write(At(Description), description.ToJsonString() + Environment.NewLine);
    }

    /// <summary>The cases that a directory holds.</summary>
    /// <exception cref="RequestException">It holds none.</exception>
    public static SpikeCases Read(string directory)
    {
        string path = Path.Combine(directory, Description);
        if (!File.Exists(path))
        {
            throw new RequestException($"{path}: not there; write the cases with 'kvmspec walk spike {directory}'");
        }

        try
        {
            JsonNode read = JsonNode.Parse(File.ReadAllText(path))!;
            ulong Number(string key) => CallText.TryReadNumber(read[key]!.ToString(), out ulong number) ? number : throw new FormatException($"{key} is no number");
            return new SpikeCases((Xlen)Number("xlen"), Number("seed"), (int)Number("cases"), read["replay"] is null ? null : Number("replay"));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or NullReferenceException or FormatException or InvalidOperationException)
        {
            throw new RequestException($"{path}: not the description of cases that 'kvmspec walk spike' writes");
        }
    }

    /// <summary>Whose signature is in a directory: what Spike said there of itself.</summary>
    public static SecondOpinion Opinion(string directory)
    {
        string path = Path.Combine(directory, SpikeName);
        return SecondOpinion.OfSpike(File.Exists(path) ? File.ReadLines(path).FirstOrDefault("") : "");
    }

    /// <summary>Holds a signature against the model.</summary>
    /// <param name="signature">The file.</param>
    /// <param name="cases">The cases that it is of.</param>
    /// <param name="opinion">Whose signature it is.</param>
    /// <param name="excuses">Where that is known to differ.</param>
    /// <param name="planted">Clauses that the model is without.</param>
    /// <exception cref="RequestException">The file is no signature of these cases.</exception>
    public static WalkFindings Compare(string signature, SpikeCases cases, SecondOpinion opinion, IReadOnlyList<Excuse> excuses, WalkClauseSet planted)
    {
        WalkOracle oracle = new(excuses, planted);
        WalkFindings found = new(opinion, oracle);
        using IEnumerator<ulong> words = Words(signature).GetEnumerator();
        ulong[] answered = new ulong[ServerLayout.CaseSize / SignatureBytes];
        ulong[] given = new ulong[answered.Length];
        int number = 0;
        foreach (WalkTrial[] batch in Trials(cases, oracle).Chunk(BatchSize))
        {
            List<WalkAnswer> answers = [];
            foreach (WalkTrial trial in batch)
            {
                for (int i = 0; i < answered.Length; i++)
                {
                    answered[i] = words.MoveNext() ? words.Current
                        : throw new RequestException($"{signature}: ends in case {number} of {cases.Count}: not the signature of the cases in its directory");
                }

                fixed (ulong* at = answered, written = given)
                {
                    WalkServer.Write((byte*)written, trial.Walk, trial.Watched);
                    if (answered[0] != given[0] || answered[2] != given[2])
                    {
                        throw new RequestException($"{signature}: case {number} is another one: not the signature of the cases in its directory");
                    }

                    answers.Add(WalkServer.Read((byte*)at, trial.Walk));
                }

                number++;
            }

            found.Judge(batch, answers);
        }

        return found;
    }

    private static IEnumerable<ulong> Words(string signature)
    {
        int line = 0;
        foreach (string text in File.ReadLines(signature))
        {
            line++;
            if (text.Length > 0)
            {
                yield return ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong word) ? word
                    : throw new RequestException($"{signature}:{line}: {text} is no word of {SignatureBytes} bytes in hexadecimal");
            }
        }
    }

    /// <summary>The cases with what is expected of them. None is left out: what the machine makes of each is in the signature.</summary>
    private static IEnumerable<WalkTrial> Trials(SpikeCases cases, WalkOracle oracle)
    {
        WalkGenerator generator = new(cases.Xlen, WalkCheckRun.Extensions(cases.Xlen));
        return cases.Seeds.Select(seed => oracle.Expect(seed, generator.Generate(seed)));
    }

    private static string Rules(SpikeCases cases)
    {
        string isa = cases.Xlen == Xlen.Rv32 ? "rv32gh_svadu" : "rv64gh_svnapot_svpbmt_svadu";
        ulong size = (((ulong)cases.Count * ServerLayout.CaseSize) + Paging.PageSize) & ~(Paging.PageSize - 1);
        return $$"""
            # Runs the cases here on Spike: make, or make CC=COMPILER SPIKE=PROGRAM.
            CC = riscv64-linux-gnu-gcc
            SPIKE = spike

            {{Signature}}: walker.elf
            	$(SPIKE) --help 2>&1 | head -n 1 > {{SpikeName}}
            	$(SPIKE) --isa={{isa}} -m0x{{CasesFrom:x}}:0x{{size:x}},0x{{ServerLayout.MemoryFrom:x}}:0x{{ServerLayout.MemorySize:x}} \
            	    +signature=$@ +signature-granularity={{SignatureBytes}} walker.elf

            walker.elf: {{Program}} {{Cases}} {{Pool}} {{Script}}
            	$(CC) {{string.Join(" \\\n\t    ", ServerProgram.Flags(cases.Xlen).Chunk(8).Select(f => string.Join(' ', f)))}} \
            	    -DLINKED_COUNT={{cases.Count}} -DLINKED_CASES='"{{Cases}}"' -DLINKED_POOL='"{{Pool}}"' \
            	    -Wl,-T,{{Script}} -o $@ {{Program}}

            """;
    }

    private static string Linker() => $$"""
        ENTRY(_start)
        SECTIONS
        {
            . = 0x{{CasesFrom:x}};
            .cases : { *(.cases) }
            . = 0x{{ServerLayout.MemoryFrom:x}};
            .text : { *(.text.start) *(.text*) }
            .tohost ALIGN(64) : { *(.tohost) }
            ASSERT(. <= 0x{{ServerLayout.Control:x}}, "the program reaches its control block")
            . = 0x{{WalkArena.Data.Value:x}};
            .pool : { *(.pool) }
            /DISCARD/ : { *(.comment) *(.riscv.attributes) *(.note*) }
        }

        """;
}
