using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace KvmSpec.Model;

/// <summary>True where a rule decides the call.</summary>
public delegate bool When(in Node n, in Call c);

/// <summary>The state after a call that a rule decided.</summary>
public delegate World Then(in Node n, in Call c);

/// <summary>A number that the kernel returns or writes.</summary>
public delegate ulong Value(in Node n, in Call c);

/// <summary>True where a number that the host decides is one that the API allows.</summary>
public delegate bool Allowed(in Node n, in Call c, ulong value);

/// <summary>A word that the kernel writes: its value, or <c>null</c> where the API leaves it open.</summary>
public sealed record Write(Field Field, Value? Value);

/// <summary>
/// One check of the kernel, or what it does when all checks passed. Rules are data: they can be listed, edited, dropped
/// and swapped without running them. A rule's id is its clause in spec.md.
/// </summary>
public sealed record Rule
{
    private static int count;

    public required string Id { get; init; }

    /// <summary>The errno it answers; <see cref="Errno.None"/> where it accepts.</summary>
    public Errno Errno { get; init; }

    /// <summary>When it decides; <c>null</c> is always.</summary>
    public When? When { get; init; }

    /// <summary>The state it leaves. For a refusal, an effect of failure; <c>null</c> leaves the state as it was.</summary>
    public Then? Then { get; init; }

    /// <summary>For a refusal that leaves something behind: what, in words.</summary>
    public string? Leaves { get; init; }

    /// <summary>True where nothing after it can be checked any more, so that the envelope ends here.</summary>
    public bool Stops { get; init; }

    /// <summary>The unknown fact of the host without which it does not hold.</summary>
    public Fact? Given { get; init; }

    /// <summary>The ioctl's result where it accepts; <c>null</c> is 0 or, for a call that creates, the new descriptor.</summary>
    public Value? Result { get; init; }

    /// <summary>Which results the API allows where the host decides.</summary>
    public Allowed? Allows { get; init; }

    /// <summary>The words it writes; all others stay as they were.</summary>
    public ImmutableArray<Write> Writes { get; init; } = [];

    /// <summary>True where it makes a descriptor under the call's name for it.</summary>
    public bool Creates { get; init; }

    /// <summary>
    /// True where the model says nothing of the answer, nor of what comes after it: it ends a sequence and decides nothing.
    /// </summary>
    public bool Open { get; init; }

    /// <summary>True where the kernel crashes: an outcome of its own, that no userspace can be ready for.</summary>
    public bool Crashes { get; init; }

    /// <summary>A number of this process for tables indexed by rule; an edited copy gets its own.</summary>
    public int Serial { get; } = Interlocked.Increment(ref count);

    public bool Accepts => Errno == Errno.None && !Crashes;

    /// <summary>The answer in a word: the errno, <c>accepts</c>, <c>open</c> or <c>crashes</c>.</summary>
    public string Answer => Open ? "open" : Crashes ? "crashes" : Accepts ? "accepts" : Errno.ToString();

    /// <summary>Copies a rule for an edited book.</summary>
    private Rule(Rule original)
    {
        Id = original.Id;
        Errno = original.Errno;
        When = original.When;
        Then = original.Then;
        Leaves = original.Leaves;
        Stops = original.Stops;
        Given = original.Given;
        Result = original.Result;
        Allows = original.Allows;
        Writes = original.Writes;
        Creates = original.Creates;
        Open = original.Open;
        Crashes = original.Crashes;
    }

    public bool Equals(Rule? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Serial;

    /// <inheritdoc/>
    public override string ToString() => $"{Answer} {Id}";
}

/// <summary>The words in which rules are written.</summary>
public static class Rules
{
    /// <summary>The kernel answers an errno and the state stays as it was.</summary>
    public static Rule Refuse(Errno errno, string id, When when, bool stops = false, Fact? given = null) =>
        new() { Id = id, Errno = errno, When = when, Stops = stops, Given = given };

    /// <summary>The kernel answers an errno whatever the call: the end of a list that knows no success.</summary>
    public static Rule RefuseAll(Errno errno, string id) => new() { Id = id, Errno = errno, Stops = true };

    /// <summary>The kernel answers an errno and leaves something behind all the same.</summary>
    public static Rule RefuseLeaving(Errno errno, string id, string leaves, Then then, When? when = null, params Write[] writes) =>
        new() { Id = id, Errno = errno, When = when, Then = then, Leaves = leaves, Stops = true, Writes = [.. writes] };

    /// <summary>The call succeeds with 0 and changes the state.</summary>
    public static Rule Accept(string id, Then? then = null, When? when = null) =>
        new() { Id = id, When = when, Then = then, Stops = true };

    /// <summary>The call succeeds and writes words.</summary>
    public static Rule Answer(string id, ImmutableArray<Write> writes, Then? then = null, When? when = null) =>
        new() { Id = id, When = when, Then = then, Writes = writes, Stops = true };

    /// <summary>The model says nothing of the answer and of what comes after it.</summary>
    public static Rule LeaveOpen(string id, When? when = null) => new() { Id = id, When = when, Open = true, Stops = true };

    /// <summary>The kernel crashes.</summary>
    public static Rule Crash(string id, When? when = null) => new() { Id = id, When = when, Crashes = true, Stops = true };

    /// <summary>The call succeeds with a number.</summary>
    public static Rule Return(string id, Value result, Allowed? allows = null, When? when = null) =>
        new() { Id = id, When = when, Result = result, Allows = allows, Stops = true };

    /// <summary>The call succeeds and makes a descriptor.</summary>
    public static Rule Create(string id, Then then, When? when = null) =>
        new() { Id = id, When = when, Then = then, Creates = true, Stops = true };

    /// <summary>True where the rule decides this call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool Decides(this Rule rule, in Node n, in Call c) => rule.When is not { } when || when(in n, in c);
}
