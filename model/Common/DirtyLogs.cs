using static KvmSpec.Model.Common.CommonLimits;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls;

namespace KvmSpec.Model.Common;

/// <summary>
/// Dirty logs and dirty rings. Generated sequences run no guest code, so a bitmap changes only when it is made and when
/// it is cleared; the model follows its first 64 bits.
/// </summary>
public static class DirtyLogs
{
    private const ulong BitsPerWord = 64;
    private const ulong NarrowBits = 32;

    public static readonly Operation Get = new()
    {
        Ioctl = GetDirtyLog.Ioctl,
        On = DescriptorKind.Vm,
        Weight = 16,
        Rules =
        [
            .. Gates.VirtualStruct,
            Refuse(ENXIO, "get-dirty-log.ring", (in n, in c) => RingOnly(n)),
            Refuse(EINVAL, "get-dirty-log.slot", (in n, in c) => BadSlot(n, c[GetDirtyLog.Slot]), stops: true),
            Refuse(ENOENT, "get-dirty-log.no-bitmap", (in n, in c) => !Logged(n, c[GetDirtyLog.Slot], out _), stops: true),
            RefuseLeaving(EFAULT, "get-dirty-log.unwritable",
                "the bits are cleared all the same, unless KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is on; words before the fault may be written",
                (in n, in c) => Read(n, c),
                (in n, in c) => Logged(n, c[GetDirtyLog.Slot], out Memslot slot) && Faults(n, c, slot),
                new Write(GetDirtyLog.FirstWord, null)),
            Answer("get-dirty-log.answer",
                [new(GetDirtyLog.FirstWord, (in n, in c) => Logged(n, c[GetDirtyLog.Slot], out Memslot slot) ? Written(n, c, slot) : 0)],
                (in n, in c) => Read(n, c)),
        ],
        Alphabet = Alphabets.Of((GetDirtyLog.Slot, Slots), (GetDirtyLog.Bitmap, Alphabets.Pointers), (GetDirtyLog.FirstWord, [0, 0x55])),
    };

    public static readonly Operation Clear = new()
    {
        Ioctl = ClearDirtyLog.Ioctl,
        On = DescriptorKind.Vm,
        Weight = 16,
        Rules =
        [
            .. Gates.VirtualStruct,
            Refuse(ENXIO, "clear-dirty-log.ring", (in n, in c) => RingOnly(n)),
            Refuse(EINVAL, "clear-dirty-log.slot", (in n, in c) => BadSlot(n, c[ClearDirtyLog.Slot]), stops: true),
            Refuse(EINVAL, "clear-dirty-log.first-page.unaligned", (in n, in c) => c[ClearDirtyLog.FirstPage] % BitsPerWord != 0),
            Refuse(ENOENT, "clear-dirty-log.no-bitmap", (in n, in c) => !Logged(n, c[ClearDirtyLog.Slot], out _), stops: true),
            Refuse(EINVAL, "clear-dirty-log.range", (in n, in c) => Logged(n, c[ClearDirtyLog.Slot], out Memslot slot)
                && (c[ClearDirtyLog.FirstPage] > slot.Pages || c[ClearDirtyLog.Pages] > slot.Pages - c[ClearDirtyLog.FirstPage])),
            Refuse(EINVAL, "clear-dirty-log.pages.unaligned", (in n, in c) => Logged(n, c[ClearDirtyLog.Slot], out Memslot slot)
                && c[ClearDirtyLog.Pages] % BitsPerWord != 0 && c[ClearDirtyLog.Pages] < slot.Pages - c[ClearDirtyLog.FirstPage]),
            Refuse(EFAULT, "clear-dirty-log.unreadable",
                (in n, in c) => Pointer.Of(c[ClearDirtyLog.Bitmap]).FaultsReading(BitmapBytes(n, c[ClearDirtyLog.Pages]))
                    && c[ClearDirtyLog.Pages] != 0),
            Accept("clear-dirty-log.clear", (in n, in c) => Cleared(n, c)),
        ],
        Alphabet = Alphabets.Of(
            (ClearDirtyLog.Slot, Slots),
            (ClearDirtyLog.Pages, [0, 1, 1, 2, 2, 16, 63, 64, 64, 65, 128, 256, uint.MaxValue]),
            (ClearDirtyLog.FirstPage, [0, 0, 0, 0, 1, 63, 64, 64, 128, 256, 1UL << 63]),
            (ClearDirtyLog.Bitmap, [.. Alphabets.Pointers, Pointer.Unmapped]),
            (ClearDirtyLog.FirstWord, [0, 1, 3, ulong.MaxValue, ulong.MaxValue])),
    };

