using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;
using KvmSpec.Properties.Laws;
using Xunit;
using OneReg = KvmSpec.Model.Uapi.Arm64Ioctls.OneReg;
using Step = KvmSpec.Properties.Laws.Step;

namespace KvmSpec.Properties.Arm64;

/// <summary>What is true of the ID registers that a VM stores, whatever was written.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class IdRegisterLaws
{
    private static readonly Setting[] Settings = [.. Setting.Anew().Where(s => s.Host.Architecture == Architecture.Arm64 && s.Revision.IsRelease)];

    [Law("arm64.id-reg.below-limit", "∀ s, VM v, register r, lower-safe field f that can be written: f(r(v, s)) ≤ f(limit(r, v, s))")]
    [Property(MaxTest = 3000)]
    public void StoredFieldsAreBelowTheirLimit(SequenceName name) => EachState(name, (setting, state) =>
    {
        foreach (RegisterValue stored in state.Registers)
        {
            IdRegister register = IdRegisterTable.All[(int)stored.Register];
            ulong limit = IdRegisters.Limit(setting.Host, state, register);
            foreach (IdField field in register.Fields)
            {
                if (field.Type == SafeValue.Lower && field.WritableSince <= setting.Model[IdRegisterTable.Release] && !BelongsToController(register, field)
                    && field.Of(stored.Value) > field.Of(limit))
                {
                    return false;
                }
            }
        }

        return true;
    });

    [Law("arm64.id-reg.features-stay", "∀ write to an ID register s → s': features(v, s') = features(v, s)")]
    [Property(MaxTest = 2000)]
    public void NoWriteSwitchesAFeature(SequenceName name) => Each(name, (_, step) =>
        step.Call.Operation.Ioctl != OneReg.Set.Ioctl || FeaturesOf(step.Before, step.Vm) == FeaturesOf(step.After, step.Vm));

    [Law("arm64.id-reg.shared", "∀ s, vCPUs u, w of a VM, register r that the VM keeps: r(u, s) = r(w, s)")]
    [Property(MaxTest = 300)]
    public void EveryVcpuReadsTheSame(SequenceName name) => Each(name, (setting, step) =>
    {
        foreach (IdRegister register in new[] { IdRegisterTable.Pfr0, IdRegisterTable.Mmfr0, IdRegisterTable.Ctr, IdRegisterTable.Midr })
        {
            ulong? first = null;
            foreach (Descriptor descriptor in step.After.Open)
            {
                Call get = new Call(setting.Model.Book.Operations.First(o => o.Ioctl == OneReg.Get.Ioctl), descriptor.Name).With(OneReg.Get.Id, register.Symbol.Value);
                if (descriptor.Name.Kind != DescriptorKind.Vcpu || descriptor.Vm != step.Vm)
                {
                    continue;
                }

                setting.Model.Answer(step.After, get, out Observation observed, out Rule decided);
                if (decided.Accepts && !decided.Open && (first ??= observed.After[OneReg.Get.Value.Index]) != observed.After[OneReg.Get.Value.Index])
                {
                    return false;
                }
            }
        }

        return true;
    });

    [Fact]
    [Law("arm64.id-reg.downward", "∀ host, lower-safe field f that can be written, minimum ≤ a ≤ b ≤ limit: b is accepted ⇒ a is accepted")]
    public void AcceptedValuesAreClosedDownward()
    {
        foreach (Setting setting in Settings)
        {
            (World world, Call set) = Fresh(setting);
            foreach (IdRegister register in IdRegisterTable.All.Where(r => r.Kind == IdRegisterKind.Feature))
            {
                ulong limit = IdRegisters.Limit(setting.Host, Arm64State.New with { Configured = true, Features = (ushort)VcpuFeatures.Psci02 }, register);
                foreach (IdField field in register.Fields.Where(f => f.Type == SafeValue.Lower && !f.Signed && f.WritableSince <= setting.Model[IdRegisterTable.Release]))
                {
                    bool[] accepted = [.. Enumerable.Range(field.OrZero ? 1 : 0, field.Of(limit) + 1 - (field.OrZero ? 1 : 0)).Select(value => setting.Model.Decide(
                        world, set.With(OneReg.Set.Id, register.Symbol.Value).With(OneReg.Set.Value, (limit & ~field.Mask) | ((ulong)value << field.Shift))).Accepts)];
                    int least = setting.Model[IdRegisterTable.Release] >= field.MinimumSince && field.MinimumWith == VcpuFeatures.None ? field.Minimum : 0;
                    for (int value = 0; value < accepted.Length; value++)
                    {
                        Assert.True(accepted[value] == (value >= least), $"{setting}: {register}.{field.Name} = {value}");
                    }
                }
            }
        }
    }

    [Fact]
    [Law("arm64.id-reg.write-back", "∀ host, register r of a new VM: writing r's value succeeds before the first run")]
    public void WhatWasReadCanBeWritten()
    {
        foreach (Setting setting in Settings)
        {
            (World world, Call set) = Fresh(setting);
            foreach (IdRegister register in IdRegisterTable.All)
            {
                Call get = new Call(setting.Model.Book.Operations.First(o => o.Ioctl == OneReg.Get.Ioctl), set.On).With(OneReg.Get.Id, register.Symbol.Value);
                setting.Model.Answer(world, get, out Observation observed, out _);
                Rule decided = setting.Model.Decide(world, set.With(OneReg.Set.Id, register.Symbol.Value).With(OneReg.Set.Value, observed.After[OneReg.Get.Value.Index]));
                bool hidden = setting.Host.Name == "arm64-imagined" && register == IdRegisterTable.Pfr1;
                Assert.True(decided.Accepts || hidden, $"{setting}: {register} = 0x{observed.After[OneReg.Get.Value.Index]:x} is {decided}");
            }
        }
    }

    [Fact]
    [Law("arm64.id-reg.order", "∀ host, registers r ≠ q, values a, b at and beside their limits: after r := a, q := b the state is that after q := b, r := a")]
    public void TheOrderOfWritesDoesNotMatter()
    {
        foreach (Setting setting in Settings)
        {
            (World world, Call set) = Fresh(setting);
            Call[] writes = [.. setting.Model.Book.Operations.First(o => o.Ioctl == OneReg.Set.Ioctl).Together!.On(setting.Host)
                .Select(row => set.With(OneReg.Set.Id, row[0]).With(OneReg.Set.Value, row[1]))];
            for (int i = 0; i < writes.Length; i++)
            {
                Call one = writes[i];
                Call other = writes[(int)((uint)i * 2654435761 % (uint)writes.Length)];
                if (one[OneReg.Set.Id] != other[OneReg.Set.Id])
                {
                    World there = setting.Model.Step(setting.Model.Step(world, one, out _), other, out _);
                    World back = setting.Model.Step(setting.Model.Step(world, other, out _), one, out _);
                    Assert.True(there.Equals(back), $"{setting}: {one} and {other}");
                }
            }
        }
    }

    [Fact]
    [Law("arm64.id-reg.no-allocation", "a verdict on a write to an ID register allocates nothing")]
    public void AVerdictAllocatesNothing()
    {
        Setting setting = Settings[0];
        (World world, Call set) = Fresh(setting);
        Call[] calls = [.. IdRegisterTable.All.SelectMany(r => new ulong[] { 0, 1, ulong.MaxValue }.Select(v => set.With(OneReg.Set.Id, r.Symbol.Value).With(OneReg.Set.Value, v)))];
        for (int warm = 0; warm < 300; warm++)
        {
            _ = setting.Model.Decide(world, calls[warm % calls.Length]);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (Call call in calls)
        {
            _ = setting.Model.Decide(world, call);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>GIC and GCIE follow the interrupt controller, not the host.</summary>
    private static bool BelongsToController(IdRegister register, IdField field) =>
        field.Name is "GIC" or "GCIE" && (register == IdRegisterTable.Pfr0 || register == IdRegisterTable.Pfr2 || register == IdRegisterTable.Aarch32Pfr1);

    private static int FeaturesOf(World world, uint vm) =>
        world.Vms.TryFind(vm, out Vm found) && found.Architecture is Arm64State state ? state.Features : 0;

    /// <summary>A VM with one vCPU that was initialised without features, and a write to be filled.</summary>
    private static (World World, Call Set) Fresh(Setting setting)
    {
        Operation Of(Ioctl ioctl) => setting.Model.Book.Operations.First(o => o.Ioctl == ioctl && o.Case is null);
        Handle vm = new(DescriptorKind.Vm, 0);
        Handle vcpu = new(DescriptorKind.Vcpu, 0);
        World world = setting.Model.Step(World.Initial, new Call(Of(Ioctls.CreateVm.Ioctl), Handle.Kvm) { As = vm }.With(Ioctls.CreateVm.Type, 36), out _);
        world = setting.Model.Step(world, new Call(Of(Ioctls.CreateVcpu.Ioctl), vm) { As = vcpu }, out _);
        world = setting.Model.Step(world, new Call(Of(Arm64Ioctls.VcpuInit.Ioctl), vcpu)
            .With(Arm64Ioctls.VcpuInit.Target, Arm64Host.GenericTarget).With(Arm64Ioctls.VcpuInit.Features[0], (ulong)VcpuFeatures.Psci02), out Rule decided);
        Assert.True(decided.Accepts, $"{setting}: {decided}");
        return (world, new Call(Of(OneReg.Set.Ioctl), vcpu));
    }

    private static void Each(SequenceName name, Func<Setting, Step, bool> holds)
    {
        Setting setting = Settings[(int)(name.Seed % (ulong)Settings.Length)];
        KvmSpec.Properties.Laws.Walks.Each(setting, name, step => holds(setting, step));
    }

    private static void EachState(SequenceName name, Func<Setting, Arm64State, bool> holds) => Each(name, (setting, step) =>
        !step.After.Vms.TryFind(step.Vm, out Vm vm) || vm.Architecture is not Arm64State state || holds(setting, state));
}
