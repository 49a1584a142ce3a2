using System.Collections.Frozen;
using System.Globalization;
using KvmSpec.Model;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// An outcome that a vector names: an errno, a new descriptor of a kind, a result, a range of results that hosts choose
/// from, <c>crash</c>, or <c>open</c>, of which nothing is said.
/// </summary>
public readonly record struct Outcome
{
    /// <summary>Any answer: the case ends here.</summary>
    public static readonly Outcome Open = new(Errno.None, null, 0, 0) { IsOpen = true };

    /// <summary>The kernel crashes: only postings do.</summary>
    public static readonly Outcome Crash = new(Errno.None, null, 0, 0) { IsCrash = true };

    private const string Between = "..";
    private const string OpenName = "open";
    private const string CrashName = "crash";

    private static readonly FrozenDictionary<string, Outcome> Named = Enum.GetValues<Errno>().Where(e => e != Errno.None).Select(Of)
        .Concat(Enum.GetValues<DescriptorKind>().Where(k => k is > DescriptorKind.System and < DescriptorKind.Foreign).Select(Of))
        .Append(Open).Append(Crash).ToFrozenDictionary(o => o.ToString());

    private Outcome(Errno errno, DescriptorKind? descriptor, long least, long most)
    {
        Errno = errno;
        Descriptor = descriptor;
        Least = least;
        Most = most;
    }

    /// <summary>The errno; none where the call succeeds.</summary>
    public Errno Errno { get; }

    /// <summary>The kind of the new descriptor, where success makes one.</summary>
    public DescriptorKind? Descriptor { get; }

    /// <summary>True where nothing is said of the answer.</summary>
    public bool IsOpen { get; private init; }

    /// <summary>True where the kernel crashes.</summary>
    public bool IsCrash { get; private init; }

    /// <summary>The smallest result.</summary>
    public long Least { get; }

    /// <summary>The largest result.</summary>
    public long Most { get; }

    public static Outcome Of(Errno errno) => new(errno, null, 0, 0);

    public static Outcome Of(DescriptorKind kind) => new(Errno.None, kind, 0, 0);

    public static Outcome Of(long least, long most) => new(Errno.None, null, least, most);

    /// <summary>True where a call ended like this.</summary>
    public bool Matches(in Observation observed) =>
        IsOpen ? observed.Ending is Ending.Returned or Ending.NotMade or Ending.Unsaid
        : IsCrash ? observed.Ending == Ending.Crashed
        : observed.Ending == Ending.Returned && observed.Errno == Errno && (Errno != Errno.None || (observed.Descriptor == Descriptor.HasValue && Least <= observed.Result && observed.Result <= Most));

    /// <inheritdoc/>
    public override string ToString() =>
        IsOpen ? OpenName
        : IsCrash ? CrashName
        : Errno != Errno.None ? Errno.ToString()
        : Descriptor is { } kind ? NameOf(kind)
        : Least == Most ? CallText.Number((ulong)Least)
        : CallText.Number((ulong)Least) + Between + CallText.Number((ulong)Most);

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out Outcome outcome)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Named.TryGetValue(text, out outcome))
        {
            return true;
        }

        int dots = text.IndexOf(Between, StringComparison.Ordinal);
        string least = dots < 0 ? text : text[..dots];
        string most = dots < 0 ? text : text[(dots + Between.Length)..];
        if (!CallText.TryReadNumber(least, out ulong from) || !CallText.TryReadNumber(most, out ulong to)
            || to > long.MaxValue || from > to || (dots >= 0 && from == to))
        {
            return false;
        }

        outcome = Of((long)from, (long)to);
        return true;
    }

    /// <summary>The word for a kind of descriptor: what a handle of that kind begins with.</summary>
    public static string NameOf(DescriptorKind kind) =>
        new Handle(kind, 1).ToString().TrimEnd('1').ToString(CultureInfo.InvariantCulture);
}
