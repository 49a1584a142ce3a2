namespace KvmSpec.Model.Riscv.Walks;

/// <summary>
/// Where drawn tables and pages lie: two pools, parts of them less than fully accessible, and addresses without memory.
/// </summary>
public sealed class WalkArena
{
    /// <summary>Bytes of each pool.</summary>
    public const ulong PoolSize = 4UL << 20;

    /// <summary>Bytes of each part of a pool that PMP protects: 64 KiB.</summary>
    public const ulong ProtectedSize = 0x10000;

    /// <summary>The pool of tables; zeros but for what a case puts there.</summary>
    public static readonly Spa Tables = new(0x80800000);

    /// <summary>The pool of pages.</summary>
    public static readonly Spa Data = new(0x80c00000);

    /// <summary>The first address after RAM.</summary>
    public static readonly Spa MemoryEnd = new(0x82000000);

    private const ulong FarEnd = 1UL << 56;
    private const ulong FarFrom = 1UL << 40;

    /// <summary>An address without memory that 32-bit tables reach.</summary>
    public const ulong NearMissing = 0xa0000000;

    /// <summary>The six parts that PMP protects, in the order of its entries: two of the tables', four of the pages'.</summary>
    public static IReadOnlyList<ProtectedRange> Protected { get; } =
    [
        Last(Tables, 1, Permissions.None),
        Last(Tables, 2, Permissions.Read),
        Last(Data, 1, Permissions.None),
        Last(Data, 2, Permissions.Read),
        Last(Data, 3, Permissions.Execute),
        Last(Data, 4, Permissions.Read | Permissions.Write),
    ];

    /// <summary>Everything that is not fully accessible.</summary>
    public static IReadOnlyList<ProtectedRange> Ranges { get; } =
    [
        .. Protected,
        new(MemoryEnd, new Spa(1UL << 32), Permissions.None),
        new(new Spa(FarFrom), new Spa(FarEnd), Permissions.None),
    ];

    /// <summary>True where an address is in a pool or certainly without memory; elsewhere may be devices.</summary>
    public static bool Holds(Spa address) =>
        (address.Value >= Tables.Value && address.Value < Data.Value + PoolSize)
        || (address.Value >= MemoryEnd.Value && address.Value < 1UL << 32)
        || (address.Value >= FarFrom && address.Value < FarEnd);

    /// <summary>True where an address is in the pool of pages.</summary>
    public static bool IsData(Spa address) => address.Value >= Data.Value && address.Value < Data.Value + PoolSize;

    /// <summary>
    /// True where a walk keeps to the arena, and ends in a page where it succeeds: only then is all memory known that it
    /// depends on or changes.
    /// </summary>
    public static bool Confines<TSteps>(WalkCase walk, ref TSteps steps, out WalkResult result)
        where TSteps : struct, IWalkSteps
    {
        ArgumentNullException.ThrowIfNull(walk);
        ArenaMemory memory = new(new Dictionary<ulong, ulong>(walk.Words));
        result = new Walker(walk.Registers).Translate(walk.Access, ref memory, ref steps);
        return !memory.Strayed && (result.IsTrap || IsData(result.Spa));
    }

    private static ProtectedRange Last(Spa pool, ulong number, Permissions allowed)
    {
        ulong from = pool.Value + PoolSize - (number * ProtectedSize);
        return new ProtectedRange(new Spa(from), new Spa(from + ProtectedSize), allowed);
    }
}

/// <summary>Memory of an arena that notices when a walk goes where nothing is known of what is there.</summary>
public record struct ArenaMemory(Dictionary<ulong, ulong> Words) : IPhysicalMemory
{
    /// <summary>True once an address outside the arena was looked at, or an entry read where pages are.</summary>
    public bool Strayed { get; private set; }

    /// <inheritdoc/>
    public bool Allows(Spa address, int bytes, Permissions needed)
    {
        Strayed |= !WalkArena.Holds(address);
        return new SparseMemory(Words, WalkArena.Ranges).Allows(address, bytes, needed);
    }

    /// <inheritdoc/>
    public ulong Read(Spa address, int bytes)
    {
        Strayed |= WalkArena.IsData(address);
        return Words.GetValueOrDefault(address.Value);
    }

    /// <inheritdoc/>
    public readonly bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement) =>
        new SparseMemory(Words, []).CompareAndSwap(address, bytes, expected, replacement);
}
