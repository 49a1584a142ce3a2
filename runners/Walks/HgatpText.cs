using System.Text.Json.Nodes;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>A write to hgatp for people and for programs: every question, and what the register then holds.</summary>
internal static class HgatpText
{
    public static void Write(TextWriter output, HgatpWrite write, bool all)
    {
        HgatpImplementation machine = write.Machine;
        HgatpRecorder recorder = new();
        Hgatp after = write.Run(ref recorder);
        output.WriteLine($"Write of {WalkReader.Address(write.Word)} to hgatp, which holds {WalkReader.Address(write.Before.Word)}, on RV{(int)write.Before.Mode.Xlen} with {string.Join(", ", machine.Modes)}"
            + $" and {machine.VmidBits} bits of VMID, where another MODE leaves {(machine.UnsupportedModeBecomesBare ? "Bare" : "the old one")}");
        foreach ((WalkClause clause, bool holds) in recorder.Asked.Where(a => all || a.Holds))
        {
            output.WriteLine($"  {(all ? holds ? "yes " : "no  " : "")}{clause.Id}");
        }

        output.WriteLine($"reads {WalkReader.Address(after.Word)}: {after.Mode}, VMID {WalkReader.Address(after.Vmid)}, root at {after.Root}");
    }

    /// <summary>The whole write as one line of JSON.</summary>
    public static string Json(HgatpWrite write)
    {
        HgatpRecorder recorder = new();
        Hgatp after = write.Run(ref recorder);
        JsonObject json = new()
        {
            ["result"] = new JsonObject { ["hgatp"] = WalkReader.Address(after.Word) },
            ["steps"] = new JsonArray([.. recorder.Asked.Select(a => new JsonObject { ["step"] = "asked", ["clause"] = a.Clause.Id, ["holds"] = a.Holds })]),
        };
        return json.ToJsonString(WalkText.OneLine);
    }

    /// <summary>Writes down what a write asks: no translation begins there.</summary>
    private readonly struct HgatpRecorder() : IWalkSteps
    {
        public List<(WalkClause Clause, bool Holds)> Asked { get; } = [];

        public bool Is(WalkClause clause, bool holds)
        {
            Asked.Add((clause, holds));
            return holds;
        }

        public void Begin(Stage stage, ulong address, AccessKind kind, bool isImplicit)
        {
        }

        public void Read(Stage stage, int level, ulong entry, Spa at, Pte pte)
        {
        }

        public void Updated(Stage stage, int level, Spa at, Pte pte)
        {
        }

        public void End(Stage stage, ulong address)
        {
        }
    }
}
