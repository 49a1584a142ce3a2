using KvmSpec.Model.Common;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Riscv;

/// <summary>The small worlds in which RISC-V's states are counted.</summary>
public static class RiscvScopes
{
    /// <summary>
    /// Everything a RISC-V VM can do with two vCPUs and two memslots: values that are accepted come in two or three kinds,
    /// those that are refused in all. The VM's own descriptor stays open.
    /// </summary>
    public static readonly SmallScope Whole = new()
    {
        Name = "riscv64",
        Title = "a RISC-V VM with up to two vCPUs and two memslots",
        Host = RiscvHosts.Sv48.Name,
        Lowered = [(CommonLimits.Vcpus, 2)],
        Wants = operation => operation.Ioctl is not null || operation.On is DescriptorKind.Vcpu or DescriptorKind.Device,
        Keeps = (operation, field, value) => field.Name switch
        {
            "id" => value < 2 || value >= 1024,
            "type" when operation.Creates == DescriptorKind.Vm => value == 0,
            "slot" => (ushort)value < 2 || (ushort)value >= 32767,
            "flags" when IsRegion(operation) => value is not 3 && (operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || value is 0 or 4),
            "memory_size" => value is not (0x10000 or 0x40000 or 0x41000 or 0x100000) && (operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || value is 0 or 0x2000),
            "guest_phys_addr" => value is not (0x1000 or 0x10000 or 0x100000 or 0x100000000 or 0xfee00000) && (operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || value is 0),
            "userspace_addr" => value is not (UserMemory.Start + 0x1000 or UserMemory.Start + 0x10000) && (operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || value == UserMemory.Start),
            "cap" => value is 3 or 201,
            "args0" when operation.Case == Capabilities.DIRTY_LOG_RING_ACQ_REL => value is not (8192 or 16384 or 1048576),
            _ => true,
        },
    };

    /// <summary>Choosing the G-stage mode alone: what the picture in spec.md shows.</summary>
    public static readonly SmallScope Mode = new()
    {
        Name = "riscv64-mode",
        Title = "choosing the G-stage mode, one vCPU and one memslot beside it",
        Host = RiscvHosts.Sv57.Name,
        Names = _ => 1,
        Wants = operation => operation.Creates is DescriptorKind.Vm or DescriptorKind.Vcpu
            || operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || operation.Id == GpaBits.Select.Id,
        Keeps = (operation, field, value) =>
            field == Ioctls.CreateVcpu.Id || field == Ioctls.CreateVm.Type || field == Ioctls.SetUserMemoryRegion.Slot || field == Ioctls.SetUserMemoryRegion.Gpa || field == Ioctls.SetUserMemoryRegion.Flags ? value == 0
            : field == Ioctls.SetUserMemoryRegion.Size ? value is 0 or 0x1000
            : field == Ioctls.SetUserMemoryRegion.UserAddress ? value == UserMemory.Start
            : field != Ioctls.EnableCap.Argument0 || value is 41 or 50 or 59,
        Label = Label,
    };

    /// <summary>What only a host without an AIA answers.</summary>
    public static readonly SmallScope WithoutAia = new()
    {
        Name = "riscv64-no-aia",
        Title = "devices on a host that has no AIA for guests, one vCPU beside them",
        Host = RiscvHosts.Sv57.Name,
        Names = _ => 1,
        Wants = operation => operation.Creates is not null || operation.On is DescriptorKind.Vcpu or DescriptorKind.Device,
        Keeps = (operation, field, value) => field != Ioctls.CreateVcpu.Id || value is 0 or 1024,
    };

    /// <summary>The scopes of this architecture.</summary>
    public static readonly IReadOnlyList<SmallScope> All = [Whole, Mode, WithoutAia];

    private static bool IsRegion(Operation operation) =>
        operation.Ioctl == Ioctls.SetUserMemoryRegion.Ioctl || operation.Ioctl == Ioctls.SetUserMemoryRegion2.Ioctl;

    private static string Label(World world, Host host)
    {
        if (!world.Vms.TryFind(0, out Vm vm))
        {
            return "no VM";
        }

        byte chosen = ((RiscvState)vm.Architecture!).ChosenGpaBits;
        GStageMode mode = GStageMode.Reaching(host.Architecture, chosen == 0 ? (ulong)host.GpaBits : chosen)!;
        return $"{mode}{(vm.HasVcpus ? ", vCPU" : "")}{(vm.Memslots is null ? "" : ", memslot")}";
    }
}
