using System.Collections.Immutable;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Common;

/// <summary>What every call passes before the ioctl's own rules. A shared rule keeps one id wherever it stands.</summary>
public static class Gates
{
    public static readonly Rule Closed = Refuse(EBADF, "descriptor.closed", (in n, in c) => n.Closed, stops: true);

    public static readonly Rule VmDead = Refuse(EIO, "descriptor.vm-dead", (in n, in c) => n.Vm.Dead, stops: true);

    /// <summary>copy_from_user of the whole struct.</summary>
    public static readonly Rule CopyIn = Refuse(
        EFAULT, "argument.unreadable", (in n, in c) => c.Argument.FaultsReading(c.Operation.Ioctl!.Size), stops: true);

    /// <summary>A value on /dev/kvm.</summary>
    public static readonly ImmutableArray<Rule> System = [Closed];

    /// <summary>A value on a VM, vCPU or device.</summary>
    public static readonly ImmutableArray<Rule> Virtual = [Closed, VmDead];

    /// <summary>A struct on a VM, vCPU or device.</summary>
    public static readonly ImmutableArray<Rule> VirtualStruct = [Closed, VmDead, CopyIn];
}
