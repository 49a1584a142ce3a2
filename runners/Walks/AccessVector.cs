using System.Globalization;
using System.Text;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>A golden walk.</summary>
internal sealed record AccessVector : WalkVector
{
    public required WalkCase Walk { get; init; }

    public required WalkExpectation Must { get; init; }

    public override Xlen Xlen => Walk.Registers.Xlen;

    public override string? Difference<TSteps>(ref TSteps steps, out WalkClause? refused)
    {
        WalkResult result = Walk.Run(ref steps, out Dictionary<ulong, ulong> after);
        refused = result.Clause;
        return Must.Difference(Walk, result, after);
    }

    public override void Write(StringBuilder text)
    {
        WalkVectorFormatter.Write(text, Walk, _ => "");
        text.Append(CultureInfo.InvariantCulture, $"    must: {WalkExpectation.Words(Must.Result)}\n");
        if (Must.After.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"    after: {WalkVectorFormatter.Words(Must.After)}\n");
        }
    }
}
