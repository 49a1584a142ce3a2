using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// Making interrupt controllers: KVM_CREATE_DEVICE for each kind and, for a vGICv2, KVM_CREATE_IRQCHIP. A VM has at most
/// one controller, from before its first vCPU runs; closing the descriptor does not take it away.
/// </summary>
public static class VgicDevices
{
    private const string LimitStays = "the VM may have no more vCPUs than this kind of controller allows, though it has none";

    public static IEnumerable<Operation> Operations =>
    [
        .. VgicModel.All.Select(model => Devices.Create(model.Type, CreateWeight,
            [Absent(model.Kind)], Refusals(model), "vgic.create.create", (in n, in c) => Made(n, c, model))),
        Devices.Create(DeviceTypes.ArmVgicIts, ItsWeight, [Absent(VgicKinds.Its)], [], "its.create.create", TranslationServices.Made),
        new()
        {
            Ioctl = CreateIrqchip.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 8,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(ENXIO, "arm64.create-irqchip.no-vgic", (in n, in c) => n.Host.System(Capabilities.IRQCHIP) == 0),
                Refuse(ENODEV, "arm64.create-irqchip.no-v2", (in n, in c) => !Offers(n, VgicKinds.V2)),
                .. Refusals(VgicModel.V2),
                Accept("arm64.create-irqchip.create", (in n, in c) => n.With(With(n, VgicModel.V2))),
            ],
            Alphabet = Alphabets.Of((CreateIrqchip.Argument, [0, 0, 1])),
        },
    ];

    private const int CreateWeight = 26;
    private const int ItsWeight = 14;

    /// <summary>kvm_vgic_create, in its order.</summary>
    private static ImmutableArray<Rule> Refusals(VgicModel model) =>
    [
        Refuse(EEXIST, "vgic.create.exists", (in n, in c) => Of(n).Vgic is not null),
        Refuse(EBUSY, "vgic.create.has-run", (in n, in c) => SomeVcpuHasRun(n.Vm)),
        RefuseLeaving(E2BIG, "vgic.create.too-many-vcpus", LimitStays,
            (in n, in c) => n.With(n.Vm with { MaxVcpus = model.MaxVcpus }), (in n, in c) => n.Vm.Vcpus.Count() > model.MaxVcpus),
    ];

    private static Rule Absent(VgicKinds kind) => Refuse(ENODEV, "create-device.type", (in n, in c) => !Offers(n, kind));

    private static bool Offers(in Node n, VgicKinds kind) => (Arm64Host.Of(n.Host).Vgics & kind) != 0;

    private static World Made(in Node n, in Call c, VgicModel model)
    {
        Device device = new((ushort)model.Type.Value, 0);
        Vm vm = With(n, model);
        return n.With(vm with { Devices = vm.Devices.With(device) }, c.As, device.Key);
    }

    private static Vm With(in Node n, VgicModel model) => n.Vm with
    {
        MaxVcpus = model.MaxVcpus,
        Architecture = WithRegisters(n, Of(n) with { Vgic = new VgicState { Model = (ushort)model.Type.Value } }),
    };

    /// <summary>kvm_vgic_finalize_idregs, since 6.18: the ID registers tell of the controller that was made.</summary>
    private static Arm64State WithRegisters(in Node n, Arm64State state) =>
        n[IdRegisterTable.Release] >= IdField.Since618 ? IdRegisters.WithController(n, state) : state;

    private static bool SomeVcpuHasRun(Vm vm)
    {
        foreach (Vcpu vcpu in vm.Vcpus)
        {
            if (vcpu.HasRun)
            {
                return true;
            }
        }

        return false;
    }
}