    public static readonly Operation ResetRings = new()
    {
        Ioctl = ResetDirtyRings.Ioctl,
        On = DescriptorKind.Vm,
        Weight = 4,
        Rules =
        [
            .. Gates.Virtual,
            Refuse(EINVAL, "reset-dirty-rings.no-ring", (in n, in c) => n.Vm.DirtyRing == 0),
            Return("reset-dirty-rings.count", (in n, in c) => 0),
        ],
        Alphabet = Alphabets.Of((ResetDirtyRings.Argument, [0, 0, 1])),
    };

    /// <summary>Bytes of a bitmap with that many bits, rounded up to whole words of so many.</summary>
    public static int BitmapBytes(ulong pages, ulong word = BitsPerWord) => (int)Math.Min((pages + word - 1) / word * (word / 8), int.MaxValue);

    /// <summary>A bitmap is rounded up to whole unsigned longs of the kernel.</summary>
    private static int BitmapBytes(in Node n, ulong pages) =>
        BitmapBytes(pages, n.Host.Architecture.HasNarrowLong() ? NarrowBits : BitsPerWord);

    private static bool RingOnly(in Node n) => n.Vm.DirtyRing != 0 && !n.Vm.RingWithBitmap;

    private static bool BadSlot(in Node n, ulong slot) =>
        slot >> 16 >= n[AddressSpaces] || (ushort)slot >= n[CommonLimits.Memslots];

    private static bool Logged(in Node n, ulong key, out Memslot slot) => n.Vm.Memslots.TryFind((uint)key, out slot) && slot.Logged;

    private static bool Faults(in Node n, in Call c, Memslot slot) =>
        Pointer.Of(c[GetDirtyLog.Bitmap]).FaultsWriting(BitmapBytes(n, slot.Pages));

    /// <summary>The first 64 bits behind the pointer: of a shorter bitmap's only so many are written.</summary>
    private static ulong Written(in Node n, in Call c, Memslot slot) =>
        BitmapBytes(n, slot.Pages) == sizeof(uint) ? (c[GetDirtyLog.FirstWord] & ~(ulong)uint.MaxValue) | slot.Dirty : slot.Dirty;

    private static World Read(in Node n, in Call c)
    {
        if (n.Vm.ManualDirtyLog != 0 || !n.Vm.Memslots.TryFind((uint)c[GetDirtyLog.Slot], out Memslot slot) || slot.Dirty == 0)
        {
            return n.World;
        }

        return n.With(n.Vm with { Memslots = n.Vm.Memslots.With(slot with { Dirty = 0 }) });
    }

    private static World Cleared(in Node n, in Call c)
    {
        if (c[ClearDirtyLog.FirstPage] != 0 || !n.Vm.Memslots.TryFind((uint)c[ClearDirtyLog.Slot], out Memslot slot))
        {
            return n.World;
        }

        ulong pages = c[ClearDirtyLog.Pages];
        ulong range = pages >= BitsPerWord ? ulong.MaxValue : (1UL << (int)pages) - 1;
        ulong dirty = slot.Dirty & ~(range & c[ClearDirtyLog.FirstWord]);
        return dirty == slot.Dirty ? n.World : n.With(n.Vm with { Memslots = n.Vm.Memslots.With(slot with { Dirty = dirty }) });
    }

    private static System.Collections.Immutable.ImmutableArray<Sample> Slots =>
        [0, 0, 0, 0, 1, 1, 1, 2, 2, 3, .. Sample.Around(CommonLimits.Memslots), 65536, 1UL << 31];
}
