using System.Collections.Immutable;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Capabilities;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>
/// What KVM_CHECK_EXTENSION says of one capability. The host's own answer on /dev/kvm is probed; the row says which
/// answers the API allows there, and what a VM must answer.
/// </summary>
/// <param name="Capability">The capability.</param>
/// <param name="Allows">Which answers /dev/kvm may give.</param>
/// <param name="OnVm">A VM's answer; <c>null</c> is the same as /dev/kvm's.</param>
public sealed record Extension(Symbol Capability, Func<Host, int, bool> Allows, Value? OnVm = null)
{
    /// <summary>The clause: check-extension and the capability's name.</summary>
    public string Id => "check-extension." + Capability.Name["KVM_CAP_".Length..].ToLowerInvariant().Replace('_', '-');

    /// <summary>The answer is this number, on every host.</summary>
    public static Extension Always(Symbol capability, int answer) => new(capability, (_, value) => value == answer);

    /// <summary>The host has it or not: 0 or this number.</summary>
    public static Extension HostDecides(Symbol capability, int answer = 1, Value? onVm = null) =>
        new(capability, (_, value) => value == 0 || value == answer, onVm);

    /// <summary>The host answers with some of these bits.</summary>
    public static Extension Bits(Symbol capability, int bits, Value? onVm = null) =>
        new(capability, (_, value) => (value & ~bits) == 0, onVm);

    /// <summary>The host answers with a number in this range.</summary>
    public static Extension Between(Symbol capability, int least, int most, Value? onVm = null) =>
        new(capability, (_, value) => least <= value && value <= most, onVm);
}

/// <summary>KVM_CHECK_EXTENSION on /dev/kvm and on VMs.</summary>
public static class Extensions
{
    private static readonly Rule Unknown = Return("check-extension.unknown", (in n, in c) => 0);

    /// <summary>The capabilities that every architecture answers alike.</summary>
    public static ImmutableArray<Extension> Everywhere =>
    [
        Extension.Always(SYNC_MMU, 1),
        Extension.Always(USER_MEMORY, 1),
        Extension.Always(USER_MEMORY2, 1),
        Extension.Always(DESTROY_MEMORY_REGION_WORKS, 1),
        Extension.Always(JOIN_MEMORY_REGIONS_WORKS, 1),
        Extension.Always(INTERNAL_ERROR_DATA, 1),
        Extension.Always(SIGNAL_MSI, 1),
        Extension.Always(IRQFD, 1),
        Extension.Always(IOEVENTFD_ANY_LENGTH, 1),
        Extension.Always(CHECK_EXTENSION_VM, 1),
        Extension.Always(ENABLE_CAP_VM, 1),
        Extension.Always(HALT_POLL, 1),
        Extension.Always(COALESCED_PIO, 1),
        Extension.Always(MANUAL_DIRTY_LOG_PROTECT2, 3),
        Extension.Always(IRQ_ROUTING, 4096),
        Extension.Always(DIRTY_LOG_RING_ACQ_REL, 1 << 20),
        Extension.Always(BINARY_STATS_FD, 1),
        Extension.Always(SYSTEM_EVENT_DATA, 1),
        Extension.Always(DEVICE_CTRL, 1),
        Extension.Always(IOEVENTFD, 1),
        Extension.Always(ONE_REG, 1),
        Extension.Always(READONLY_MEM, 1),
        Extension.Always(MP_STATE, 1),
        Extension.Always(IMMEDIATE_EXIT, 1),
        Extension.Always(SET_GUEST_DEBUG, 1),
    ];

    /// <summary>The operations for all capabilities of an architecture, the default case included.</summary>
    public static IEnumerable<Operation> Of(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        foreach (DescriptorKind on in new[] { DescriptorKind.System, DescriptorKind.Vm })
        {
            ImmutableArray<Rule> gates = on == DescriptorKind.System ? Gates.System : Gates.Virtual;
            foreach (Extension extension in part.Extensions)
            {
                yield return new()
                {
                    Ioctl = CheckExtension.Ioctl,
                    On = on,
                    Case = extension.Capability,
                    Weight = 0,
                    Rules = [.. gates, on == DescriptorKind.System ? OnSystem(extension) : OnVm(extension)],
                };
            }

            yield return new()
            {
                Ioctl = CheckExtension.Ioctl,
                On = on,
                Weight = 10,
                Rules = [.. gates, Unknown],
                Alphabet = Alphabets.Of((CheckExtension.Capability,
                    [.. Enumerable.Range(0, 256).Select(i => (Sample)i), 1UL << 31, (1UL << 32) + 9, ulong.MaxValue])),
            };
        }
    }

    private static Rule OnSystem(Extension extension) => Return(
        extension.Id,
        (in n, in c) => (ulong)n.Host.System(extension.Capability),
        (in n, in c, value) => extension.Allows(n.Host, (int)value));

    private static Rule OnVm(Extension extension) => Return(
        extension.Id,
        extension.OnVm ?? ((in n, in c) => (ulong)n.Host.System(extension.Capability)));
}
