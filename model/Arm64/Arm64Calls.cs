using KvmSpec.Model.Uapi;
using Attribute = KvmSpec.Model.Uapi.VgicIoctls.Attribute;

namespace KvmSpec.Model.Arm64;

/// <summary>Calls of a book by what they do, for openings: one VM, one device, the vCPUs that sequences have names for.</summary>
/// <param name="book">Whose operations the calls are.</param>
public sealed class Arm64Calls(Book book)
{
    private static readonly Handle TheVm = new(DescriptorKind.Vm, 0);
    private static readonly Handle Controller = new(DescriptorKind.Device, 0);

    /// <summary>KVM_CREATE_VM.</summary>
    public Call Vm() => new(Find(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = TheVm };

    /// <summary>KVM_CREATE_DEVICE.</summary>
    public Call Device(Symbol type) => new(Find(o => o.Creates == DescriptorKind.Device && o.Case == type), TheVm) { As = Controller };

    /// <summary>KVM_CREATE_VCPU.</summary>
    public Call Vcpu(byte id) => new Call(Find(o => o.Creates == DescriptorKind.Vcpu), TheVm) { As = NameOf(id) }.With(Ioctls.CreateVcpu.Id, id);

    /// <summary>KVM_ARM_VCPU_INIT with the generic target.</summary>
    public Call Init(byte id, VcpuFeatures features) => new Call(Find(o => o.Ioctl == Arm64Ioctls.VcpuInit.Ioctl), NameOf(id))
        .With(Arm64Ioctls.VcpuInit.Target, Arm64Host.GenericTarget).With(Arm64Ioctls.VcpuInit.Features[0], (ulong)features);

    /// <summary>KVM_ARM_VCPU_FINALIZE of SVE, the only feature that is finalized.</summary>
    public Call Finalize(byte id) => new Call(Find(o => o.Ioctl == Arm64Ioctls.VcpuFinalize.Ioctl), NameOf(id)).With(Arm64Ioctls.VcpuFinalize.Feature, SveNumber);

    /// <summary>KVM_GET_ONE_REG or KVM_SET_ONE_REG of the vector lengths, where they cannot be.</summary>
    public Call Lengths(byte id, bool set)
    {
        Arm64Ioctls.OneReg shape = set ? Arm64Ioctls.OneReg.Set : Arm64Ioctls.OneReg.Get;
        return new Call(Find(o => o.Ioctl == shape.Ioctl), NameOf(id))
            .With(shape.Id, Arm64Ioctls.VectorLengths.Value).With(shape.Address, Pointer.Unmapped.Word);
    }

    /// <summary>KVM_RUN that returns at once.</summary>
    public Call Run(byte id) => new Call(Find(o => o.Ioctl == Ioctls.Run.Ioctl), NameOf(id)).With(Ioctls.Run.ImmediateExit, 1);

    /// <summary>KVM_SET_DEVICE_ATTR on the device.</summary>
    public Call Set(Symbol device, Symbol group, ulong number, ulong value) =>
        new Call(Find(o => o.Ioctl == Attribute.Set.Ioctl && o.OfDevice == device && o.Case == group), Controller)
            .With(Attribute.Set.Number, number).With(Attribute.Set.Content, value);

    /// <summary>KVM_GET_DEVICE_ATTR on the device.</summary>
    public Call Get(Symbol device, Symbol group, ulong number, Pointer address) =>
        new Call(Find(o => o.Ioctl == Attribute.Get.Ioctl && o.OfDevice == device && o.Case == group), Controller)
            .With(Attribute.Get.Number, number).With(Attribute.Get.Address, address.Word);

    /// <summary>KVM_SET_DEVICE_ATTR on a vCPU.</summary>
    public Call SetOfVcpu(byte id, ulong group, ulong number, ulong value) =>
        new Call(Find(o => o.Ioctl == Ioctls.DeviceAttribute.Set.Ioctl && o.On == DescriptorKind.Vcpu), NameOf(id))
            .With(Ioctls.DeviceAttribute.Set.Group, group).With(Ioctls.DeviceAttribute.Set.Attribute, number).With(Ioctls.DeviceAttribute.Set.Content, value);

    /// <summary>KVM_GET_DEVICE_ATTR on a vCPU.</summary>
    public Call GetOfVcpu(byte id, ulong group, ulong number, Pointer address) =>
        new Call(Find(o => o.Ioctl == Ioctls.DeviceAttribute.Get.Ioctl && o.On == DescriptorKind.Vcpu), NameOf(id))
            .With(Ioctls.DeviceAttribute.Get.Group, group).With(Ioctls.DeviceAttribute.Get.Attribute, number).With(Ioctls.DeviceAttribute.Get.Address, address.Word);

    /// <summary>KVM_ENABLE_CAP on the VM.</summary>
    public Call Enable(Symbol capability, ulong argument = 0) =>
        new Call(Find(o => o.Ioctl == Ioctls.EnableCap.Ioctl && o.On == DescriptorKind.Vm && o.Case == capability), TheVm).With(Ioctls.EnableCap.Argument0, argument);

    /// <summary>KVM_SET_USER_MEMORY_REGION: slot 0.</summary>
    public Call Memory(ulong gpa, ulong size) => new Call(Find(o => o.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl), TheVm)
        .With(Ioctls.SetUserMemoryRegion.Gpa, gpa).With(Ioctls.SetUserMemoryRegion.Size, size).With(Ioctls.SetUserMemoryRegion.UserAddress, UserMemory);

    /// <summary>KVM_CREATE_GUEST_MEMFD of memory that userspace can map.</summary>
    public Call GuestMemory() => new Call(Find(o => o.Creates == DescriptorKind.GuestMemory), TheVm) { As = Memfd }
        .With(Ioctls.CreateGuestMemfd.Size, GuestMemorySize).With(Ioctls.CreateGuestMemfd.Flags, Mappable);

    /// <summary>KVM_SET_USER_MEMORY_REGION2: slot 0 of it.</summary>
    public Call BoundMemory() => new Call(Find(o => o.Ioctl == Ioctls.SetUserMemoryRegion2.Ioctl), TheVm)
        .With(Ioctls.SetUserMemoryRegion2.Flags, Common.Memslots.GuestMemfd).With(Ioctls.SetUserMemoryRegion2.Size, GuestMemorySize)
        .With(Ioctls.SetUserMemoryRegion2.UserAddress, UserMemory).With(Ioctls.SetUserMemoryRegion2.MemoryFile, Memfd.Word);

    private static readonly Handle Memfd = new(DescriptorKind.GuestMemory, 0);
    private const ulong GuestMemorySize = 0x10000;
    private const ulong Mappable = 1;
    private const ulong SveNumber = 4;
    private const ulong UserMemory = 0x10_0000_0000;

    /// <summary>Sequences have four names for vCPUs: later ones take those of the first.</summary>
    private static Handle NameOf(byte id) => new(DescriptorKind.Vcpu, (byte)(id % Sequences.Scope.Handles(DescriptorKind.Vcpu)));

    private Operation Find(Func<Operation, bool> wanted) => book.Operations.First(wanted);
}
