using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Riscv;

/// <summary>
/// The postings of "RISC-V: KVM: add KVM_CAP_RISCV_SET_HGATP_MODE": each by what its code does otherwise than the one
/// before it or the release it was posted against, and by what it promised.
/// </summary>
public static class RiscvPostings
{
    private const string Name = "KVM_CAP_RISCV_SET_HGATP_MODE";
    private const string Select = "riscv.gpa-bits.select";
    private const string Range = "riscv.gpa-bits.range";
    private const string Check = "riscv.hgatp-mode.check";
    private const string CheckWithoutVm = "riscv.hgatp-mode.check-without-vm";
    private const string NarrowIgnored = "riscv.hgatp-mode.narrow-ignored";
    private const string SecondIgnored = "riscv.hgatp-mode.second-ignored";
    private const string Once = "riscv.hgatp-mode.once";
    private const string Shift = "riscv.hgatp-mode.shift";

    /// <summary>A mode that no architecture has.</summary>
    private const ulong NoMode = 11;

    /// <summary>hgatp.MODE has four bits; from here on the postings' shift is undefined.</summary>
    private const ulong ShiftWidth = 64;

    /// <summary>The capability that KVM_CHECK_EXTENSION is asked for whether modes can be chosen.</summary>
    private static Symbol Capability { get; } = new(Name, 247);

    private static Spelling HgatpMode { get; } = new(GpaBits.Select, Ioctls.EnableCap.Argument0,
        (architecture, bits) => GStageMode.Reaching(architecture, bits)?.Encoding ?? (bits >= ShiftWidth ? bits : NoMode), "is an hgatp.MODE");

    private static IEnumerable<Edit> Vocabulary(ulong number) =>
    [
        new SetNumber(GpaBits.Selector, number, Name),
        new SetNumber(Capability, number),
        new Spell(HgatpMode),
        new Introduce(CheckOn(DescriptorKind.System)),
        new Introduce(CheckOn(DescriptorKind.Vm)),
        new InsertBefore("check-extension.vm-gpa-bits", Crash(CheckWithoutVm)) { Only = $"system/KVM_CHECK_EXTENSION({Capabilities.VM_GPA_BITS.Name})" },
    ];

    private static Operation CheckOn(DescriptorKind on) => new()
    {
        Ioctl = Ioctls.CheckExtension.Ioctl,
        On = on,
        Case = Capability,
        Weight = 2,
        Rules = [.. on == DescriptorKind.System ? Gates.System : Gates.Virtual, Return(Check, (in n, in c) => Narrow(n) ? 0UL : 1)],
    };

    public static Revision V2 { get; } = Posting("v2", "RISC-V: KVM: add " + Name + ", PATCH v2 of 5 January 2026", Revisions.Linux618,
        "read in full: cover and both patches of 5 January 2026, reviews of 15, 16 and 19 January",
        [
            new Introduce(GpaBits.Select),
            .. Vocabulary(247),
            new InsertBefore(Range, Accept(NarrowIgnored, null, (in n, in c) => Narrow(n))),
            new Drop(GpaBits.BeforeVcpus.Id),
            new Drop(GpaBits.BeforeMemory.Id),
            new InsertBefore(Select, Accept(SecondIgnored, null, (in n, in c) => RiscvState.Of(n).ChoseMode)),
            new Replace(Select, rule => rule with { Then = (in n, in c) => RememberedChoice(n, c) }, "remembers that a mode was chosen"),
        ]);

    public static Revision V2Promised { get; } = Promised(V2, "its commit message, documentation and cover, and what the review of 15 to 19 January took them to mean: "
            + "nothing may have been built on another mode, a mode once chosen decides every later call, and userspace can learn which modes exist",
        [
            new InsertBefore(Select, GpaBits.BeforeVcpus),
            new InsertBefore(Select, GpaBits.BeforeMemory),
            new Drop(SecondIgnored),
            new Drop(NarrowIgnored),
            new InsertBefore(Range, Refuse(EBUSY, Once, (in n, in c) => RiscvState.Of(n).ChoseMode, stops: true)),
            new Replace(Check, rule => rule with { Result = (in n, in c) => WidestEncoding(n) }, "answers the widest mode of the host"),
        ]);

    public static Revision V3 { get; } = Posting("v3", "the same series, PATCH v3 of 25 January 2026", V2,
        "read in full: cover and both patches",
        [
            new InsertBefore(SecondIgnored, GpaBits.BeforeVcpus),
            new InsertBefore(SecondIgnored, GpaBits.BeforeMemory),
            new Replace(SecondIgnored, rule => Refuse(EBUSY, Once, rule.When!), "is refused: " + Once),
        ]);

    public static Revision V3Promised { get; } = Promised(V3, "its commit message and documentation", [new Drop(NarrowIgnored)]);

