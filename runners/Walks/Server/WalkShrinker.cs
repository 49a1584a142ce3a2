using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>Makes a case that differs smaller, as long as it differs in the same way.</summary>
internal sealed class WalkShrinker(WalkServer server, WalkOracle oracle)
{
    /// <summary>Enough for every case that was seen; a machine that answers at random ends here.</summary>
    private const int Attempts = 2_000;

    /// <summary>The smallest case of the group that single steps lead to.</summary>
    public WalkDifference Shrink(WalkGroup group, WalkDifference first)
    {
        WalkDifference smallest = first;
        int attempts = Attempts;
        bool smaller = true;
        while (smaller)
        {
            smaller = false;
            foreach (WalkCase candidate in Candidates(smallest.Trial))
            {
                if (attempts-- == 0)
                {
                    return smallest;
                }

                if (Try(group, smallest.Trial.Seed, candidate) is { } found)
                {
                    smallest = found;
                    smaller = true;
                    break;
                }
            }
        }

        return smallest;
    }

    private WalkDifference? Try(WalkGroup group, ulong seed, WalkCase candidate)
    {
        NoSteps nobody = default;
        if (!WalkArena.Confines(candidate, ref nobody, out _) || oracle.Prepare(seed, candidate) is not { } trial)
        {
            return null;
        }

        server.FillData();
        WalkAnswer observed = server.Run([trial.Walk], [trial.Watched])[0];
        return !observed.Equals(trial.Expected) && WalkGroup.Of(trial, observed) == group && oracle.Explain(candidate, observed).Count == 0
            ? new WalkDifference(trial, observed)
            : null;
    }

    private static IEnumerable<WalkCase> Candidates(WalkTrial trial)
    {
        WalkCase walk = trial.Walk;
        WalkRegisters registers = walk.Registers;
        if (!registers.VsMode.IsBare)
        {
            yield return walk with
            {
                Registers = registers with { VsMode = TranslationMode.VsStage(registers.Xlen)[0], VsPpn = 0 },
                Access = walk.Access with { Address = new Gva(trial.Result.Gpa.Value) },
            };
        }

        foreach (ulong address in walk.Words.Keys)
        {
            yield return walk with { Words = walk.Words.Where(w => w.Key != address).ToDictionary() };
        }

        WalkRegisters[] simpler =
        [
            registers with { SstatusMxr = false }, registers with { VsstatusMxr = false }, registers with { VsstatusSum = false },
            registers with { HenvcfgPbmte = false }, registers with { HenvcfgAdue = false },
            registers with { HenvcfgPbmte = false, MenvcfgPbmte = false }, registers with { HenvcfgAdue = false, MenvcfgAdue = false },
        ];
        foreach (WalkRegisters other in simpler.Where(r => r != registers))
        {
            yield return walk with { Registers = other };
        }

        Gva page = new(walk.Access.Address.Value & ~(Paging.PageSize - 1));
        if (page != walk.Access.Address)
        {
            yield return walk with { Access = walk.Access with { Address = page } };
        }

        foreach ((ulong address, ulong word) in walk.Words)
        {
            foreach (int bit in Attributes.Where(b => (word >> b & 1) != 0))
            {
                yield return walk with { Words = walk.Words.ToDictionary(w => w.Key, w => w.Key == address ? word & ~(1UL << bit) : w.Value) };
            }
        }
    }

    /// <summary>The bits of an entry that are neither its page number nor V, from the top: the reserved ones first.</summary>
    private static IEnumerable<int> Attributes { get; } =
        [.. Enumerable.Range(Pte.PpnShift + Pte.PpnBits, 64 - Pte.PpnShift - Pte.PpnBits).Reverse(), .. Enumerable.Range(1, Pte.PpnShift - 1).Reverse()];
}
