using static KvmSpec.Model.Common.CommonLimits;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>Creating, running and asking vCPUs.</summary>
public static class Vcpus
{
    public static Operation Create(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Ioctl = CreateVcpu.Ioctl,
            On = DescriptorKind.Vm,
            Creates = DescriptorKind.Vcpu,
            Weight = 20,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(EINVAL, "create-vcpu.id-limit", (in n, in c) => c[CreateVcpu.Id] >= n[VcpuIds]),
                Refuse(EINVAL, "create-vcpu.count-limit", (in n, in c) => (ulong)n.Vm.Vcpus.Count() >= (n.Vm.MaxVcpus == 0 ? n[CommonLimits.Vcpus] : n.Vm.MaxVcpus)),
                Refuse(EEXIST, "create-vcpu.exists", (in n, in c) => n.Vm.Vcpus.Has((uint)c[CreateVcpu.Id])),
                .. part.CreateVcpu,
                Rules.Create("create-vcpu.create", (in n, in c) =>
                {
                    uint id = (uint)c[CreateVcpu.Id];
                    Vm vm = part.AfterVcpu(n.Vm with { Vcpus = n.Vm.Vcpus.With(new Vcpu(id, false, part.NewMpState(n.Vm, id))) }, (uint)n[VcpuIds]);
                    return n.With(vm, c.As, id);
                }),
            ],
            Alphabet = Alphabets.Of((CreateVcpu.Id,
                [0, 0, 0, 1, 1, 1, 2, 2, 3, 7, 8, 255, 256, .. Sample.Around(VcpuIds), .. Sample.Around(CommonLimits.Vcpus), 1UL << 32, 1UL << 40, ulong.MaxValue])),
        };
    }

    public static Operation RunOf(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Ioctl = Run.Ioctl,
            On = DescriptorKind.Vcpu,
            Rules =
            [
                .. Gates.Virtual,
                Refuse(EINVAL, "run.argument", (in n, in c) => c[Run.Argument] != 0, stops: true),
                .. part.Run,
            ],
            Alphabet = Alphabets.Of((Run.Argument, [0, 0, 0, 0, 0, 0, 0, 1]), (Run.ImmediateExit, [1])),
        };
    }

    public static Operation GetState(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Ioctl = GetMpState.Ioctl,
            On = DescriptorKind.Vcpu,
            Rules = [.. Gates.Virtual, .. part.GetMpState],
        };
    }

    public static Operation SetState(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Ioctl = SetMpState.Ioctl,
            On = DescriptorKind.Vcpu,
            Rules = [.. Gates.VirtualStruct, .. part.SetMpState],
            Alphabet = Alphabets.Of((SetMpState.State, [.. Enumerable.Range(0, 12).Select(i => (Sample)i), 1UL << 31])),
        };
    }
}
