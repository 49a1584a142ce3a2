using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Riscv;

/// <summary>
/// The in-kernel AIA: whether it exists and when it can be made. It stays for the VM's life, its descriptor closed or
/// not. Of its attributes nothing is said.
/// </summary>
public static class Aia
{
    public static IEnumerable<Operation> Operations =>
    [
        Devices.Create(DeviceTypes.RiscvAia, 24,
            [Refuse(ENODEV, "create-device.aia.absent", (in n, in c) => n.Host.System(Capabilities.IRQCHIP) == 0, stops: true)],
            [
                Refuse(EEXIST, "create-device.aia.once", (in n, in c) => n.Vm.Devices.Has(Devices.Key(DeviceTypes.RiscvAia))),
                Refuse(EBUSY, "create-device.aia.before-run", (in n, in c) => AnyHasRun(n)),
            ],
            "create-device.aia.create", (in n, in c) => Devices.Made(n, c, DeviceTypes.RiscvAia)),
        Unsaid(DeviceAttribute.Set),
        Unsaid(DeviceAttribute.Get),
        Unsaid(DeviceAttribute.Has),
    ];

    private static Operation Unsaid(DeviceAttribute attribute) => new()
    {
        Ioctl = attribute.Ioctl,
        On = DescriptorKind.Device,
        OfDevice = DeviceTypes.RiscvAia,
        Weight = 1,
        Rules = [.. Gates.VirtualStruct, LeaveOpen("aia.attributes")],
        Alphabet = Alphabets.Of((attribute.Group, [0, 1, 2]), (attribute.Attribute, [0, 1]), (attribute.Address, Alphabets.Pointers)),
    };

    private static bool AnyHasRun(in Node n)
    {
        foreach (Vcpu vcpu in n.Vm.Vcpus)
        {
            if (vcpu.HasRun)
            {
                return true;
            }
        }

        return false;
    }
}
