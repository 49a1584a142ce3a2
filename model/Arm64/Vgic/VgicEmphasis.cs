using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// On a host that can make a vGICv5 more than half of the calls are about it, its interrupts, and the order in which vCPUs come
/// beside it: what any other host can be asked is asked there often enough.
/// </summary>
public static class VgicEmphasis
{
    private static readonly (Func<Operation, bool> Of, int Factor)[] Factors = [(IsOfV5, 5), (IsOfLine, 3), (IsOfOrder, 5), (IsOfPrivateInterrupt, 10)];

    /// <summary>The book with the weights that these calls have on such a host.</summary>
    public static Book In(Book book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book with { Operations = [.. book.Operations.Select(o => Of(o) is { } more ? o with { Emphasis = more } : o)] };
    }

    /// <summary>True for calls on or for a vGICv5, on its interrupts, and for what makes and runs vCPUs.</summary>
    public static bool Concerns(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return Of(operation) is not null;
    }

    private static Emphasis? Of(Operation operation) =>
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
}
