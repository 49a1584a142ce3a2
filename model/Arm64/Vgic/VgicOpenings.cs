using System.Collections.Immutable;
using KvmSpec.Model.Uapi;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// How VMs with an interrupt controller are set up: made, placed, initialised, with vCPUs that can run. A controller answers
/// little before that, and calls drawn one by one seldom get so far.
/// </summary>
public static class VgicOpenings
{
    private const ulong Distributor = 0x8000000;
    private const ulong Redistributors = 0x80a0000;
    private const ulong GenericTarget = Arm64Host.GenericTarget;
    private const ulong HasEl2 = (ulong)VcpuFeatures.HasEl2;

    private static readonly Handle Vm = new(DescriptorKind.Vm, 0);
    private static readonly Handle Controller = new(DescriptorKind.Device, 0);

    /// <summary>
    /// On a host that can make a vGICv5 half of the calls are to be about it, its interrupts, and the order in which vCPUs
    /// come beside it: what any other host can be asked is asked there often enough.
    /// </summary>
    private static readonly (Func<Operation, bool> Of, int Factor)[] Factors = [(IsOfV5, 3), (IsOfLine, 2), (IsOfOrder, 4), (IsOfPrivateInterrupt, 8)];

    /// <summary>The book with these openings.</summary>
    public static Book In(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        book = book with { Operations = [.. book.Operations.Select(o => EmphasisOf(o) is { } more ? o with { Emphasis = more } : o)] };
        Maker make = new(book);
        ImmutableArray<Call> v2 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV2)];
        ImmutableArray<Call> v3 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV3)];
        ImmutableArray<Call> v5 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV5)];
        ImmutableArray<Call> placedV2 = [make.Set(DeviceTypes.ArmVgicV2, VgicGroups.Addresses, 0, Distributor), make.Set(DeviceTypes.ArmVgicV2, VgicGroups.Addresses, 1, 0x8010000)];
        ImmutableArray<Call> placedV3 = [make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 2, Distributor), make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 3, Redistributors)];
        Call meeting = make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 3, Distributor);
        Call initialized = make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Control, 0, 0);
        Call initializedV5 = make.Set(DeviceTypes.ArmVgicV5, VgicGroups.Control, 0, 0);
        ImmutableArray<Call> vcpu = [make.Vcpu(0), make.Init(0, 0)];
        ImmutableArray<Call> nested = [make.Vcpu(0), make.Init(0, HasEl2)];
        ImmutableArray<Call> metered = [make.Vcpu(0), make.Init(0, (ulong)VcpuFeatures.PmuV3)];
        ImmutableArray<Call> crowd = [make.Vm(), .. Enumerable.Range(0, 9).Select(i => make.Vcpu((byte)i))];
        return book with
        {
            Openings =
            [
                v2,
                [.. v2, .. vcpu],
                [.. v2, .. placedV2, .. vcpu],
                v3,
                [.. v3, .. vcpu],
                [.. v3, .. vcpu, placedV3[0]],
                [.. v3, .. vcpu, make.Vcpu(1), .. placedV3],
                [.. v3, .. vcpu, .. placedV3, initialized],
                [.. v3, make.Vcpu(0), make.Vcpu(1), initialized],
                [.. v3, placedV3[0], meeting, .. vcpu],
                [.. v3, placedV3[0], make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 5, (2UL << 52) | 0x7fe0000)],
                [.. v3, .. nested, .. placedV3, make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Maintenance, 0, 27), initialized],
                v5,
                [.. v5, .. vcpu],
                [.. v5, .. vcpu, initializedV5],
                [.. v5, make.Vcpu(0), initializedV5, make.Init(0, HasEl2), make.Run(0)],
                [.. v5, .. nested],
                [.. v5, .. vcpu, make.Vcpu(1), initializedV5, make.Run(0)],
                [.. v5, .. metered, make.SetVcpu(0, 1, 0, 0), make.Run(0)],
                [.. v5, .. metered, initializedV5, make.SetVcpu(0, 1, 0, 0), make.Run(0)],
                [.. v5, .. metered, make.SetVcpu(1, 1, 0, TimerInterrupts.Pmu), initializedV5, make.Run(0)],
                [make.Vm(), .. metered, make.SetVcpu(0, 1, 0, 0), make.Device(DeviceTypes.ArmVgicV5), initializedV5, make.Run(0)],
                [make.Vm(), .. vcpu, make.Run(0)],
                [make.Vm(), .. nested, make.Run(0)],
                crowd,
                [.. crowd, make.Device(DeviceTypes.ArmVgicV2)],
                [make.Vm(), make.Device(DeviceTypes.ArmVgicIts), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Addresses, 4, 0x8080000)],
                [make.Vm(), make.Device(DeviceTypes.ArmVgicIts), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Addresses, 4, 0x8080000), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Its, 0x100, 0)],
            ],
        };
    }

    /// <summary>True for calls on or for a vGICv5, on its interrupts, and for what makes and runs vCPUs.</summary>
    public static bool ConcernsV5(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return EmphasisOf(operation) is not null;
    }

    private static Emphasis? EmphasisOf(Operation operation) =>
        Factors.FirstOrDefault(f => f.Of(operation)).Factor is > 0 and int factor ? new Emphasis(DeviceTypes.ArmVgicV5, factor) : null;

    private static bool IsOfV5(Operation operation) => operation.OfDevice == DeviceTypes.ArmVgicV5
        || (operation is { Creates: DescriptorKind.Device, Case: { } type } && type == DeviceTypes.ArmVgicV5);

    private static bool IsOfLine(Operation operation) =>
        operation.Ioctl == VgicIoctls.IrqLine.Plain.Ioctl || operation.Ioctl == VgicIoctls.IrqLine.Status.Ioctl;

    private static bool IsOfOrder(Operation operation) => operation.Creates == DescriptorKind.Vcpu
        || operation.Ioctl == Arm64Ioctls.VcpuInit.Ioctl || operation.Ioctl == Ioctls.Run.Ioctl;

    /// <summary>The attributes by which timers and PMU of a vCPU have their interrupts.</summary>
    private static bool IsOfPrivateInterrupt(Operation operation) => operation.On == DescriptorKind.Vcpu
        && (operation.Ioctl == Ioctls.DeviceAttribute.Set.Ioctl || operation.Ioctl == Ioctls.DeviceAttribute.Get.Ioctl);

    /// <summary>Calls by what they do.</summary>
    private sealed class Maker(Book book)
    {
        public Call Vm() => new(Find(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = VgicOpenings.Vm };

        public Call Device(Symbol type) => new(Find(o => o.Creates == DescriptorKind.Device && o.Case == type), VgicOpenings.Vm) { As = Controller };

        public Call Vcpu(byte id) =>
            new Call(Find(o => o.Creates == DescriptorKind.Vcpu), VgicOpenings.Vm) { As = NameOf(id) }.With(Ioctls.CreateVcpu.Id, id);

        public Call Init(byte id, ulong features) => new Call(Find(o => o.Ioctl == Arm64Ioctls.VcpuInit.Ioctl), NameOf(id))
            .With(Arm64Ioctls.VcpuInit.Target, GenericTarget).With(Arm64Ioctls.VcpuInit.Features[0], features);

        public Call Run(byte id) => new Call(Find(o => o.Ioctl == Ioctls.Run.Ioctl), NameOf(id)).With(Ioctls.Run.ImmediateExit, 1);

        public Call Set(Symbol device, Symbol group, ulong number, ulong value) =>
            new Call(Find(o => o.Ioctl == Attribute.Set.Ioctl && o.OfDevice == device && o.Case == group), Controller)
                .With(Attribute.Set.Number, number).With(Attribute.Set.Content, value);

        public Call SetVcpu(ulong group, ulong attribute, byte id, ulong value) =>
            new Call(Find(o => o.On == DescriptorKind.Vcpu && o.Ioctl == Ioctls.DeviceAttribute.Set.Ioctl), NameOf(id))
                .With(Ioctls.DeviceAttribute.Set.Group, group).With(Ioctls.DeviceAttribute.Set.Attribute, attribute).With(Ioctls.DeviceAttribute.Set.Content, value);

        /// <summary>Sequences have four names for vCPUs: later ones take those of the first.</summary>
        private static Handle NameOf(byte id) => new(DescriptorKind.Vcpu, (byte)(id % Sequences.Scope.Handles(DescriptorKind.Vcpu)));

        private Operation Find(Func<Operation, bool> wanted) => book.Operations.First(wanted);
    }
}
