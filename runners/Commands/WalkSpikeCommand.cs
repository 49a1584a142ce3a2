using System.CommandLine;
using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Walks.Server;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec walk spike</c>: the walker's second opinion from a simulator that runs elsewhere.</summary>
internal static class WalkSpikeCommand
{
    private const int DefaultCases = 10_000;

    public static Command Make(TextWriter output)
    {
        Argument<string> directory = new("directory") { Description = "Where the program and the cases are, or are to be written." };
        Option<string?> xlen = new("--xlen") { Description = "32 or 64; without it 64." };
        Option<int?> count = new("--cases") { Description = $"How many random accesses, at most {SpikeForm.CasesAtMost}; without it {DefaultCases}." };
        Option<string?> seed = new("--seed") { Description = "The seed that they are drawn from; without it 1." };
        Option<string?> replay = new("--replay") { Description = "One access by its seed, as reports print it." };
        Option<string?> signature = new("--signature") { Description = "Write no cases; hold this signature of those in the directory against the model.", HelpName = "FILE" };
        Option<string?> revision = new("--revision") { Description = "With --signature: without:CLAUSE, to see that a model which lacks one is told from the machine." };
        Option<ReportFormat> format = new("--format") { Description = "How the report is written.", DefaultValueFactory = _ => ReportFormat.Text };
        Option<string?> file = new("--output") { Description = "The file to write the report to." };
        Command command = new("spike", "Write the walk server with linked-in cases for Spike, or compare what Spike made of them.")
        {
            directory, xlen, count, seed, replay, signature, revision, format, file,
        };
        command.SetAction(parsed =>
        {
            string where = parsed.GetValue(directory)!;
            if (parsed.GetValue(signature) is not { } path)
            {
                Refuse("without --signature nothing is compared", (revision, parsed.GetValue(revision)), (file, parsed.GetValue(file)));
                SpikeCases written = Cases(parsed.GetValue(xlen), parsed.GetValue(count), parsed.GetValue(seed), parsed.GetValue(replay));
                SpikeForm.Write(where, written);
                output.WriteLine($"{written.Count} accesses for RV{(int)written.Xlen} are in {where}; with riscv64-linux-gnu-gcc and spike on the PATH:");
                output.WriteLine($"  make -C {where}");
                output.WriteLine($"  kvmspec walk spike {where} --signature {Path.Combine(where, "signature.txt")}");
                return ExitStatus.Conforms;
            }

            Refuse("a signature is of the cases that its directory holds", (xlen, parsed.GetValue(xlen)), (count, parsed.GetValue(count)), (seed, parsed.GetValue(seed)),
                (replay, parsed.GetValue(replay)));
            SpikeCases cases = SpikeForm.Read(where);
            SecondOpinion opinion = SpikeForm.Opinion(where);
            WalkFindings found = SpikeForm.Compare(path, cases, opinion, WalkExcuses.Of(opinion, cases.Xlen), WalkCheck.Planted(parsed.GetValue(revision)));
            return WalkCheck.Write(output, new CheckRequest
            {
                Target = $"{SpikeForm.Prefix}{(int)cases.Xlen}",
                Revision = parsed.GetValue(revision),
                Plan = new SequencePlan(cases.Seed, cases.Count, 1),
                Replay = cases.Replay is { } one ? $"0x{one:x}" : null,
                Excuses = Excuses.Load(null),
                Format = parsed.GetValue(format),
                Output = parsed.GetValue(file),
            }, found);
        });
        return command;
    }

    private static SpikeCases Cases(string? xlen, int? count, string? seed, string? replay)
    {
        Xlen width = xlen switch
        {
            "32" => Xlen.Rv32,
            "64" or null => Xlen.Rv64,
            _ => throw new RequestException($"--xlen {xlen}: give 32 or 64"),
        };
        int cases = replay is not null ? 1
            : count is null or (> 0 and <= SpikeForm.CasesAtMost) ? count ?? DefaultCases
            : throw new RequestException($"--cases {count}: give 1 to {SpikeForm.CasesAtMost}");
        return new SpikeCases(width, Number("--seed", seed) ?? 1, cases, Number("--replay", replay));
    }

    private static ulong? Number(string option, string? text) => text is null ? null
        : CallText.TryReadNumber(text, out ulong number) ? number
        : throw new RequestException($"{option} {text}: not a number of 64 bits; give decimal digits or 0x and hexadecimal ones");

    private static void Refuse(string reason, params (Option Option, object? Value)[] options)
    {
        foreach ((Option option, object? value) in options)
        {
            if (value is not null)
            {
                throw new RequestException($"{option.Name} {value}: {reason}");
            }
        }
    }
}
