using System.Collections.Immutable;
using static KvmSpec.Model.Common.CommonLimits;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using Region = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion;
using Region2 = KvmSpec.Model.Uapi.Ioctls.SetUserMemoryRegion2;

namespace KvmSpec.Model.Common;

/// <summary>
/// KVM_SET_USER_MEMORY_REGION and _REGION2: one list, in the order of kvm_set_memory_region. REGION's fields lie where
/// REGION2's first five do, so one name serves both.
/// </summary>
public static class Memslots
{
    /// <summary>KVM_MEM_LOG_DIRTY_PAGES.</summary>
    public const ulong LogDirtyPages = 1;

    /// <summary>KVM_MEM_READONLY.</summary>
    public const ulong ReadOnly = 2;

    /// <summary>KVM_MEM_GUEST_MEMFD.</summary>
    public const ulong GuestMemfd = 4;

    private const ulong BothLogBits = 3;

    public static IEnumerable<Operation> Of(ArchitecturePart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        ImmutableArray<Rule> shared = Shared(part);
        bool narrow = part.Architecture.HasNarrowLong();
        ImmutableArray<Sample> gpas = [.. Gpas, .. part.MemslotGpas];
        ImmutableArray<Sample> sizes = Sizes(narrow);
        ImmutableArray<Sample> userAddresses = [.. UserAddresses, .. narrow ? CutAddresses : []];
        Rule[] ofGuestMemory = [.. shared.Where(r => OfGuestMemory.Contains(r.Id))];
        yield return new()
        {
            Ioctl = Region.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 40,
            Rules =
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "memslot.flags.first-version", (in n, in c) => (c[Region.Flags] & ~(LogDirtyPages | ReadOnly)) != 0),
                .. shared.Except(ofGuestMemory),
            ],
            Alphabet = Alphabets.Of(
                (Region.Slot, Slots), (Region.Flags, Flags), (Region.Gpa, gpas), (Region.Size, sizes), (Region.UserAddress, userAddresses)),
        };
        yield return new()
        {
            Ioctl = Region2.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 32,
            Rules = [.. Gates.VirtualStruct, .. part.GuestMemory ? shared : shared.Except(ofGuestMemory)],
            Alphabet = Alphabets.Of(
                (Region2.Slot, Slots),
                (Region2.Flags, [.. Flags, 4, 4, 4, 5, 6]),
                (Region2.Gpa, gpas),
                (Region2.Size, sizes),
                (Region2.UserAddress, userAddresses),
                (Region2.MemoryOffset, [0, 0, 0, 0, 4096, 4096, 1, 0xffff_ffff_ffff_f000]),
                (Region2.MemoryFile, [new Handle(DescriptorKind.GuestMemory, 0), new Handle(DescriptorKind.GuestMemory, 0), new Handle(DescriptorKind.GuestMemory, 1), new Handle(DescriptorKind.Foreign, 0), Handle.Kvm, uint.MaxValue])),
        };
    }

    /// <summary>The word of an ioctl that is a user address as calls have it; <c>null</c> where none is.</summary>
    public static Field? UserAddressOf(Ioctl ioctl) => ioctl == Region.Ioctl ? Region.UserAddress : ioctl == Region2.Ioctl ? Region2.UserAddress : null;

    /// <summary>What only the second version can ask for.</summary>
    private static readonly string[] OfGuestMemory =
    [
        "memslot.memory-offset", "memslot.change.guest-memfd", "memslot.guest-memfd.closed", "memslot.guest-memfd.other",
        "memslot.guest-memfd.range", "memslot.guest-memfd.bound",
    ];

    private static ImmutableArray<Rule> Shared(ArchitecturePart part) =>
    [
        Refuse(EINVAL, "memslot.id-limit", (in n, in c) => (ushort)c[Region.Slot] >= n[CommonLimits.Memslots]),
        Refuse(EINVAL, "memslot.flags.unknown", (in n, in c) => (c[Region.Flags] & ~ValidFlags(n, c)) != 0),
        Refuse(EINVAL, "memslot.size.unaligned", (in n, in c) => c[Region.Size] % Vm.PageSize != 0),
        .. part.Architecture.HasNarrowLong() ? [SizeTooWide] : Array.Empty<Rule>(),
        Refuse(EINVAL, "memslot.gpa.unaligned", (in n, in c) => c[Region.Gpa] % Vm.PageSize != 0),
        Refuse(EINVAL, "memslot.user-address.unaligned", (in n, in c) => c[Region.UserAddress] % Vm.PageSize != 0),
        Refuse(EINVAL, "memslot.user-address.range", (in n, in c) => OutOfUserRange(n.Host.Long(UserAddress(n, c)), n.Host.Long(c[Region.Size]), n[UserAddressEnd])),
        Refuse(EINVAL, "memslot.memory-offset", (in n, in c) => Private(c)
            && (c[Region2.MemoryOffset] % Vm.PageSize != 0 || c[Region2.MemoryOffset] + c[Region.Size] < c[Region2.MemoryOffset])),
        Refuse(EINVAL, "memslot.address-space", (in n, in c) => c[Region.Slot] >> 16 >= n[AddressSpaces]),
        Refuse(EINVAL, "memslot.gpa.wraps", (in n, in c) => c[Region.Gpa] + c[Region.Size] < c[Region.Gpa]),
        .. part.Architecture.HasNarrowLong() ? Array.Empty<Rule>() : [PageLimit],

        Refuse(EINVAL, "memslot.delete.absent", (in n, in c) => c[Region.Size] == 0 && Old(n, c) is null, stops: true),
        Accept("memslot.delete", (in n, in c) => n.With(n.Vm with { Memslots = n.Vm.Memslots.Without((uint)c[Region.Slot]) }),
            (in n, in c) => c[Region.Size] == 0),

        Refuse(EINVAL, "memslot.change.guest-memfd", (in n, in c) => Old(n, c) is not null && Private(c)),
        Refuse(EINVAL, "memslot.change.user-address", (in n, in c) => Old(n, c) is { } old && old.UserAddress != UserAddress(n, c)),
        Refuse(EINVAL, "memslot.change.size", (in n, in c) => Old(n, c) is { } old && old.Size != c[Region.Size]),
        Refuse(EINVAL, "memslot.change.kind", (in n, in c) => Old(n, c) is { } old && ((old.Flags ^ c[Region.Flags]) & (ReadOnly | GuestMemfd)) != 0),
        Accept("memslot.unchanged", null, (in n, in c) => Old(n, c) is { } old && old.Gpa == c[Region.Gpa] && old.Flags == c[Region.Flags]),
        Refuse(EEXIST, "memslot.overlap", (in n, in c) => Relocates(n, c) && OverlapsAnother(n, c)),
        .. part.ReservedMemory,

        Refuse(EBADF, "memslot.guest-memfd.closed", (in n, in c) => Private(c) && !File(n, c, out _)),
        Refuse(EINVAL, "memslot.guest-memfd.other", (in n, in c) => Private(c) && File(n, c, out Descriptor file)
            && (file.Name.Kind != DescriptorKind.GuestMemory || file.Vm != n.Vm.Key)),
        Refuse(EINVAL, "memslot.guest-memfd.range", (in n, in c) => Private(c) && Backing(n, c) is { } memory
            && c[Region2.MemoryOffset] + c[Region.Size] > memory.Size),
        .. part.PrepareMemory,
        Refuse(EEXIST, "memslot.guest-memfd.bound", (in n, in c) => Private(c) && Backing(n, c) is { } memory && Bound(n, c, memory)),

        Accept("memslot.create", (in n, in c) => Store(n, c, Created(n, c)), (in n, in c) => Old(n, c) is null),
        Accept("memslot.move", Changed, (in n, in c) => Old(n, c) is { } old && old.Gpa != c[Region.Gpa]),
        Accept("memslot.flags", Changed),
    ];

    /// <summary>An unsigned long of 32 bits does not hold the size.</summary>
    private static Rule SizeTooWide { get; } = Refuse(EINVAL, "memslot.size.too-wide", (in n, in c) => c[Region.Size] != n.Host.Long(c[Region.Size]));

    /// <summary>What is compared has 64 bits: where sizes have fewer, none is refused here.</summary>
    private static Rule PageLimit { get; } = Refuse(EINVAL, "memslot.page-limit", (in n, in c) => c[Region.Size] / Vm.PageSize > n[MemslotPages]);

    private static ulong ValidFlags(in Node n, in Call c)
    {
        bool guestMemory = c.Operation.Ioctl == Region2.Ioctl && (c[Region.Flags] & GuestMemfd) != 0 && n.Host.Vm(Uapi.Capabilities.GUEST_MEMFD) > 0;
        return guestMemory ? GuestMemfd : LogDirtyPages | (n.Host.Vm(Uapi.Capabilities.READONLY_MEM) > 0 ? ReadOnly : 0);
    }

    /// <summary>The user address as the kernel is given it, of which the slot keeps an unsigned long.</summary>
    private static ulong UserAddress(in Node n, in Call c) => UserMemory.Spelled(n.Host.Architecture, c[Region.UserAddress]);

    private static bool OutOfUserRange(ulong address, ulong size, ulong end) => address + size > end || address + size < address;

    private static bool Private(in Call c) => c.Operation.Ioctl == Region2.Ioctl && (c[Region.Flags] & GuestMemfd) != 0;

    private static Memslot? Old(in Node n, in Call c) => n.Vm.Memslots.TryFind((uint)c[Region.Slot], out Memslot old) ? old : null;

    private static bool Relocates(in Node n, in Call c) => Old(n, c) is not { } old || old.Gpa != c[Region.Gpa];

    private static bool OverlapsAnother(in Node n, in Call c)
    {
        foreach (Memslot slot in n.Vm.Memslots)
        {
            if (slot.Key != (uint)c[Region.Slot] && slot.AddressSpace == c[Region.Slot] >> 16 && slot.Overlaps(c[Region.Gpa], c[Region.Size]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool File(in Node n, in Call c, out Descriptor file)
    {
        file = default;
        return Handle.TryFrom(c[Region2.MemoryFile], out Handle handle) && n.World.Open.TryFind(handle, out file);
    }

    private static GuestMemory? Backing(in Node n, in Call c) =>
        File(n, c, out Descriptor file) && file.Name.Kind == DescriptorKind.GuestMemory && file.Vm == n.Vm.Key
            && n.Vm.Memory.TryFind(file.Object, out GuestMemory memory) ? memory : null;

    private static bool Bound(in Node n, in Call c, in GuestMemory memory)
    {
        foreach (Memslot slot in n.Vm.Memslots)
        {
            if (slot.Memory == memory.Number + 1
                && slot.MemoryOffset < c[Region2.MemoryOffset] + c[Region.Size] && c[Region2.MemoryOffset] < slot.MemoryOffset + slot.Size)
            {
                return true;
            }
        }

        return false;
    }

    private static Memslot Created(in Node n, in Call c)
    {
        bool logged = Logs(n, c);
        return new Memslot
        {
            Key = (uint)c[Region.Slot],
            Gpa = c[Region.Gpa],
            Size = c[Region.Size],
            UserAddress = n.Host.Long(UserAddress(n, c)),
            Flags = (uint)c[Region.Flags],
            Logged = logged,
            Dirty = logged ? FreshBits(n, c[Region.Size]) : 0,
            Memory = Backing(n, c) is { } memory && Private(c) ? memory.Number + 1 : 0,
            MemoryOffset = Private(c) ? c[Region2.MemoryOffset] : 0,
        };
    }

    private static World Changed(in Node n, in Call c)
    {
        Memslot old = Old(n, c)!;
        bool wanted = (c[Region.Flags] & LogDirtyPages) != 0;
        bool logged = wanted && (old.Logged || Logs(n, c));
        return Store(n, c, old with
        {
            Gpa = c[Region.Gpa],
            Flags = (uint)c[Region.Flags],
            Logged = logged,
            Dirty = !logged ? 0 : old.Logged ? old.Dirty : FreshBits(n, old.Size),
        });
    }

    /// <summary>A bitmap is made only where no dirty ring replaces it.</summary>
    private static bool Logs(in Node n, in Call c) =>
        (c[Region.Flags] & LogDirtyPages) != 0 && (n.Vm.DirtyRing == 0 || n.Vm.RingWithBitmap);

    /// <summary>KVM_DIRTY_LOG_INITIALLY_SET marks exactly the slot's pages.</summary>
    private static ulong FreshBits(in Node n, ulong size)
    {
        ulong pages = size / Vm.PageSize;
        return n.Vm.ManualDirtyLog != BothLogBits ? 0 : pages >= 64 ? ulong.MaxValue : (1UL << (int)pages) - 1;
    }

    private static World Store(in Node n, in Call c, Memslot slot) => n.With(n.Vm with { Memslots = n.Vm.Memslots.With(slot) });

    private static readonly ImmutableArray<Sample> Slots =
        [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, .. Sample.Around(CommonLimits.Memslots), 65535, 65536, 65537, .. Sample.Around(AddressSpaces, 65536), 1UL << 31];

    private static readonly ImmutableArray<Sample> Flags = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 8, 1UL << 31];

    private static readonly ImmutableArray<Sample> Gpas =
        [0, 0, 0, 0x1000, 0x1000, 0x2000, 0x2000, 0x10000, 0x10000, 0x100000, 0x100000000, 1, 0x800, 0xfee00000,
         .. GpaEdges, ulong.MaxValue - 0xfff, ulong.MaxValue - 0x1fff, 1UL << 63];

    /// <summary>Around the end of what the architecture lets a memslot reach.</summary>
    private static ImmutableArray<Sample> GpaEdges =>
        [new(ulong.MaxValue - 0x1fff, ArchitectureLimits.GpaEnd), new(ulong.MaxValue - 0xfff, ArchitectureLimits.GpaEnd), new(0, ArchitectureLimits.GpaEnd), new(0x1000, ArchitectureLimits.GpaEnd)];

    private static ImmutableArray<Sample> Sizes(bool narrow) =>
        [0, 0, 0, 0x1000, 0x1000, 0x1000, 0x1000, 0x2000, 0x2000, 0x10000, 0x40000, 0x41000, 0x100000, 1, 0xfff, 0x1001,
         .. narrow ? NarrowSizes : MostPages, 1UL << 63, ulong.MaxValue - 0xfff];

    private static ImmutableArray<Sample> MostPages =>
        [new(0x1000, MemslotPages, Vm.PageSize), new(0, MemslotPages, Vm.PageSize, Rare: true), new(ulong.MaxValue - 0xfff, MemslotPages, Vm.PageSize, Rare: true)];

    /// <summary>Around what an unsigned long of 32 bits holds.</summary>
    private static ImmutableArray<Sample> NarrowSizes => [(1UL << 32) - 0x1000, 1UL << 32, (1UL << 32) + 0x1000];

    private static readonly ImmutableArray<Sample> UserAddresses =
        [UserMemory.Start, UserMemory.Start, UserMemory.Start, UserMemory.Start, UserMemory.Start, UserMemory.Start,
         UserMemory.Start + 0x1000, UserMemory.Start + 0x10000, UserMemory.ReadOnlyStart, UserMemory.ReadOnlyStart - 0x1000, UserMemory.Start + 1, 0, 0x10000,
         new(0, UserAddressEnd), new(ulong.MaxValue - 0xfff, UserAddressEnd), new(ulong.MaxValue - 0x1fff, UserAddressEnd), new(0x1000, UserAddressEnd), 1UL << 63, ulong.MaxValue - 0xfff];

    /// <summary>Addresses of which an unsigned long of 32 bits keeps usual ones, and those.</summary>
    private static ImmutableArray<Sample> CutAddresses =>
        [CutStart, CutStart, UserMemory.Spelled(Architecture.Riscv32, UserMemory.Start), (1UL << 32) + UserMemory.Spelled(Architecture.Riscv32, UserMemory.ReadOnlyStart)];

    private static Sample CutStart => (1UL << 32) + UserMemory.Spelled(Architecture.Riscv32, UserMemory.Start);
}
