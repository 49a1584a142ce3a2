using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.Sequences;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>
/// What the reviewer of the first posting asked for: no code may see a VM's G-stage mode as one thing while other code
/// sees another.
/// </summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class RiscvLaws
{
    /// <summary>Every revision on every RISC-V host, but the posting whose code breaks the law.</summary>
    private static readonly Setting[] Keeping =
        [.. Setting.All.Where(s => s.Host.Architecture is Architecture.Riscv64 or Architecture.Riscv32 && s.Revision != RiscvPostings.V2)];

    [Law("riscv.mode-fixed", "∀ revision but v2's code, s → s', v in both: vcpus(v, s) ≠ ∅ ∨ memslots(v, s) ≠ ∅ ⇒ mode(v, s') = mode(v, s)")]
    [Property(MaxTest = 6000)]
    public void ModeIsFixed(uint which, SequenceName name)
    {
        Setting setting = Keeping[which % Keeping.Length];
        Walks.EachVm(setting, name, (before, after) => !Built(before) || Mode(setting.Host, before) == Mode(setting.Host, after));
    }

    [Law("riscv.memslots-within-reach", "∀ revision but v2's code, reachable s, a ∈ memslots(v, s): gpa(a) + size(a) ≤ 2^gpa-bits(mode(v, s))")]
    [Property(MaxTest = 6000)]
    public void MemslotsAreWithinReach(uint which, SequenceName name)
    {
        Setting setting = Keeping[which % Keeping.Length];
        Walks.EachVm(setting, name, (_, after) =>
        {
            foreach (Memslot slot in after.Memslots)
            {
                if (slot.Gpa + slot.Size > Mode(setting.Host, after).GpaEnd)
                {
                    return false;
                }
            }

            return true;
        });
    }

    [Law("riscv.paths-differ", "∀ mode, g, h < 2^gpa-bits(mode): ⌊g/4096⌋ ≠ ⌊h/4096⌋ ⇒ some index of g ≠ that of h; g + 2^gpa-bits has the path of g")]
    [Property(MaxTest = 2000)]
    public void PathsDiffer(ulong one, ulong other, byte near)
    {
        foreach (GStageMode mode in GStageMode.All)
        {
            ulong g = one % mode.GpaEnd;
            foreach (ulong h in new[] { other % mode.GpaEnd, g ^ (Vm.PageSize << (near % (mode.GpaBits - 12))) })
            {
                bool same = Enumerable.Range(0, mode.Levels).All(level => mode.Index(g, level) == mode.Index(h, level));
                Assert.Equal(g / Vm.PageSize == h / Vm.PageSize, same);
            }

            Assert.All(Enumerable.Range(0, mode.Levels), level => Assert.Equal(mode.Index(g, level), mode.Index(g + mode.GpaEnd, level)));
        }
    }

    [Law("riscv.mode-fixed.exhaustively", "∀ revision: riscv.mode-fixed over every state of the scope riscv64-mode, but for v2's code, which three calls refute")]
    [Fact]
    public void TheShortestSequenceThatChangesTheModeTooLate()
    {
        foreach (Revision revision in Revisions.All.Where(r => r.Architectures.Contains(Architecture.Riscv64)))
        {
            string found = string.Join('\n', Refuted(revision));
            Assert.Equal(revision != RiscvPostings.V2 ? "" :
                """
                { on: kvm, ioctl: KVM_CREATE_VM, as: vm0 }
                { on: vm0, ioctl: KVM_CREATE_VCPU, as: vcpu0 }
                { on: vm0, ioctl: KVM_ENABLE_CAP, cap: KVM_CAP_VM_GPA_BITS, args0: 41 }
                """, found);
        }
    }

    /// <summary>The shortest sequence of the small scope after which the mode of a VM in use has changed; empty where none has.</summary>
    private static IEnumerable<string> Refuted(Revision revision)
    {
        Host host = Hosts.Find(RiscvScopes.Mode.Host)!;
        Model.Model model = new(revision, host);
        Dictionary<World, (World Before, Call Call)> back = new() { [World.Initial] = default };
        List<Call> sequence = [];
        StateSearch search = new(model, new SmallCalls(model, model.Book.Operations, RiscvScopes.Mode))
        {
            Seen = (before, call, _, after) =>
            {
                back.TryAdd(after, (before, call));
                if (sequence.Count == 0 && before.Vms.TryFind(0, out Vm was) && Built(was) && after.Vms.TryFind(0, out Vm now) && Mode(host, was) != Mode(host, now))
                {
                    sequence.Add(call);
                    for (World at = before; !at.Equals(World.Initial); at = back[at].Before)
                    {
                        sequence.Insert(0, back[at].Call);
                    }
                }
            },
        };
        SearchResult result = search.Run(int.MaxValue, int.MaxValue);
        Assert.Equal(SearchEnd.Closed, result.End);
        return sequence.Select(c => c.ToString());
    }

    private static bool Built(Vm vm) => vm.HasVcpus || vm.Memslots is not null;

    private static GStageMode Mode(Host host, Vm vm)
    {
        byte chosen = ((RiscvState)vm.Architecture!).ChosenGpaBits;
        return GStageMode.Reaching(host.Architecture, chosen == 0 ? (ulong)host.GpaBits : chosen)!;
    }
}
