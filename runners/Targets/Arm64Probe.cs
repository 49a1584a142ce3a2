using System.Collections.Immutable;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Uapi;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;
using OneReg = KvmSpec.Model.Uapi.Arm64Ioctls.OneReg;
using VcpuInit = KvmSpec.Model.Uapi.Arm64Ioctls.VcpuInit;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// Finds out what an arm64 host can give to a VM: the ID registers' limits with all features, with nested virtualization
/// too, the CPU's own target, the vector lengths, the interrupt controllers.
/// </summary>
internal static class Arm64Probe
{
    private const int SmallestAddressBits = 36;
    private const int LargestAddressBits = 52;

    private static readonly Handle VmHandle = new(DescriptorKind.Vm, 0);
    private static readonly Handle VcpuHandle = new(DescriptorKind.Vcpu, 0);
    private static readonly Handle DeviceHandle = new(DescriptorKind.Device, 0);

    private static readonly (VcpuFeatures Bits, Symbol Capability)[] Optional =
    [
        (VcpuFeatures.PmuV3, Capabilities.ARM_PMU_V3),
        (VcpuFeatures.Sve, Capabilities.ARM_SVE),
        (VcpuFeatures.PointerAuthentication, Capabilities.ARM_PTRAUTH_ADDRESS),
    ];

    private static readonly (Symbol Type, VgicKinds Kind)[] Controllers =
    [
        (DeviceTypes.ArmVgicV2, VgicKinds.V2), (DeviceTypes.ArmVgicV3, VgicKinds.V3),
        (DeviceTypes.ArmVgicIts, VgicKinds.Its), (DeviceTypes.ArmVgicV5, VgicKinds.V5),
    ];

    /// <summary>Probes the host.</summary>
    /// <param name="onSystem">KVM_CHECK_EXTENSION's answers on /dev/kvm, by capability.</param>
    /// <param name="make">Makes calls on the host.</param>
    /// <exception cref="TargetException">A vCPU that the capabilities promise cannot be made.</exception>
    public static Arm64Host Of(ReadOnlySpan<int> onSystem, MakesCalls make)
    {
        VcpuFeatures all = VcpuFeatures.Psci02;
        foreach ((VcpuFeatures bits, Symbol capability) in Optional)
        {
            all |= onSystem[(int)capability.Value] > 0 ? bits : 0;
        }

        bool tags = onSystem[(int)Capabilities.ARM_MTE.Value] > 0;
        ImmutableArray<ulong> registers = Registers(all, tags, make);
        return new Arm64Host
        {
            Target = Target(make),
            Vgics = Vgics(make),
            ImplementedPpis = UserspacePpis(make),
            Registers = registers,
            NestedRegisters = onSystem[(int)Capabilities.ARM_EL2.Value] > 0 ? Registers(all | VcpuFeatures.HasEl2, tags, make) : [],
            HardwareFields = HardwareFields(registers, all, tags, make),
            VectorLengths = (all & VcpuFeatures.Sve) != 0 ? Value(make, Get(Arm64Ioctls.VectorLengths.Value), all, tags) : 0,
        };
    }

    /// <summary>The end of user addresses: the last page below 2^N that a memslot may lie in tells N.</summary>
    public static ulong UserAddressEnd(MakesCalls make)
    {
        Operation set = Asking(Ioctls.SetUserMemoryRegion.Ioctl, DescriptorKind.Vm);
        Call[] calls =
        [
            .. Vcpu(VcpuFeatures.None, false),
            .. Enumerable.Range(SmallestAddressBits, LargestAddressBits - SmallestAddressBits + 1).Select(bits => new Call(set, VmHandle)
                .With(Ioctls.SetUserMemoryRegion.Slot, (ulong)bits)
                .With(Ioctls.SetUserMemoryRegion.Gpa, (ulong)bits * Vm.PageSize)
                .With(Ioctls.SetUserMemoryRegion.Size, Vm.PageSize)
                .With(Ioctls.SetUserMemoryRegion.UserAddress, (1UL << bits) - Vm.PageSize)),
        ];
        int taken = Array.FindLastIndex(Made(calls, make), a => a.Errno == Errno.None);
        return 1UL << (LargestAddressBits - (calls.Length - 1 - taken));
    }

    private static ImmutableArray<ulong> Registers(VcpuFeatures features, bool tags, MakesCalls make)
    {
        Call[] calls = [.. Vcpu(features, tags), .. IdRegisterTable.All.Select(r => Get(r.Symbol.Value))];
        Observation[] answers = Made(calls, make);
        int first = calls.Length - IdRegisterTable.All.Length;
        if (answers[first - 1].Errno != Errno.None)
        {
            throw new TargetException($"KVM_ARM_VCPU_INIT with features 0x{(int)features:x}: {answers[first - 1].Summary}, though the capabilities promise them");
        }

        return [.. answers.Skip(first).Select(a => a.After[OneReg.Get.Value.Index])];
    }