    public static Revision V4 { get; } = Posting("v4", "the same series, PATCH v4 of 2 February 2026", V3,
        "read in part: cover and patches 2 to 4; patch 1 not found, its files taken from v5 where they are the same",
        [
            new Drop(Once),
            new Replace(Select, rule => GpaBits.Choose, "can be done again"),
            Answering(rule => (in n, in c) => Narrow(n) ? 0 : (1UL << (GStageMode.All.IndexOf(Widest(n)))) - 1, "answers a bit for each mode from Sv39x4 on"),
        ]);

    public static Revision V4Promised { get; } = Promised(V4, "its commit message and documentation", [new Drop(NarrowIgnored)]);

    public static Revision V5 { get; } = Posting("v5", "the same series, PATCH v5 of 4 February 2026", V4,
        "read in full: cover and the three patches",
        [
            new Drop(NarrowIgnored),
            Answering(rule => (in n, in c) => EncodingBits(n), "answers a bit for each mode, numbered as in hgatp.MODE"),
            new InsertBefore(Range, ShiftRule),
        ]);

    public static Revision V5Promised { get; } = Promised(V5, "its commit message and documentation", [new Drop(Shift)]);

    public static Revision V6 { get; } = Posting("v6", "the same series, PATCH v6 of 30 March 2026", Revisions.Linux71,
        "read in part: cover and patch 4; patches 1 and 3 in quotes, patch 2 not read",
        [
            .. Vocabulary(248),
            Answering(rule => (in n, in c) => EncodingBits(n), "answers a bit for each mode, numbered as in hgatp.MODE"),
            new InsertBefore(Range, ShiftRule),
        ]);

    public static Revision V6Promised { get; } = Promised(V6, "its commit message and documentation", [new Drop(Shift)]);

    public static Revision V7 { get; } = Posting("v7", "the same series, PATCH v7 of 2 April 2026", V6,
        "read in part: patches 3 and 4, one hunk of patch 1; cover and patch 2 not found. It probes modes as before the series: no call tells", []);

    public static Revision V7Promised { get; } = Promised(V7, "its commit message and documentation", [new Drop(Shift)]);

    public static Revision V8 { get; } = Posting("v8", "RISC-V: KVM: Reuse KVM_CAP_VM_GPA_BITS, PATCH v8 of 3 April 2026, merged for 7.1", Revisions.Linux71,
        "read in full but for patch 2: it makes the file that 7.1 has", []);

    public static Revision V8Promised { get; } = Promised(V8, "its commit message, which speaks of downsizing alone; it has no documentation",
        [
            new InsertBefore(Select, Refuse(EINVAL, "riscv.gpa-bits.downsize", (in n, in c) => GpaBits.Mode(n, c) is { } mode && mode.GpaBits > RiscvState.GpaBits(n))),
        ]);

    public static IReadOnlyList<Revision> All =>
        [V2, V2Promised, V3, V3Promised, V4, V4Promised, V5, V5Promised, V6, V6Promised, V7, V7Promised, V8, V8Promised];

    private static Rule ShiftRule => LeaveOpen(Shift, (in n, in c) => c[Ioctls.EnableCap.Argument0] >= ShiftWidth);

    private static Revision Posting(string version, string title, Revision parent, string evidence, ImmutableArray<Edit> edits) =>
        new("riscv-hgatp-mode-" + version, title, parent, edits) { IsRelease = false, About = RiscvEdits.Widths, Evidence = evidence };

    /// <summary>What every version promises beside its own: a query answers, and a slot may end where the mode's reach does.</summary>
    private static Revision Promised(Revision code, string source, ImmutableArray<Edit> edits) =>
        new(code.Name + ".promised", code.Title + ", as promised", code,
            [
                .. edits,
                .. code == V8 ? Array.Empty<Edit>() : [new Drop(CheckWithoutVm)],
                new SetLimit(RiscvMemory.PagesKept, 0),
            ])
        {
            IsRelease = false,
            About = RiscvEdits.Widths,
            Evidence = source,
        };

    private static Replace Answering(Func<Rule, Value> result, string how) => new(Check, rule => rule with { Result = result(rule) }, how);

    private static bool Narrow(in Node n) => n.Host.Architecture == Architecture.Riscv32;

    private static GStageMode Widest(in Node n) => GStageMode.Reaching(n.Host.Architecture, (ulong)n.Host.GpaBits)!;

    private static ulong WidestEncoding(in Node n) => Widest(n).Encoding;

    private static ulong EncodingBits(in Node n)
    {
        ulong bits = 0;
        foreach (GStageMode mode in GStageMode.Of(n.Host.Architecture))
        {
            bits |= mode.GpaBits <= n.Host.GpaBits ? 1UL << mode.Encoding : 0;
        }

        return bits;
    }

    private static World RememberedChoice(in Node n, in Call c)
    {
        GStageMode mode = GpaBits.Mode(n, c)!;
        return RiscvState.Change(n, RiscvState.Of(n).WithGpaBits(mode.GpaBits, n.Host.GpaBits) with { ChoseMode = true });
    }
}
