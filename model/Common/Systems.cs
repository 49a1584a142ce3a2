using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>The ioctls of /dev/kvm itself.</summary>
public static class Systems
{
    /// <summary>KVM_API_VERSION: 12 since 2.6.22.</summary>
    private const ulong ApiVersion = 12;

    public static readonly Operation ApiVersions = new()
    {
        Ioctl = GetApiVersion.Ioctl,
        On = DescriptorKind.System,
        Weight = 1,
        Rules =
        [
            .. Gates.System,
            Refuse(EINVAL, "api-version.argument", (in n, in c) => c[GetApiVersion.Argument] != 0),
            Return("api-version.answer", (in n, in c) => ApiVersion),
        ],
        Alphabet = Alphabets.Of((GetApiVersion.Argument, [0, 1])),
    };

    public static readonly Operation VcpuMapSize = new()
    {
        Ioctl = GetVcpuMmapSize.Ioctl,
        On = DescriptorKind.System,
        Weight = 1,
        Rules =
        [
            .. Gates.System,
            Refuse(EINVAL, "vcpu-map-size.argument", (in n, in c) => c[GetVcpuMmapSize.Argument] != 0),
            Return("vcpu-map-size.answer", (in n, in c) => (ulong)n.Host.VcpuMapSize, (in n, in c, size) => size > 0 && size % Vm.PageSize == 0),
        ],
        Alphabet = Alphabets.Of((GetVcpuMmapSize.Argument, [0, 1])),
    };

    public static Operation Create(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Ioctl = CreateVm.Ioctl,
            On = DescriptorKind.System,
            Creates = DescriptorKind.Vm,
            Weight = 6,
            Rules =
            [
                .. Gates.System,
                .. part.CreateVm,
                Rules.Create("create-vm.create", (in n, in c) =>
                    n.With(new Vm { Key = n.World.Vms.FirstFree(), Type = c[CreateVm.Type], Architecture = part.NewVm }, c.As, 0)),
            ],
            Alphabet = Alphabets.Of((CreateVm.Type, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5, 31, 32, 99, 1UL << 31, 1UL << 63, .. part.VmTypes])),
        };
    }

    /// <summary>close(2): what the descriptor stood for lives on while something else holds it.</summary>
    public static readonly Operation[] Close =
    [
        .. Enum.GetValues<DescriptorKind>().Select(kind => new Operation
        {
            Ioctl = null,
            On = kind,
            Weight = kind is DescriptorKind.System or DescriptorKind.Foreign ? 1 : 3,
            Rules = [Gates.Closed, Accept("close.closes", (in n, in c) => n.World.Close(c.On))],
        }),
    ];
}
