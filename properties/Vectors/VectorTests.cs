using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Vectors;

/// <summary>The golden cases against the model, and what they leave undecided.</summary>
public sealed class VectorTests
{
    private const string NoGuest = "no case runs a guest";
    private const string NoPrivateMemory = "until 6.12 no VM of type 0 takes a guest_memfd, so nothing behind its flag is reached";
    private const string NoReset = "until 6.12 the capability that it needs is unknown";
    private const string NoSuppression = "until 6.12 the bits of suppression are refused as unknown";

    /// <summary>Clauses that no case decides, by release (all where none is named), and why.</summary>
    private static readonly ImmutableArray<(string Clause, string? Release, string Why)> Undecided =
    [
        ("arm64.create-vm.ipa-default", null, "no host of the model has fewer address bits than a VM has that does not choose"),
        ("arm64.create-irqchip.no-vgic", null, "every arm64 host of the model can be some interrupt controller"),
        ("arm64.set-device-addr.no-vgic", null, "every arm64 host of the model can be some interrupt controller"),
        ("run.guest", null, NoGuest),
        ("arm64.id-reg.granules", "6.12", "until 6.12 no VM is nested"),
        ("memslot.change.guest-memfd", "6.12", NoPrivateMemory),
        ("memslot.guest-memfd.bound", "6.12", NoPrivateMemory),
        ("memslot.guest-memfd.closed", "6.12", NoPrivateMemory),
        ("memslot.guest-memfd.other", "6.12", NoPrivateMemory),
        ("memslot.guest-memfd.range", "6.12", NoPrivateMemory),
        ("memslot.memory-offset", "6.12", NoPrivateMemory),
        ("set-mp-state.reset", "6.12", NoReset),
        ("x2apic.both-ways", "6.12", NoSuppression),
        ("x2apic.suppress-needs-split", "6.12", NoSuppression),
    ];

    /// <summary>Differences that no case can show in a release, by reason.</summary>
    private static readonly (string Why, string[] Differences)[] Unshowable =
    [
        ("what this release's kernels answer, the other's may answer too",
        [
            "6.18: check-extension.x86-disable-exits: answers at most bits 0 to 3",
            "6.18: check-extension.x2apic-api: answers 3 before a backport, 15 after it",
            "7.1: check-extension.x2apic-api: answers 3 before a backport, 15 after it",
        ]),
        ("a VM answers what /dev/kvm does, and that is withdrawn beside it",
        [
            "6.12: no vm/KVM_CHECK_EXTENSION(KVM_CAP_ONE_REG)",
            .. OfVm("7.2", "ARM_PMU_V3_STRICT"),
            .. OfVm("6.18", "ARM_SEA_TO_USER", "ARM_CACHEABLE_PFNMAP_SUPPORTED"),
            .. OfVm("6.12", "ARM_EL2_E2H0", "ARM_CACHEABLE_PFNMAP_SUPPORTED", "ARM_WRITABLE_IMP_ID_REGS"),
        ]),
        ("the feature's bit is unknown there, which is found first",
        [
            "7.2: drop arm64.vcpu-init.strict-without-pmu", "7.2: drop arm64.pmu-init.not-chosen",
            "6.12: drop arm64.vcpu-init.aarch32-with-el2", "6.12: drop arm64.vcpu-init.no-e2h0",
            "6.12: drop vgic.run.nested-without-vgic", "6.12: drop vgic.run.maintenance-of-timer",
        ]),
        ("no vGICv5 can be made there",
        [
            .. new[] { "SET", "GET", "HAS" }.SelectMany(ioctl => new[] { "", "(KVM_DEV_ARM_VGIC_GRP_CTRL)" }.Select(group => $"6.18: no KVM_DEV_TYPE_ARM_VGIC_V5/KVM_{ioctl}_DEVICE_ATTR{group}")),
            "6.18: drop arm64.irq-line.v5-ppi-number", "6.18: drop arm64.irq-line.v5-ppi-of-kernel", "6.18: drop arm64.irq-line.v5-spi",
            "6.18: drop vgic.run.nested-on-v5", "6.18: drop vgic.run.timers-of-v5",
            .. new[] { "ppi", "after-run", "unknown", "set", "get" }.Select(clause => $"6.18: drop arm64.timer.v5-{clause}"),
            .. new[] { "number", "once", "set", "get" }.Select(clause => $"6.18: drop arm64.pmu-interrupt.v5-{clause}"),
            "6.18: drop arm64.pmu-init.interrupt-taken", "6.18: drop arm64.pmu-interrupt.unwritable",
        ]),
        ("that an interrupt is taken, and who asks for it, are two edits of which neither shows alone",
        [
            "7.3: vgic.run.timers-of-v5: the timer that is wrong owns its interrupt from then on",
            "7.3: insert arm64.pmu-init.interrupt-taken before arm64.pmu-init.done",
        ]),
        ("a number that no PPI has is none that userspace may drive, and both are EINVAL", ["7.1: drop arm64.irq-line.v5-ppi-number"]),
        ("that it is not initialised is found before", ["7.2: arm64.irq-line.v5-spi: a vGICv5 that is not initialised is noticed first"]),
        ("a used id is found before any redistributor", ["7.3: insert vgic.create-vcpu.exists before vgic.create-vcpu.redistributor"]),
        ("what is open after an edit agrees with every kernel",
        [
            "6.12: arm64.smccc-filter.range: no functions at 0 are taken for a range before a stable update",
            "6.12: insert arm64.smccc-filter.nothing before arm64.smccc-filter.after-run",
            "6.18: insert arm64.smccc-filter.nothing before arm64.smccc-filter.after-run",
        ]),
        ("implementation registers cannot be made writable there", ["6.12: drop arm64.imp-id.after-run", "6.12: drop arm64.imp-id.mask", "6.12: drop arm64.imp-id.set"]),
        ("no guest_memfd can be made there", ["6.12: drop arm64.memslot.guest-memfd-private"]),
    ];