    /// <summary>What may be written to fields that read as zero: only what the hardware has in them.</summary>
    private static ImmutableArray<ulong> HardwareFields(ImmutableArray<ulong> registers, VcpuFeatures features, bool tags, MakesCalls make)
    {
        ulong[] fields = new ulong[registers.Length];
        foreach (IdRegister register in IdRegisterTable.All.Where(r => r.IgnoredAsHardware != 0))
        {
            ulong value = registers[(int)register.Index];
            if ((value & register.IgnoredAsHardware) != 0)
            {
                continue;
            }

            ulong lowest = register.IgnoredAsHardware & (~register.IgnoredAsHardware + 1);
            Call[] writes = [.. Enumerable.Range(1, 15).Select(v => Set(register.Symbol.Value, value | (lowest * (ulong)v)))];
            Call[] calls = [.. Vcpu(features, tags), .. writes];
            int taken = Array.FindIndex(Made(calls, make)[^writes.Length..], a => a.Errno == Errno.None);
            fields[register.Index] = lowest * (ulong)(taken + 1);
        }

        return [.. fields];
    }

    private static uint Target(MakesCalls make)
    {
        Call[] calls = [.. Enumerable.Range(0, (int)Arm64Host.GenericTarget).SelectMany(t => Vcpu(VcpuFeatures.None, false, (uint)t))];
        int each = calls.Length / (int)Arm64Host.GenericTarget;
        Observation[] answers = Made(calls, make);
        return (uint)Enumerable.Range(0, (int)Arm64Host.GenericTarget).FirstOrDefault(
            t => answers[(t * each) + each - 1].Errno == Errno.None, (int)Arm64Host.GenericTarget);
    }

    private static VgicKinds Vgics(MakesCalls make)
    {
        Operation create = Asking(Ioctls.CreateDevice.Ioctl, DescriptorKind.Vm);
        Call[] calls = [.. Vcpu(VcpuFeatures.None, false), .. Controllers.Select(c => new Call(create, VmHandle)
            .With(Ioctls.CreateDevice.Type, c.Type.Value).With(Ioctls.CreateDevice.Flags, Ioctls.CreateDevice.Test))];
        Observation[] answers = Made(calls, make);
        VgicKinds kinds = VgicKinds.None;
        for (int i = 0; i < Controllers.Length; i++)
        {
            kinds |= answers[calls.Length - Controllers.Length + i].Errno == Errno.None ? Controllers[i].Kind : 0;
        }

        return kinds;
    }

    /// <summary>Of the PPIs that a GICv5 implements those that userspace may drive; 0 where there is no GICv5. No ioctl tells of the others.</summary>
    private static ulong UserspacePpis(MakesCalls make)
    {
        Operation create = Asking(Ioctls.CreateDevice.Ioctl, DescriptorKind.Vm) with { Creates = DescriptorKind.Device };
        Call[] calls =
        [
            .. Vcpu(VcpuFeatures.None, false),
            new Call(create, VmHandle) { As = DeviceHandle }.With(Ioctls.CreateDevice.Type, DeviceTypes.ArmVgicV5.Value),
            new Call(Asking(Attribute.Set.Ioctl, DescriptorKind.Device), DeviceHandle).With(Attribute.Set.Group, VgicGroups.Control.Value),
            new Call(Asking(Attribute.Get.Ioctl, DescriptorKind.Device), DeviceHandle)
                .With(Attribute.Get.Group, VgicGroups.Control.Value).With(Attribute.Get.Number, VgicAttributes.UserspacePpis),
        ];
        return Made(calls, make)[^1] is { Errno: Errno.None } answer ? answer.After[Attribute.Get.Content.Index] : 0;
    }

    private static ulong Value(MakesCalls make, Call get, VcpuFeatures features, bool tags) =>
        Made([.. Vcpu(features, tags), get], make)[^1].After[OneReg.Get.Value.Index];

    /// <summary>A VM with one vCPU; the last call initialises it.</summary>
    private static IEnumerable<Call> Vcpu(VcpuFeatures features, bool tags, uint target = Arm64Host.GenericTarget)
    {
        yield return new Call(Asking(Ioctls.CreateVm.Ioctl, DescriptorKind.System) with { Creates = DescriptorKind.Vm }, Handle.Kvm) { As = VmHandle };
        if (tags)
        {
            yield return new Call(Asking(Ioctls.EnableCap.Ioctl, DescriptorKind.Vm), VmHandle).With(Ioctls.EnableCap.Capability, Capabilities.ARM_MTE.Value);
        }

        yield return new Call(Asking(Ioctls.CreateVcpu.Ioctl, DescriptorKind.Vm) with { Creates = DescriptorKind.Vcpu }, VmHandle) { As = VcpuHandle };
        yield return new Call(Asking(VcpuInit.Ioctl, DescriptorKind.Vcpu), VcpuHandle)
            .With(VcpuInit.Target, target).With(VcpuInit.Features[0], (ulong)features);
    }

    private static Call Get(ulong id) => new Call(Asking(OneReg.Get.Ioctl, DescriptorKind.Vcpu), VcpuHandle).With(OneReg.Get.Id, id);

    private static Call Set(ulong id, ulong value) =>
        new Call(Asking(OneReg.Set.Ioctl, DescriptorKind.Vcpu), VcpuHandle).With(OneReg.Set.Id, id).With(OneReg.Set.Value, value);

    private static Observation[] Made(Call[] calls, MakesCalls make)
    {
        Observation[] answers = new Observation[calls.Length];
        make(calls, answers);
        return answers;
    }

    /// <summary>An ioctl as a question: there are no rules, for nothing is known of the host yet.</summary>
    private static Operation Asking(Ioctl ioctl, DescriptorKind on) => new() { Ioctl = ioctl, On = on, Rules = [] };
}
