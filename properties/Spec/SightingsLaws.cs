using FsCheck.Xunit;
using KvmSpec.Properties.Laws;
using KvmSpec.Runners.Reports;
using KvmSpec.Runners.Spec;
using Xunit;

namespace KvmSpec.Properties.Spec;

/// <summary>What spec.md says of evidence only grows.</summary>
public sealed class SightingsLaws
{
    private static readonly string[] Kernels =
    [
        "kvm-amd 6.12.107", "kvm-amd 6.12.117", "kvm-amd 7.3.4", "arm64 6.12.117", "arm64 7.3.4",
        "kvmspec-gicv5 7.3.4", "kvm-pvm 6.18.44", "QEMU 10.0.2", "QEMU 9.2.0",
    ];

    private static readonly Deviation?[] Deviations =
    [
        null, null, null, new("the bit is ignored", OtherwiseKept: true), new("the bit is ignored", OtherwiseKept: false), new("HLV, HLVX and HSV: no fault; none at all", OtherwiseKept: false),
    ];

    [Law("evidence.loses-no-kernel", "∀ lines a, b: kernels(a ∪ b) = kernels(a) ∪ kernels(b), also where one of them is read from spec.md")]
    [Property(MaxTest = 3000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool LosesNoKernel(int[] some, int[] others) =>
        Line(some) is not { } a || Line(others) is not { } b
        || NamedIn(Sightings.Parse(a.ToString()).And(b)).SequenceEqual(NamedIn(a).Union(NamedIn(b)).Order(StringComparer.Ordinal));

    [Law("evidence.order-does-not-matter", "∀ lines a, b, c: a ∪ a = a, a ∪ b = b ∪ a, (a ∪ b) ∪ c = a ∪ (b ∪ c)")]
    [Property(MaxTest = 3000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool OrderDoesNotMatter(int[] some, int[] others, int[] more) =>
        Line(some) is not { } a || Line(others) is not { } b || Line(more) is not { } c
        || (Same(a.And(a), a) && Same(a.And(b), b.And(a)) && Same(a.And(b).And(c), a.And(b.And(c))));

    [Law("evidence.read-back", "∀ line a: read(write(a)) = a, and every line of spec.md is one that is written so")]
    [Property(MaxTest = 2000, QuietOnSuccess = true, Replay = Arbitraries.Replay)]
    public bool IsReadBack(int[] some) => Line(some) is not { } a || Same(Sightings.Parse(a.ToString()), a);

    [Fact]
    public void Lines_of_the_file_are_written_as_they_stand() =>
        Assert.All(SpecFile.Embedded.Clauses, c => Assert.Equal(c.Evidence, Sightings.Parse(c.Evidence).ToString()));

    [Theory]
    [InlineData("read only (source 7.3.4).", "seen on QEMU 10.0.2.")]
    [InlineData("none.", "seen on QEMU 10.0.2.")]
    [InlineData("seen on QEMU 9.2.0, 11.0.0.", "seen on QEMU 9.2.0, 10.0.2, 11.0.0.")]
    [InlineData("seen on kvm-amd 6.12.107, 7.3.4; riscv64 7.3.4.", "seen on QEMU 10.0.2; kvm-amd 6.12.107, 7.3.4; riscv64 7.3.4.")]
    [InlineData("read only (manual); QEMU 10.0.2 does otherwise: A, then B.", "read only (manual); QEMU 10.0.2 does otherwise: A, then B.")]
    [InlineData("seen on QEMU 10.0.2, but for this: A; B.", "seen on QEMU 10.0.2, but for this: A; B.")]
    public void A_kernel_that_keeps_the_clause_is_added(string before, string after) =>
        Assert.Equal(after, Sightings.Parse(before).And(Sightings.Of("QEMU 10.0.2", null)).ToString());

    private static Sightings? Line(int[] choices) => choices
        .Select(c => Sightings.Of(Kernels[(uint)c % Kernels.Length], Deviations[(uint)c / Kernels.Length % Deviations.Length]))
        .Aggregate((Sightings?)null, (line, one) => line?.And(one) ?? one);

    private static IEnumerable<string> NamedIn(Sightings line) => Kernels.Where(k => Sightings.Parse(line.ToString()).Kernels.Contains(k)).Order(StringComparer.Ordinal);

    private static bool Same(Sightings a, Sightings b) => a.ToString() == b.ToString();
}
