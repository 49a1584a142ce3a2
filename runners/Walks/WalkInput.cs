using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>What <c>kvmspec walk</c> shows: an access, or a write to hgatp.</summary>
internal abstract record WalkInput
{
    /// <summary>Shows each step.</summary>
    /// <param name="output">Where.</param>
    /// <param name="all">Also the questions that were answered no.</param>
    public abstract void Write(TextWriter output, bool all);

    /// <summary>The same as one line of JSON.</summary>
    public abstract string Json();
}

/// <summary>An access through page tables.</summary>
internal sealed record AccessInput(WalkCase Walk) : WalkInput
{
    public override void Write(TextWriter output, bool all) => WalkText.Write(output, Walk, all);

    public override string Json() => WalkText.Json(Walk);
}

/// <summary>A write to hgatp.</summary>
internal sealed record HgatpInput(HgatpWrite Asked) : WalkInput
{
    public override void Write(TextWriter output, bool all) => HgatpText.Write(output, Asked, all);

    public override string Json() => HgatpText.Json(Asked);
}
