namespace KvmSpec.Model.Sequences;

/// <summary>
/// Makes a failing sequence smaller. Works on decoded calls: removes calls, simplifies arguments (also one value in every
/// call at once, so that two calls that must agree shrink together), renumbers handles. Whoever drives it keeps only
/// candidates that fail in the same group as the first failure.
/// </summary>
public sealed class Shrinker(Model model)
{
    /// <summary>All sequences that are one step simpler, the boldest steps first.</summary>
    public IEnumerable<Sequence> Simpler(Sequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        return Removals(sequence).Concat(Arguments(sequence)).Concat(Everywhere(sequence)).Concat(Handles(sequence));
    }

    private static IEnumerable<Sequence> Removals(Sequence sequence)
    {
        int length = sequence.Length;
        for (int size = length / 2; size >= 1; size /= 2)
        {
            for (int end = length; end >= size; end -= size)
            {
                yield return Without(sequence, end - size, size);
            }
        }

        for (int i = 0; i < length && length <= 12; i++)
        {
            for (int k = i + 2; k < length; k++)
            {
                yield return Without(Without(sequence, k, 1), i, 1);
            }
        }
    }

    private static Sequence Without(Sequence sequence, int start, int count)
    {
        Call[] calls = new Call[sequence.Length - count];
        sequence.Calls[..start].CopyTo(calls);
        sequence.Calls[(start + count)..].CopyTo(calls.AsSpan(start));
        return new Sequence(calls);
    }

    private IEnumerable<Sequence> Arguments(Sequence sequence)
    {
        for (int i = 0; i < sequence.Length; i++)
        {
            Call call = sequence[i];
            if (call.Argument != Pointer.Fine && call.Operation.Ioctl != Uapi.Raw.Ioctl)
            {
                Call simpler = call;
                simpler.Argument = Pointer.Fine;
                yield return Replaced(sequence, i, simpler);
            }

            foreach (Field field in call.Operation.Fields)
            {
                foreach (ulong value in Simpler(call, field))
                {
                    yield return Replaced(sequence, i, call.With(field, value));
                }
            }
        }
    }

    /// <summary>Words that several calls share change in all of them at once.</summary>
    private IEnumerable<Sequence> Everywhere(Sequence sequence)
    {
        HashSet<(string Name, ulong Value)> seen = [];
        for (int i = 0; i < sequence.Length; i++)
        {
            Call call = sequence[i];
            foreach (Field field in call.Operation.Fields)
            {
                ulong value = call[field];
                if (!seen.Add((field.Name, value)) || !Shares(sequence, i, field.Name, value))
                {
                    continue;
                }

                foreach (ulong simpler in Simpler(call, field))
                {
                    Call[] calls = sequence.Calls.ToArray();
                    for (int k = i; k < calls.Length; k++)
                    {
                        if (Named(calls[k], field.Name) is { } other && calls[k][other] == value)
                        {
                            calls[k] = calls[k].With(other, simpler);
                        }
                    }

                    yield return new Sequence(calls);
                }
            }
        }
    }

    private static bool Shares(Sequence sequence, int from, string name, ulong value)
    {
        for (int k = from + 1; k < sequence.Length; k++)
        {
            if (Named(sequence[k], name) is { } other && sequence[k][other] == value)
            {
                return true;
            }
        }

        return false;
    }

    private static Field? Named(in Call call, string name)
    {
        foreach (Field field in call.Operation.Fields)
        {
            if (field.Name == name)
            {
                return field;
            }
        }

        return null;
    }

    /// <summary>
    /// Values to try in the place of another: none (0, for descriptors -1), then the ioctl's own values that come before
    /// it. Nothing is simpler than none, so that shrinking ends.
    /// </summary>
    private IEnumerable<ulong> Simpler(Call call, Field field)
    {
        ulong value = call[field];
        ulong none = field.Meaning == Meaning.Descriptor ? Call.NoDescriptor : 0;
        if (field.Direction == Direction.Out || value == none || (call.Operation.Case is not null && field == call.Operation.Ioctl!.Selector))
        {
            yield break;
        }

        yield return none;

        foreach (ulong other in model.Interesting(call.Operation, field).Distinct())
        {
            if (other == value)
            {
                yield break;
            }

            if (other != none)
            {
                yield return other;
            }
        }
    }

    private static IEnumerable<Sequence> Handles(Sequence sequence)
    {
        HashSet<Handle> used = [];
        foreach (Call call in sequence.Calls)
        {
            used.Add(call.On);
            if (call.Operation.Creates is not null)
            {
                used.Add(call.As);
            }

            foreach (Field field in call.Operation.Fields)
            {
                if (field.Meaning == Meaning.Descriptor && Handle.TryFrom(call[field], out Handle handle))
                {
                    used.Add(handle);
                }
            }
        }

        foreach (Handle handle in used)
        {
            for (byte number = 0; number < handle.Number; number++)
            {
                yield return Renamed(sequence, handle, new Handle(handle.Kind, number));
            }
        }
    }

    private static Sequence Renamed(Sequence sequence, Handle from, Handle to)
    {
        Call[] calls = sequence.Calls.ToArray();
        for (int i = 0; i < calls.Length; i++)
        {
            Call call = calls[i];
            call.On = call.On == from ? to : call.On;
            call.As = call.Operation.Creates is not null && call.As == from ? to : call.As;
            foreach (Field field in call.Operation.Fields)
            {
                if (field.Meaning == Meaning.Descriptor && call[field] == from.Word)
                {
                    call.Words[field.Index] = to.Word;
                }
            }

            calls[i] = call;
        }

        return new Sequence(calls);
    }

    private static Sequence Replaced(Sequence sequence, int index, in Call call)
    {
        Call[] calls = sequence.Calls.ToArray();
        calls[index] = call;
        return new Sequence(calls);
    }
}
