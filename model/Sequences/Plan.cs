using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KvmSpec.Model.Sequences;

/// <summary>
/// An operation with the values of its fields resolved for the host. All words of a call are drawn at once, one in each
/// lane of a vector: which values a word takes and which of them are numbers that need no branch.
/// </summary>
internal sealed class Plan
{
    /// <summary>Words of a call that one word of the mixer draws: by 16 bits each.</summary>
    private const int WordsOfADraw = 4;

    /// <summary>One in so many arguments comes from the rare values, which cost the kernel much memory.</summary>
    private const uint RareOneIn = 256;

    /// <summary>Of eight arguments of a call that is not plain, so many may be any common value.</summary>
    private const uint UnusualOfEight = 3;

    /// <summary>In so many of 256 calls fields that belong together are drawn each alone.</summary>
    private const byte AloneOf256 = 32;

    private readonly ulong[] values;
    private readonly Vector256<uint> usual;
    private readonly Vector256<uint> common;
    private readonly Vector256<uint> rare;
    private readonly Vector128<byte> parts;
    private readonly int draws;
    private readonly ImmutableArray<ulong>[] together;
    private readonly int size;
    private readonly int fineOf256;

    internal Plan(Model model, Operation operation)
    {
        Operation = operation;
        Rules = model.Foresee(operation);
        LastNumber = (byte)(Scope.Handles(operation.On) - 1);
        Makes = operation.Creates ?? DescriptorKind.System;
        LastMade = (byte)(Scope.Handles(Makes) - 1);
        size = operation.Ioctl?.Size ?? 0;
        fineOf256 = operation.Ioctl == Uapi.Raw.Ioctl ? 0 : size == 0 ? 256 : 240;
        together = [.. operation.Together?.On(model.Host) ?? []];
        Field[] drawn = [.. operation.Fields.Where(f => operation.Alphabet.ContainsKey(f))];
        draws = (drawn.Length + WordsOfADraw - 1) / WordsOfADraw;
        Words start = new Call(operation, default).Words;
        List<ulong> lists = [];
        Span<uint> ranges = stackalloc uint[3 * Words.Length];
        Span<byte> bytes = stackalloc byte[2 * Words.Length];
        for (int word = 0; word < Words.Length; word++)
        {
            int at = Array.FindIndex(drawn, f => f.Index == word);
            ulong[] often = at < 0 ? [start[word]] : [.. model.Interesting(operation, drawn[at], rare: false)];
            ulong[] seldom = at < 0 ? [] : [.. model.Interesting(operation, drawn[at], rare: true)];
            ulong[] repeated = [.. often.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key)];
            ranges[word] = Range(lists, repeated.Length > 0 ? repeated : often);
            ranges[Words.Length + word] = Range(lists, often);
            ranges[(2 * Words.Length) + word] = Range(lists, seldom.Length > 0 ? seldom : often);
            bytes[2 * word] = (byte)(2 * Math.Max(at, 0));
            bytes[(2 * word) + 1] = (byte)((2 * Math.Max(at, 0)) + 1);
        }

        values = [.. lists];
        usual = Vector256.Create<uint>(ranges);
        common = Vector256.Create<uint>(ranges[Words.Length..]);
        rare = Vector256.Create<uint>(ranges[(2 * Words.Length)..]);
        parts = Vector128.Create<byte>(bytes);
    }

    internal Operation Operation { get; }

    /// <summary>The greatest number of a handle that its calls are made on: all bits below are set.</summary>
    internal byte LastNumber { get; }

    /// <summary>The kind of descriptor that its calls make. Those that make none name the first of the first kind, which is no name.</summary>
    internal DescriptorKind Makes { get; }

    /// <summary>The greatest number of a handle of that kind.</summary>
    internal byte LastMade { get; }

    /// <summary>The rules that its calls meet.</summary>
    internal RuleList Rules { get; }

    /// <summary>How the argument's pointer behaves: mostly it is fine.</summary>
    internal Pointer Argument(byte drawn) => drawn < fineOf256 ? Pointer.Fine : Faulting(drawn);

    private Pointer Faulting(byte drawn) => drawn switch
    {
        _ when fineOf256 == 0 => Pointer.Unmapped,
        < 246 => Pointer.Unmapped,
        < 251 => Pointer.ReadOnly,
        _ => Pointer.FaultsAfter((ushort)(size / 2)),
    };

    /// <summary>Draws the words.</summary>
    /// <param name="mixer">What they are drawn from.</param>
    /// <param name="call">The call they are for.</param>
    /// <param name="plain">All bits set for a plain call, which takes usual values only, else none.</param>
    internal void Fill(ref Mixer mixer, ref Call call, uint plain)
    {
        Vector128<ulong> bits = mixer.Next(draws);
        Vector128<ushort> shared = Vector128.ShuffleNative(bits.AsByte(), parts).AsUInt16();
        Vector256<uint> part = Vector256.Create(Vector128.WidenLower(shared), Vector128.WidenUpper(shared));
        Vector256<uint> kind = part | Vector256.Create(plain & 7);
        Vector256<uint> range = Vector256.ConditionalSelect(
            Vector256.Equals(kind & Vector256.Create(RareOneIn - 1), Vector256<uint>.Zero),
            rare,
            Vector256.ConditionalSelect(Vector256.LessThan((kind & Vector256.Create(7u)).AsInt32(), Vector256.Create((int)UnusualOfEight)).AsUInt32(), common, usual));
        Vector256<uint> at = (range & Vector256.Create(0xffffu)) + ((part * (range >> 16)) >> 16);
        Take(at.GetLower(), ref call.Words, 0);
        Take(at.GetUpper(), ref call.Words, Words.Length / 2);
        if (together.Length > 0)
        {
            DrawTogether(mixer.Next(), ref call);
        }
    }

    /// <summary>Sets half of the words, without a loop: a lane that is told by a constant needs no memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(Vector128<uint> at, ref Words words, int from)
    {
        ulong[] all = values;
        (uint one, uint two, uint three, uint four) = (at[0], at[1], at[2], at[3]);
        words[from] = all[one];
        words[from + 1] = all[two];
        words[from + 2] = all[three];
        words[from + 3] = all[four];
    }

    /// <summary>Adds values to all lists: where they begin, and in the upper half how many they are.</summary>
    private static uint Range(List<ulong> lists, ulong[] values)
    {
        uint range = checked((ushort)lists.Count | ((uint)(ushort)values.Length << 16));
        lists.AddRange(values);
        return range;
    }

    private void DrawTogether(ulong word, ref Call call)
    {
        if ((byte)word < AloneOf256)
        {
            return;
        }

        ImmutableArray<ulong> row = together[(int)(((word >> 32) * (ulong)together.Length) >> 32)];
        for (int i = 0; i < row.Length; i++)
        {
            call.Words[Operation.Together!.Fields[i].Index] = row[i];
        }
    }
}
