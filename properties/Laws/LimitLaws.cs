using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using KvmSpec.Model.X86;
using Xunit;
using Region = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion;

namespace KvmSpec.Properties.Laws;

/// <summary>Every limit stands in the alphabets with both its neighbours, and decides.</summary>
public sealed class LimitLaws
{
    /// <summary>Limits that no single argument is compared with: what is, in which steps.</summary>
    private static readonly Dictionary<Limit, (Func<Model.Model, IEnumerable<ulong>> Compared, ulong Step)> Measures = new()
    {
        [ArchitectureLimits.GpaEnd] = (m => Values(m, Region.Gpa).Select(gpa => gpa + Vm.PageSize), Vm.PageSize),
        [CommonLimits.UserAddressEnd] = (m => Values(m, Region.UserAddress).Select(address => address + Vm.PageSize), Vm.PageSize),
        [CommonLimits.MemslotPages] = (m => Values(m, Region.Size).Select(size => size / Vm.PageSize), 1),
        [CommonLimits.AddressSpaces] = (m => Values(m, Region.Slot).Select(slot => slot >> 16), 1),
    };

    /// <summary>Limits whose neighbours cannot all be arguments, or are not: why.</summary>
    private static readonly Dictionary<Limit, string> NotAround = new()
    {
        [CommonLimits.Vcpus] = "counted over the sequence, not an argument: the law below lowers it",
        [CommonLimits.DirtyRingSmallest] = "only powers of two get so far: the neighbours are half and double",
        [CommonLimits.UserAddressEnd] = "a slot that ends one page before the limit is missing; at the limit and one page after it are there",
        [CommonLimits.AddressSpaces] = "the number after the first refused one is missing from the slots' alphabet",
        [MsrFilters.TscFrequency] = "the highest frequency that is accepted is missing from the alphabet",
        [Vgic.Ppis] = "one of four fields of an argument: its neighbours are there with the others",
        [Vgic.UserspacePpis] = "a mask, not a bound",
    };

    /// <summary>Moves that nobody can see, and why.</summary>
    private static readonly Dictionary<(Limit Limit, long By), string> Unseen = new()
    {
        [(ArchitectureLimits.GpaEnd, 1)] = "slots end at whole pages: one byte more admits nothing",
        [(CommonLimits.UserAddressEnd, 1)] = "slots end at whole pages: one byte more admits nothing",
        [(CommonLimits.DirtyRingSmallest, -1)] = "a ring's size is a power of two: one byte less admits nothing",
        [(CommonLimits.DirtyRingLargest, 1)] = "a ring's size is a power of two: one byte more admits nothing",
        [(VgicAttributes.LeastInterrupts, -1)] = "numbers of interrupts are multiples of 32: one less admits nothing",
        [(VgicAttributes.MostInterrupts, -1)] = "numbers of interrupts are multiples of 32: the greatest is far below",
        [(Vgic.Ppis, 1)] = "no PPI near the limit is one that userspace may drive",
        [(Vgic.Ppis, -1)] = "no PPI near the limit is one that userspace may drive",
    };

    [Law("limit.in-alphabet", "∀ book, limit l of it: some operation's alphabet makes it compare l - 1, l and l + 1 with l, in l's steps")]
    [Fact]
    public void AlphabetsHoldLimits()
    {
        foreach (Setting setting in Setting.All)
        {
            foreach (Limit limit in setting.Model.Book.Limits.Keys.Where(l => !NotAround.ContainsKey(l)))
            {
                ulong value = setting.Model[limit];
                bool held = Measures.TryGetValue(limit, out var measure)
                    ? Holds(measure.Compared(setting.Model), value, measure.Step)
                    : setting.Model.Book.Operations.Any(o => o.Alphabet.Keys.Any(f => Holds(setting.Model.Interesting(o, f), value, 1)));
                Assert.True(held, $"{setting}: {limit}");
            }
        }
    }

    [Law("limit.decides", "∀ limit l of the newest book, by ∈ {-1, 1}: some host, state and call are answered otherwise with l + by")]
    [Fact]
    public void MovingLimitsShows()
    {
        foreach (Limit limit in Setting.Newest.Model.Book.Limits.Keys)
        {
            foreach (long by in new long[] { -1, 1 })
            {
                bool shows = Newest.Where(s => s.Model.Book.Limits.ContainsKey(limit)).Any(setting => Shows(setting, limit, by));
                Assert.True(shows != Unseen.ContainsKey((limit, by)), $"{limit} moved by {by} {(shows ? "shows" : "does not show")}");
            }
        }
    }

