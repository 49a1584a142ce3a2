using KvmSpec.Model;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>What can be seen of an access from outside: the trap or the value, and the tables afterwards.</summary>
/// <param name="Cause">mcause, or 0 where the access was made.</param>
/// <param name="Tval">mtval.</param>
/// <param name="Htval">mtval2.</param>
/// <param name="Pseudo">mtinst where it is a pseudoinstruction, else 0.</param>
/// <param name="Value">What was loaded, fetched or stored.</param>
/// <param name="After">The words of the tables, in the case's order.</param>
public sealed record WalkAnswer(ulong Cause, ulong Tval, ulong Htval, ulong Pseudo, ulong Value, ulong[] After)
{
    /// <summary>What the model answers.</summary>
    public static WalkAnswer Of(WalkCase walk, WalkResult result, Dictionary<ulong, ulong> after)
    {
        ArgumentNullException.ThrowIfNull(walk);
        ArgumentNullException.ThrowIfNull(after);
        ulong[] words = new ulong[walk.Words.Count];
        int i = 0;
        foreach (ulong address in walk.Words.Keys)
        {
            words[i++] = after[address];
        }

        return result.IsTrap
            ? new WalkAnswer((ulong)result.Cause, result.Tval.Value, result.Htval, result.Pseudo, 0, words)
            : new WalkAnswer(0, 0, 0, 0, ValueAt(walk, result.Spa), words);
    }

    /// <summary>What an access that gets to an address of the pool of pages sees there.</summary>
    internal static ulong ValueAt(WalkCase walk, Spa spa)
    {
        ulong unit = ServerLayout.DataUnit(spa);
        return walk.Access.Kind switch
        {
            AccessKind.Store => StoredBy(walk),
            AccessKind.Fetch => ServerLayout.Place(spa) << 12,
            _ => walk.Access.Bytes == sizeof(ulong) ? unit : unit & uint.MaxValue,
        };
    }

    /// <summary>A value that no page holds before.</summary>
    internal static ulong StoredBy(WalkCase walk) =>
        walk.Access.Bytes == sizeof(ulong) ? 0xfeedfacecafebeef : 0xcafebeef;

    /// <inheritdoc/>
    public bool Equals(WalkAnswer? other) => other is not null
        && (Cause, Tval, Htval, Pseudo, Value) == (other.Cause, other.Tval, other.Htval, other.Pseudo, other.Value)
        && After.AsSpan().SequenceEqual(other.After);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Cause, Tval, Htval, Pseudo, Value);

    /// <summary>In short: the trap or the value, without the tables.</summary>
    public string Summary => Cause == 0
        ? $"value {CallText.Number(Value)}"
        : $"cause {Cause}, tval 0x{Tval:x}, htval 0x{Htval:x}" + (Pseudo == 0 ? "" : $", htinst 0x{Pseudo:x}");
}
