using System.Collections.Immutable;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>KVM_CREATE_DEVICE, and the attributes of the one device that every architecture has: VFIO.</summary>
public static class Devices
{
    private const ulong FileGroup = 1;
    private const ulong FileAdd = 1;
    private const ulong FileDel = 2;

    /// <summary>CONFIG_KVM_VFIO is off.</summary>
    public static readonly Fact NoVfio = new("no-vfio", "the kernel was built without VFIO devices in KVM");

    /// <summary>Reading succeeded, so only a read-only or short pointer is left to fault.</summary>
    private static bool CopyBackFaults(in Call c) => c.Argument.FaultsWriting(c.Operation.Ioctl!.Size);

    /// <summary>True for device types that end with their descriptor (kvm_device_ops.release instead of destroy).</summary>
    public static bool EndWithDescriptor(uint device) => device >> 16 == DeviceTypes.Vfio.Value;

    /// <summary>The flag that asks whether a type exists: it makes nothing.</summary>
    public static ImmutableArray<Rule> Testing { get; } =
    [
        Refuse(EFAULT, "create-device.test.unwritable", (in n, in c) => Tests(c) && CopyBackFaults(c)),
        Accept("create-device.test", null, (in n, in c) => Tests(c)),
    ];

    /// <summary>The end of every list that makes a device: also an answer that cannot be written leaves one.</summary>
    /// <param name="id">The clause that accepts.</param>
    /// <param name="made">The world with the device and its descriptor.</param>
    public static ImmutableArray<Rule> Making(string id, Then made) =>
    [
        RefuseLeaving(EFAULT, "create-device.unwritable", "the device exists and its descriptor is open, though nobody was told its number",
            made, (in n, in c) => CopyBackFaults(c)) with { Creates = true },
        Rules.Create(id, made),
    ];

    /// <summary>The flags of KVM_CREATE_DEVICE, mostly none.</summary>
    public static ImmutableArray<Sample> CreationFlags => [0, 0, 0, 0, CreateDevice.Test, 2, 3, (1UL << 31) + CreateDevice.Test];

    public static readonly Operation Unknown = new()
    {
        Ioctl = CreateDevice.Ioctl,
        On = DescriptorKind.Vm,
        Creates = DescriptorKind.Device,
        Weight = 3,
        Rules = [.. Gates.VirtualStruct, RefuseAll(ENODEV, "create-device.type")],
        Alphabet = Alphabets.Of(
            (CreateDevice.Type, [0, 1, 5, 7, 11, 15, 16, 17, 1000, uint.MaxValue]), (CreateDevice.Flags, [0, 0, CreateDevice.Test, 2])),
    };

    public static readonly Operation CreateVfio = Create(DeviceTypes.Vfio, 12,
        [Refuse(ENODEV, "create-device.vfio.absent", (in n, in c) => true, given: NoVfio)],
        [Refuse(EBUSY, "create-device.vfio.once", (in n, in c) => n.Vm.Devices.Has(Key(DeviceTypes.Vfio)))],
        "create-device.vfio.create", (in n, in c) => Made(n, c, DeviceTypes.Vfio));

    /// <summary>KVM_CREATE_DEVICE of one type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="weight">How often sequences choose it.</param>
    /// <param name="absent">Where the kernel or the host does not have it.</param>
    /// <param name="refusals">What the device's own code refuses.</param>
    /// <param name="id">The clause of success.</param>
    /// <param name="made">The world with the device and its descriptor.</param>
    public static Operation Create(Symbol type, int weight, ImmutableArray<Rule> absent, ImmutableArray<Rule> refusals, string id, Then made) => new()
    {
        Ioctl = CreateDevice.Ioctl,
        On = DescriptorKind.Vm,
        Case = type,
        Creates = DescriptorKind.Device,
        Weight = weight,
        Rules =
        [
            .. Gates.VirtualStruct,
            .. absent,
            .. Testing,
            .. refusals,
            .. Making(id, made),
        ],
        Alphabet = Alphabets.Of((CreateDevice.Flags, CreationFlags)),
    };

