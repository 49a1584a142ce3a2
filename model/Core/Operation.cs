using System.Collections.Immutable;

namespace KvmSpec.Model;

/// <summary>
/// What a call can be: an ioctl on one kind of descriptor, for an ioctl that is a switch one case of it. Its rules stand
/// in the order in which the kernel checks.
/// </summary>
public sealed record Operation
{
    private static int count;

    /// <summary>The ioctl; <c>null</c> for close(2).</summary>
    public required Ioctl? Ioctl { get; init; }

    /// <summary>The words of its calls; none for close(2).</summary>
    public ImmutableArray<Field> Fields => Ioctl?.Fields ?? [];

    /// <summary>The kind of descriptor on which these rules hold.</summary>
    public required DescriptorKind On { get; init; }

    /// <summary>The selector's value for one case of a switch; <c>null</c> for the ioctl itself or its default case.</summary>
    public Symbol? Case { get; init; }

    /// <summary>The type of device on which these rules hold, where <see cref="On"/> is a device.</summary>
    public Symbol? OfDevice { get; init; }

    /// <summary>The kind of descriptor that success makes, if any.</summary>
    public DescriptorKind? Creates { get; init; }

    /// <summary>How often generated sequences choose it, relative to the others; static, so that sequences replay.</summary>
    public int Weight { get; init; } = 8;

    /// <summary>Hosts on which sequences choose it more often; <c>null</c> where it is the same on all.</summary>
    public Emphasis? Emphasis { get; init; }

    public required ImmutableArray<Rule> Rules { get; init; }

    /// <summary>The interesting values of each field, from which generator, search, diff and vectors draw.</summary>
    public ImmutableDictionary<Field, ImmutableArray<Sample>> Alphabet { get; init; } =
        ImmutableDictionary<Field, ImmutableArray<Sample>>.Empty;

    /// <summary>Values of several fields that only mean something together, such as a register and what is written to it.</summary>
    public Combination? Together { get; init; }

    /// <summary>A number of this process for tables indexed by operation; an edited copy keeps it.</summary>
    public int Id { get; private init; } = Interlocked.Increment(ref count);

    /// <summary>What a list that belongs to no ioctl is about; <c>null</c> for all others.</summary>
    public string? Title { get; init; }

    /// <summary>The name people read: <c>KVM_ENABLE_CAP(KVM_CAP_SPLIT_IRQCHIP)</c>.</summary>
    public string Name => Title ?? ((Ioctl?.Name ?? "close") + (Case is null ? "" : $"({Case.Name})"));

    /// <summary>The name with its kind of descriptor or type of device, unique in a book.</summary>
    public string FullName => $"{OfDevice?.Name ?? On.ToString().ToLowerInvariant()}/{Name}";

    /// <inheritdoc/>
    public bool Equals(Operation? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Id;

    /// <inheritdoc/>
    public override string ToString() => FullName;
}

/// <summary>More weight on hosts that can make a device, so that sequences there are mostly about it.</summary>
/// <param name="Device">The type of the device.</param>
/// <param name="Factor">What the weight is multiplied with.</param>
public sealed record Emphasis(Symbol Device, int Factor);

/// <summary>
/// An interesting value of an argument: a number, or the neighbourhood of a limit, so that moving the limit moves the
/// samples with it.
/// </summary>
/// <param name="Value">The number, or what is added to the limit after scaling.</param>
/// <param name="Limit">The limit it stands beside, if any.</param>
/// <param name="Scale">What the limit is multiplied with, such as the page size.</param>
/// <param name="Rare">True where accepting it costs the kernel so much memory that sequences seldom try.</param>
public readonly record struct Sample(ulong Value, Limit? Limit = null, ulong Scale = 1, bool Rare = false)
{
    public static implicit operator Sample(ulong value) => new(value);

    public static implicit operator Sample(int value) => new((ulong)value);

    public static implicit operator Sample(Symbol symbol) => new((symbol ?? throw new ArgumentNullException(nameof(symbol))).Value);

    public static implicit operator Sample(Pointer pointer) => new(pointer.Word);

    public static implicit operator Sample(Handle handle) => new(handle.Word);

    public static Sample FromUInt64(ulong value) => value;

    /// <summary>A number so much below a limit.</summary>
    public static Sample Before(Limit limit, ulong by) => new(unchecked(0 - by), limit);

    /// <summary>The limit and both its neighbours.</summary>
    public static ImmutableArray<Sample> Around(Limit limit, ulong scale = 1) =>
        [new(0 - scale, limit, scale), new(0, limit, scale), new(scale, limit, scale)];
}

/// <summary>Values of several fields that only mean something together.</summary>
/// <param name="Fields">The fields.</param>
/// <param name="On">The rows on a host: one value for each field. At most 65536.</param>
public sealed record Combination(ImmutableArray<Field> Fields, Func<Host, IEnumerable<ImmutableArray<ulong>>> On);
