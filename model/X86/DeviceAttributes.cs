using System.Collections.Immutable;
using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.X86;

/// <summary>Attributes that x86 has on descriptors that are no devices: of the system and of a vCPU. A VM has none.</summary>
public static class DeviceAttributes
{
    /// <summary>Attributes of the encryption group on /dev/kvm.</summary>
    public static readonly Limit EncryptionAttributes = new(
        "encryption-attributes", "attributes of group 1 on /dev/kvm from here on are refused, where kvm-amd has SEV");

    private const ulong NoGroup = 0;
    private const ulong EncryptionGroup = 1;
    private const int ValueSize = 8;

    private static readonly ImmutableArray<Sample> Groups = [0, 0, 0, 1, 1, 2];
    private static readonly ImmutableArray<Sample> Attributes = [0, 0, 0, 1, 2, 3];

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = DeviceAttribute.Get.Ioctl,
            On = DescriptorKind.System,
            Weight = 2,
            Rules = [.. Gates.System, Gates.CopyIn, .. System(DeviceAttribute.Get, "system-attribute.get", writes: true)],
            Alphabet = Alphabet(DeviceAttribute.Get),
        },
        new()
        {
            Ioctl = DeviceAttribute.Has.Ioctl,
            On = DescriptorKind.System,
            Weight = 2,
            Rules = [.. Gates.System, Gates.CopyIn, .. System(DeviceAttribute.Has, "system-attribute.has", writes: false)],
            Alphabet = Alphabet(DeviceAttribute.Has),
        },
        new()
        {
            Ioctl = DeviceAttribute.Get.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 2,
            Rules =
            [
                .. Gates.VirtualStruct,
                .. KnownOnVcpu(DeviceAttribute.Get),
                Unwritable,
                Answer("vcpu-attribute.get", [new Write(DeviceAttribute.Get.Content, null)]),
            ],
            Alphabet = Alphabet(DeviceAttribute.Get),
        },
        new()
        {
            Ioctl = DeviceAttribute.Set.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 2,
            Rules =
            [
                .. Gates.VirtualStruct,
                .. KnownOnVcpu(DeviceAttribute.Set),
                Refuse(EFAULT, "vcpu-attribute.unreadable", (in n, in c) => Pointer.Of(c[DeviceAttribute.Set.Address]).FaultsReading(ValueSize)),
                Accept("vcpu-attribute.set"),
            ],
            Alphabet = Alphabet(DeviceAttribute.Set),
        },
        new()
        {
            Ioctl = DeviceAttribute.Has.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 2,
            Rules = [.. Gates.VirtualStruct, .. KnownOnVcpu(DeviceAttribute.Has), Accept("vcpu-attribute.has")],
            Alphabet = Alphabet(DeviceAttribute.Has),
        },
    ];

    private static readonly Rule Unwritable = Refuse(EFAULT, "attribute.unwritable",
        (in n, in c) => Pointer.Of(c[DeviceAttribute.Get.Address]).FaultsWriting(ValueSize));

    private static ImmutableArray<Rule> System(DeviceAttribute shape, string id, bool writes)
    {
        Rule answer = writes ? Answer(id, [new Write(shape.Content, null)]) : Accept(id);
        Rule encryption = answer with
        {
            Id = id + "-encryption",
            Given = X86EnableCaps.EncryptionBuiltIn,
            When = (in n, in c) => c[shape.Group] == EncryptionGroup && c[shape.Attribute] < n[EncryptionAttributes],
        };
        Rule unwritable = Refuse(EFAULT, id + "-encryption-unwritable",
            (in n, in c) => c[shape.Group] == EncryptionGroup && c[shape.Attribute] < n[EncryptionAttributes]
                && Pointer.Of(c[shape.Address]).FaultsWriting(ValueSize),
            given: X86EnableCaps.EncryptionBuiltIn);
        return
        [
            .. writes ? [unwritable] : ImmutableArray<Rule>.Empty,
            encryption,
            Refuse(ENXIO, "system-attribute.group", (in n, in c) => c[shape.Group] != NoGroup),
            Refuse(ENXIO, "system-attribute.unknown", (in n, in c) => c[shape.Attribute] != 0),
            .. writes ? [Unwritable] : ImmutableArray<Rule>.Empty,
            answer,
        ];
    }

    private static ImmutableArray<Rule> KnownOnVcpu(DeviceAttribute shape) =>
    [
        Refuse(ENXIO, "vcpu-attribute.group", (in n, in c) => c[shape.Group] != NoGroup),
        Refuse(ENXIO, "vcpu-attribute.unknown", (in n, in c) => c[shape.Attribute] != 0),
    ];

    private static ImmutableDictionary<Field, ImmutableArray<Sample>> Alphabet(DeviceAttribute shape) => Alphabets.Of(
        (shape.Flags, Alphabets.NoFlags), (shape.Group, Groups), (shape.Attribute, Attributes), (shape.Address, Alphabets.Pointers));
}