    public static readonly ImmutableArray<Operation> VfioAttributes =
    [
        new()
        {
            Ioctl = SetVfioAttribute.Ioctl,
            On = DescriptorKind.Device,
            OfDevice = DeviceTypes.Vfio,
            Weight = 8,
            Rules =
            [
                .. Gates.VirtualStruct,
                Refuse(ENXIO, "vfio.set.group", (in n, in c) => c[SetVfioAttribute.Group] != FileGroup),
                Refuse(ENXIO, "vfio.set.attribute", (in n, in c) => c[SetVfioAttribute.Attribute] is not (FileAdd or FileDel)),
                Refuse(EFAULT, "vfio.set.unreadable", (in n, in c) => Pointer.Of(c[SetVfioAttribute.Address]).FaultsReading(4), stops: true),
                Refuse(EBADF, "vfio.set.closed", (in n, in c) => !Handle.TryFrom(c[SetVfioAttribute.File], out Handle file) || !n.World.IsOpen(file)),
                Refuse(EINVAL, "vfio.add.other-file", (in n, in c) => c[SetVfioAttribute.Attribute] == FileAdd),
                RefuseAll(ENOENT, "vfio.del.absent"),
            ],
            Alphabet = Alphabets.Of(
                (SetVfioAttribute.Flags, Alphabets.NoFlags),
                (SetVfioAttribute.Group, [0, 1, 1, 1, 2]),
                (SetVfioAttribute.Attribute, [0, 1, 1, 2, 2, 3]),
                (SetVfioAttribute.Address, [.. Alphabets.Pointers, Pointer.Unmapped]),
                (SetVfioAttribute.File, [new Handle(DescriptorKind.Foreign, 0), Handle.Kvm, new Handle(DescriptorKind.Vm, 0), new Handle(DescriptorKind.GuestMemory, 0), uint.MaxValue])),
        },
        new()
        {
            Ioctl = DeviceAttribute.Get.Ioctl,
            On = DescriptorKind.Device,
            OfDevice = DeviceTypes.Vfio,
            Weight = 3,
            Rules = [.. Gates.Virtual, RefuseAll(EPERM, "device.get.missing")],
            Alphabet = Alphabets.Of((DeviceAttribute.Get.Group, [0, 1, 2]), (DeviceAttribute.Get.Attribute, [0, 1, 2])),
        },
        new()
        {
            Ioctl = DeviceAttribute.Has.Ioctl,
            On = DescriptorKind.Device,
            OfDevice = DeviceTypes.Vfio,
            Weight = 8,
            Rules =
            [
                .. Gates.VirtualStruct,
                Refuse(ENXIO, "vfio.has.group", (in n, in c) => c[DeviceAttribute.Has.Group] != FileGroup),
                Refuse(ENXIO, "vfio.has.attribute", (in n, in c) => c[DeviceAttribute.Has.Attribute] is not (FileAdd or FileDel)),
                Accept("vfio.has.answer"),
            ],
            Alphabet = Alphabets.Of(
                (DeviceAttribute.Has.Flags, Alphabets.NoFlags),
                (DeviceAttribute.Has.Group, [0, 1, 1, 1, 2]),
                (DeviceAttribute.Has.Attribute, [0, 1, 1, 2, 2, 3]),
                (DeviceAttribute.Has.Address, Alphabets.Pointers)),
        },
    ];

    /// <summary>The key of the only instance of a device type.</summary>
    public static uint Key(Symbol type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return (uint)type.Value << 16;
    }

    private static bool Tests(in Call c) => (c[CreateDevice.Flags] & CreateDevice.Test) != 0;

    /// <summary>The world with the only device of a type, and its descriptor.</summary>
    public static World Made(in Node n, in Call c, Symbol type)
    {
        Device device = new((ushort)type.Value, 0);
        return n.With(n.Vm with { Devices = n.Vm.Devices.With(device) }, c.As, device.Key);
    }
}
