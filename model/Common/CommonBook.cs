using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;

namespace KvmSpec.Model.Common;

/// <summary>Composes the newest release's book of an architecture: the common lists with its part in their places.</summary>
public static class CommonBook
{
    public static Book Of(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        return new()
        {
            Architecture = part.Architecture,
            Operations =
            [
                Systems.ApiVersions,
                Systems.VcpuMapSize,
                Systems.Create(part),
                .. Extensions.Of(part),
                Vcpus.Create(part),
                .. Memslots.Of(part),
                DirtyLogs.Get,
                DirtyLogs.Clear,
                DirtyLogs.ResetRings,
                .. EnableCaps.Of(part),
                .. part.GuestMemory ? [GuestMemoryFiles.Of(part)] : Array.Empty<Operation>(),
                .. part.Vfio ? [Devices.CreateVfio] : Array.Empty<Operation>(),
                Devices.Unknown,
                .. part.Vfio ? Devices.VfioAttributes : [],
                Vcpus.RunOf(part),
                Vcpus.GetState(part),
                Vcpus.SetState(part),
                .. part.Operations,
                .. Systems.Close,
                .. RawCalls,
            ],
            Unknown = [.. Enum.GetValues<DescriptorKind>().Select(kind => UnknownOn(kind, part.UnknownOnVm))],
            KnownNumber = new()
            {
                Ioctl = null,
                Title = "known ioctl by number",
                On = DescriptorKind.Foreign,
                Weight = 0,
                Rules = [Gates.Closed, LeaveOpen("ioctl.known-number")],
            },
            Limits = part.Limits,
        };
    }

    private static Operation UnknownOn(DescriptorKind kind, Errno onVm) => new()
    {
        Ioctl = null,
        Title = "unknown ioctl",
        On = kind,
        Weight = 0,
        Rules = kind switch
        {
            DescriptorKind.System => [.. Gates.System, RefuseAll(EINVAL, "unknown-ioctl.system")],
            DescriptorKind.Vm => [.. Gates.Virtual, RefuseAll(onVm, "unknown-ioctl.vm")],
            DescriptorKind.Vcpu => [.. Gates.Virtual, RefuseAll(EINVAL, "unknown-ioctl.vcpu")],
            DescriptorKind.Device => [.. Gates.Virtual, RefuseAll(ENOTTY, "unknown-ioctl.device")],
            DescriptorKind.GuestMemory => [.. Gates.System, RefuseAll(ENOTTY, "unknown-ioctl.guest-memfd")],
            _ => [.. Gates.System, RefuseAll(ENOTTY, "unknown-ioctl.foreign")],
        },
    };

    /// <summary>
    /// Numbers that no descriptor knows, with and without KVM's type byte. The generic ioctl layer answers some numbers
    /// itself (FIONBIO and others): none of those.
    /// </summary>
    private static IEnumerable<Operation> RawCalls => Enum.GetValues<DescriptorKind>().Select(kind => new Operation
    {
        Ioctl = Raw.Ioctl,
        On = kind,
        Weight = 1,
        Rules = [],
        Alphabet = Alphabets.Of(
            (Raw.Request, [0xAEFF, 0xAE3F, 0x4008AEFE, 0xC010AEFD, 0xAF01, 0x4020AE41, 0x1234_5678]), (Raw.Argument, [0, 1])),
    });
}
