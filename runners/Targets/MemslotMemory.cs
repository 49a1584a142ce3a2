using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// What a machine's kernel may set aside for the memslots of one sequence. A memslot costs memory for each of its pages when it is
/// made, whether or not anything lies there: the largest that an x86 kernel without two-dimensional paging takes costs 16 GiB, which
/// would have the kernel end processes that have no part in the check.
/// </summary>
/// <param name="bytesAPage">What a page of a memslot costs, in bytes, whatever its flags.</param>
/// <param name="bound">How much the memslots of a sequence may cost together, in bytes.</param>
public sealed class MemslotMemory(double bytesAPage, double bound)
{
    /// <summary>Two dirty bitmaps (kvm_alloc_dirty_bitmap).</summary>
    private const double LoggedBytesAPage = 0.25;

    /// <summary>KVM_MEM_MAX_NR_PAGES: a kernel refuses what is larger before it sets anything aside.</summary>
    private const ulong MostPages = int.MaxValue;

    private const string Table = "/proc/meminfo";

    /// <summary>How many sequences may be ending while the next one is made.</summary>
    private const double ManyAtOnce = 64;

    private double cost;

    /// <summary>What holds on a machine: a quarter of the memory that is there now.</summary>
    /// <param name="architecture">The machine's.</param>
    /// <param name="read">Reads its files.</param>
    internal static MemslotMemory Of(Architecture architecture, ReadsFile read) => new(
        architecture == Architecture.X86 && !PagesInTwoDimensions(read) ? sizeof(ulong) : 0, Available(read) / 4);

    /// <summary>What holds where nothing is spared.</summary>
    public static MemslotMemory Unbound => new(0, double.PositiveInfinity);

    /// <summary>Begins a sequence, whose VMs are new.</summary>
    public void Begin() => cost = 0;

    /// <summary>True where what this sequence's memslots cost should be given back before the next sequence takes more.</summary>
    public bool IsMuch => cost > bound / ManyAtOnce;

    /// <summary>Begins a sequence: how many of its calls may be made before the first that may not.</summary>
    public int Fitting(ReadOnlySpan<Call> calls)
    {
        Begin();
        int count = 0;
        while (count < calls.Length && Allows(calls[count]))
        {
            count++;
        }

        return count;
    }

    /// <summary>True where the call may be made; what it may cost then counts to the end of the sequence.</summary>
    public bool Allows(in Call call)
    {
        if (call.Operation.Ioctl != Ioctls.SetUserMemoryRegion.Ioctl && call.Operation.Ioctl != Ioctls.SetUserMemoryRegion2.Ioctl)
        {
            return true;
        }

        ulong pages = call[Ioctls.SetUserMemoryRegion.Size] / Vm.PageSize;
        bool logged = (call[Ioctls.SetUserMemoryRegion.Flags] & Model.Common.Memslots.LogDirtyPages) != 0;
        double own = pages > MostPages ? 0 : pages * (bytesAPage + (logged ? LoggedBytesAPage : 0));
        if (cost + own > bound)
        {
            return false;
        }

        cost += own;
        return true;
    }

    /// <summary>The bytes that could be had without swapping, as the kernel reckons.</summary>
    private static double Available(ReadsFile read)
    {
        const string Line = "MemAvailable:";
        string line = read(Table)?.Split('\n').FirstOrDefault(l => l.StartsWith(Line, StringComparison.Ordinal))
            ?? throw new TargetException($"{Table} tells no {Line.TrimEnd(':')}: what memslots may cost is not known");
        return double.Parse(line[Line.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>memslot_rmap_alloc: only the MMU for two-dimensional paging needs no reverse map of each page.</summary>
    private static bool PagesInTwoDimensions(ReadsFile read)
    {
        return Says("kvm/parameters/tdp_mmu") && (Says("kvm_intel/parameters/ept") || Says("kvm_amd/parameters/npt"));

        bool Says(string parameter) => read("/sys/module/" + parameter)?.Trim() is "Y" or "1";
    }
}