    private static IEnumerable<Setting> Newest => Setting.All.Where(s => s.Revision == Setting.Newest.Revision);

    private static IEnumerable<ulong> Values(Model.Model model, Field field) =>
        model.Interesting(model.Book.Operations.First(o => o.Ioctl?.Fields.Contains(field) == true), field);

    private static bool Holds(IEnumerable<ulong> values, ulong limit, ulong step)
    {
        HashSet<ulong> all = [.. values];
        return all.Contains(limit - step) && all.Contains(limit) && all.Contains(limit + step);
    }

    private static bool Shows(Setting setting, Limit limit, long by)
    {
        // A VM with thousands of vCPUs shows nothing more than one with two.
        Revision near = limit == CommonLimits.Vcpus ? new Revision("low", "few vCPUs", setting.Revision, new SetLimit(limit, 2)) : setting.Revision;
        Model.Model original = new(near, setting.Host);
        Model.Model moved = new(new Revision("moved", "one limit moved", near, new SetLimit(limit, b => b.Moved(by), "moved")), setting.Host);
        Call[] calls = [.. Calls(original, moved)];
        IEnumerable<World> states = limit.Name.StartsWith("vgic-", StringComparison.Ordinal) ? Opened(original) : States(original);
        return states.Any(world => calls.Any(call =>
        {
            original.Answer(world, call, out Observation one, out _);
            moved.Answer(world, call, out Observation other, out _);
            return !one.SaysAs(other);
        }));
    }

    /// <summary>A new VM, and the same with one and two vCPUs.</summary>
    private static IEnumerable<World> States(Model.Model model)
    {
        Handle vm = new(DescriptorKind.Vm, 0);
        Operation createVm = model.Book.Operations.Single(o => o.Ioctl == Ioctls.CreateVm.Ioctl);
        Operation createVcpu = model.Book.Operations.Single(o => o.Ioctl == Ioctls.CreateVcpu.Ioctl);
        World world = model.Step(World.Initial, new Call(createVm, Handle.Kvm) { As = vm }, out _);
        yield return world;
        for (byte i = 0; i < 2; i++)
        {
            Call call = new(createVcpu, vm) { As = new Handle(DescriptorKind.Vcpu, i) };
            world = model.Step(world, call.With(Ioctls.CreateVcpu.Id, i), out _);
            yield return world;
        }
    }

    /// <summary>The states that generated sequences begin in.</summary>
    private static IEnumerable<World> Opened(Model.Model model) => model.Book.Openings.Select(opening =>
        opening.Aggregate(World.Initial, (world, call) => model.Step(world, call, out _)));

    /// <summary>
    /// Every operation with its usual words but for one, which takes each interesting value; where there are few values,
    /// but for two, since one often chooses what the other means.
    /// </summary>
    private static IEnumerable<Call> Calls(Model.Model original, Model.Model moved)
    {
        foreach (Operation operation in original.Book.Operations.Where(o => o.Alphabet.Count > 0))
        {
            Handle name = new(operation.Creates ?? DescriptorKind.Vm, 1);
            Call usual = new(operation, new Handle(operation.On, 0)) { As = operation.Creates is null ? default : name };
            Dictionary<Field, ulong[]> values = [];
            foreach (Field field in operation.Alphabet.Keys)
            {
                usual.Words[field.Index] = original.Interesting(operation, field).GroupBy(v => v).MaxBy(g => g.Count())!.Key;
                values[field] = [.. original.Interesting(operation, field).Union(moved.Interesting(operation, field))];
            }

            foreach ((Field field, ulong[] alone) in values)
            {
                Field[] others = [.. values.Keys.Where(f => f.Index > field.Index && alone.Length <= Few && values[f].Length <= Few)];
                foreach (ulong value in alone)
                {
                    Call call = usual;
                    call.Words[field.Index] = value;
                    yield return call;
                    foreach (Field other in others)
                    {
                        foreach (ulong second in values[other])
                        {
                            Call both = call;
                            both.Words[other.Index] = second;
                            yield return both;
                        }
                    }
                }
            }
        }
    }

    /// <summary>How many values two fields have at most that are varied together.</summary>
    private const int Few = 8;
}
