using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>KVM_CREATE_GUEST_MEMFD, where the host has it.</summary>
public static class GuestMemoryFiles
{
    public static Operation Of(ArchitecturePart part) => new()
    {
        Ioctl = CreateGuestMemfd.Ioctl,
        On = DescriptorKind.Vm,
        Creates = DescriptorKind.GuestMemory,
        Weight = 12,
        Rules =
        [
            .. Gates.Virtual,
            Refuse(part.UnknownOnVm, "guest-memfd.absent", (in n, in c) => n.Host.System(Capabilities.GUEST_MEMFD) == 0, stops: true),
            Gates.CopyIn,
            Refuse(EINVAL, "guest-memfd.flags", (in n, in c) => (c[CreateGuestMemfd.Flags] & ~(ulong)n.Host.Vm(Capabilities.GUEST_MEMFD_FLAGS)) != 0),
            Refuse(EINVAL, "guest-memfd.size", (in n, in c) => (long)c[CreateGuestMemfd.Size] <= 0),
            Refuse(EINVAL, "guest-memfd.size.unaligned", (in n, in c) => c[CreateGuestMemfd.Size] % Vm.PageSize != 0),
            Rules.Create("guest-memfd.create", (in n, in c) =>
            {
                GuestMemory file = new(n.Vm.Memory.FirstFree(), c[CreateGuestMemfd.Size], c[CreateGuestMemfd.Flags]);
                return n.With(n.Vm with { Memory = n.Vm.Memory.With(file) }, c.As, file.Number);
            }),
        ],
        Alphabet = Alphabets.Of(
            (CreateGuestMemfd.Size, [0x1000, 0x1000, 0x10000, 0x10000, 0x100000, 0, 1, 0x1001, 1UL << 63, 0xffff_ffff_ffff_f000]),
            (CreateGuestMemfd.Flags, [0, 0, 0, 0, 1, 2, 3, 4, 1UL << 63]),
            (CreateGuestMemfd.Reserved, [0, 0, 1])),
    };

    /// <summary>The VM after the file of that number was closed: its memslots stay, bound to nothing.</summary>
    public static Vm Ended(Vm vm, uint number)
    {
        ArgumentNullException.ThrowIfNull(vm);
        Chain<Memslot>? slots = vm.Memslots;
        foreach (Memslot slot in vm.Memslots)
        {
            if (slot.Memory == number + 1)
            {
                slots = slots.With(slot with { Memory = 0 });
            }
        }

        return vm with { Memory = vm.Memory.Without(number), Memslots = slots };
    }
}
