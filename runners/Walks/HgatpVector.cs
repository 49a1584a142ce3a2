using System.Globalization;
using System.Text;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>A golden write to hgatp.</summary>
internal sealed record HgatpVector : WalkVector
{
    public required HgatpWrite Asked { get; init; }

    /// <summary>What the register must read as afterwards.</summary>
    public required ulong Must { get; init; }

    public override Xlen Xlen => Asked.Before.Mode.Xlen;

    public override string? Difference<TSteps>(ref TSteps steps, out WalkClause? refused)
    {
        refused = null;
        ulong word = Asked.Run(ref steps).Word;
        return word == Must ? null : $"must leave 0x{Must:x}, leaves 0x{word:x}";
    }

    public override void Write(StringBuilder text)
    {
        HgatpImplementation machine = Asked.Machine;
        text.Append(CultureInfo.InvariantCulture, $"    xlen: {(int)Xlen}\n");
        text.Append(CultureInfo.InvariantCulture, $"    machine: {{ modes: [{string.Join(", ", machine.Modes.Select(m => m.Name.ToLowerInvariant()))}], vmidlen: {machine.VmidBits}, unsupported: {(machine.UnsupportedModeBecomesBare ? "bare" : "old")} }}\n");
        text.Append(CultureInfo.InvariantCulture, $"    hgatp: 0x{Asked.Before.Word:x}\n    write: 0x{Asked.Word:x}\n    must: {{ hgatp: 0x{Must:x} }}\n");
    }
}