    private static readonly ImmutableHashSet<string> NotToBeSeen = [.. Unshowable.SelectMany(u => u.Differences)];

    private static IEnumerable<string> OfVm(string release, params string[] capabilities) =>
        capabilities.Select(c => $"{release}: no vm/KVM_CHECK_EXTENSION(KVM_CAP_{c})");

    [Fact]
    public void EveryCasePassesOnTheModelOfEveryRelease() => Golden.Empty(
        Golden.Models.SelectMany(m => Golden.Failures(Golden.Vectors, m, m).Select(r => $"{m.Revision} {m.Host.Name} {r}")));

    [Fact]
    public void WhatNoIoctlTellsOfAHostIsFoundByTheCases()
    {
        foreach (Host host in X86Hosts.All)
        {
            using ModelTarget kernel = new("model", new Model.Model(Revisions.Linux73, host));
            Checker checker = new(kernel, new Model.Model(Revisions.Linux73, host with { Settled = host.Settled.Clear() }));
            CheckRun run = new(checker, Strictness.Exact);
            run.Vectors(Golden.Files.SelectMany(f => f.Cases.Select(v => new PlacedVector(f.Path, v))), new Excuses([]), CancellationToken.None);
            Golden.Empty(run.Tally!.Failed.Select(f => $"{host.Name} {f.Result}"));
            Assert.Empty(run.Groups);
            Golden.Empty(checker.Settled.Where(s => host.Settled[s.Fact] != s.Holds).Select(s => $"{host.Name}: {s.Fact} is settled wrongly by {s.By}"));
            Assert.Empty(host.Settled.Keys.Except(checker.Model.Host.Settled.Keys).Except([KernelMemory.ApicSlot, KernelMemory.AvicSlot]));
        }
    }

    [Fact]
    public void NothingIsWrongInTheFiles() => Golden.Empty(VectorLint.Check(Golden.Files, Golden.Models));

    [Fact]
    public void EveryClauseOfEveryReleaseIsDecidedOrSaysWhyNot()
    {
        List<string> wrong = [];
        foreach (Revision release in Revisions.Releases)
        {
            IReadOnlySet<string> decided = VectorLint.Decided(Golden.Files, [.. Golden.Models.Where(m => m.Revision == release)]);
            string[] left = [.. release.Architectures.SelectMany(a => release.Book(a)!.Clauses).Distinct().Order(StringComparer.Ordinal).Where(c => !decided.Contains(c)).Select(c => $"{release} {c}")];
            string[] known = [.. Undecided.Where(u => u.Release is null || u.Release == release.Name).Select(u => $"{release} {u.Clause}")];
            wrong.AddRange(left.Except(known).Select(c => $"{c} is decided by no case").Concat(known.Except(left).Select(c => $"{c} is decided after all")));
        }

        Golden.Empty(wrong);
    }

    [Fact]
    public void EveryDifferenceBetweenReleasesShowsOnBothSides()
    {
        string[] unseen = [.. Revisions.Releases.Where(r => r.Parent is not null).SelectMany(Unseen)];
        Golden.Empty(unseen.Except(NotToBeSeen).Select(u => u + " shows nowhere").Concat(NotToBeSeen.Except(unseen).Select(u => u + " shows after all")));
    }

    /// <summary>The edits of a release of which its cases, or its parent's, do not tell whether they were made.</summary>
    private static IEnumerable<string> Unseen(Revision release)
    {
        Dictionary<Architecture, Book> before = release.Parent!.Architectures.ToDictionary(a => a, a => release.Parent.Book(a)!);
        foreach (Edit edit in release.Edits)
        {
            // Elsewhere the books with and without the edit are the same, and all cases pass on both.
            Architecture[] concerned = [.. before.Where(b => edit.AppliesTo(b.Value) || edit.AppliesTo(release.Parent.Book(b.Key)!)).Select(b => b.Key)];
            foreach (Architecture architecture in concerned.Where(a => edit.AppliesTo(before[a])))
            {
                before[architecture] = edit.Apply(before[architecture]);
            }

            Revision without = new("without", "", release.Parent, release.Edits.Remove(edit));
            Revision with = new("with", "", release.Parent, edit);
            foreach ((Revision known, Revision kernel) in new[] { (release, without), (release.Parent, with) })
            {
                if (!Shows(edit, [.. concerned.SelectMany(a => Golden.ModelsOf(known, a).Zip(Golden.ModelsOf(kernel, a)))]))
                {
                    yield return $"{known}: {edit.Words}";
                }
            }
        }
    }

    /// <summary>True where some case fails on the kernel of a pair: those that name the edit's clauses are tried first.</summary>
    private static bool Shows(Edit edit, (Model.Model Known, Model.Model Kernel)[] pairs)
    {
        ILookup<bool, Vector> naming = Golden.Vectors.ToLookup(v => v.Clauses.Any(c => edit.Clauses.Contains(c)));
        return pairs.Any(p => Golden.AnyFails(naming[true], p.Known, p.Kernel)) || pairs.Any(p => Golden.AnyFails(naming[false], p.Known, p.Kernel));
    }
}
