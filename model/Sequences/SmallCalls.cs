using System.Collections.Immutable;
using System.Numerics;

namespace KvmSpec.Model.Sequences;

/// <summary>
/// The calls that an exhaustive search makes in every state: each operation with its usual values in all combinations,
/// and each other interesting value once, beside usual ones. Names of new descriptors are the lowest free ones, so that
/// two states that differ only in names do not both appear.
/// </summary>
public sealed class SmallCalls
{
    /// <summary>Where the usual values of all fields make more combinations than this, each field varies alone.</summary>
    private const int MostCombinations = 128;

    /// <summary>Of a field's usual values so many are combined.</summary>
    private const int MostUsual = 3;

    /// <summary>An operation with so few calls is made with every pointer in each of them.</summary>
    private const int FewCalls = 8;

    private readonly Model model;
    private readonly SmallScope scope;

    /// <param name="model">Whose limits.</param>
    /// <param name="operations">What is called, as far as the scope wants it: the model's own operations, and another's beside them.</param>
    /// <param name="scope">How small.</param>
    public SmallCalls(Model model, IEnumerable<Operation> operations, SmallScope scope)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(scope);
        this.model = model;
        this.scope = scope;
        Calls = [.. operations.Where(o => (o.Weight > 0 || o.Case is not null) && scope.Wants(o)).DistinctBy(o => o.Id).OrderBy(o => o.Case is null).SelectMany(Of).Distinct()];
    }

    /// <summary>Every call, the plain ones of each operation first; a creating one has no name for what it creates.</summary>
    public ImmutableArray<Call> Calls { get; }

    /// <summary>The call as it is made in a state: with a free name where it creates; false where there is none.</summary>
    public bool Named(World world, ref Call call)
    {
        ArgumentNullException.ThrowIfNull(world);
        if (call.Operation.Creates is not { } kind)
        {
            return true;
        }

        int free = BitOperations.TrailingZeroCount(~world.Open.Numbers(kind));
        call.As = new Handle(kind, (byte)free);
        return free < scope.Names(kind);
    }

    private IEnumerable<Call> Of(Operation operation)
    {
        for (int number = 0; number < Math.Max(1, scope.Names(operation.On)); number++)
        {
            Call[] words = [.. Words(new Call(operation, new Handle(operation.On, (byte)number)))];
            foreach (Call call in words)
            {
                yield return call;
            }

            foreach (Call call in operation.Ioctl is { TakesPointer: true } ? words.Take(words.Length <= FewCalls ? FewCalls : 1) : [])
            {
                yield return call with { Argument = Pointer.Unmapped };
                yield return call with { Argument = Pointer.ReadOnly };
            }
        }
    }

    private IEnumerable<Call> Words(Call start)
    {
        Field[] fields = [.. start.Operation.Fields.Where(f => Values(start.Operation, f).Length > 0)];
        ulong[][] usual = [.. fields.Select(f => Usual(start.Operation, f))];
        Call plain = start;
        for (int i = 0; i < fields.Length; i++)
        {
            plain.Words[fields[i].Index] = usual[i][0];
        }

        IEnumerable<Call> combined = usual.Aggregate(1L, (product, values) => product * values.Length) <= MostCombinations
            ? Combined(plain, fields, usual, 0)
            : Singles(plain, fields, usual);
        foreach (Call call in combined)
        {
            yield return call;
        }

        foreach (Call call in Singles(plain, fields, [.. fields.Select(f => Values(start.Operation, f).Distinct().ToArray())]))
        {
            yield return call;
        }
    }

    private ulong[] Values(Operation operation, Field field) =>
        [.. model.Interesting(operation, field, rare: false).Where(v => scope.Keeps(operation, field, v))];

    private ulong[] Usual(Operation operation, Field field)
    {
        ulong[] all = Values(operation, field);
        ulong[] often = [.. all.GroupBy(v => v).Where(g => g.Count() > 1).OrderByDescending(g => g.Count()).Select(g => g.Key).Take(MostUsual)];
        return often.Length > 0 ? often : [.. all.Distinct().Take(MostUsual)];
    }

    private static IEnumerable<Call> Combined(Call call, Field[] fields, ulong[][] values, int from)
    {
        if (from == fields.Length)
        {
            yield return call;
            yield break;
        }

        foreach (ulong value in values[from])
        {
            Call next = call;
            next.Words[fields[from].Index] = value;
            foreach (Call made in Combined(next, fields, values, from + 1))
            {
                yield return made;
            }
        }
    }

    private static IEnumerable<Call> Singles(Call plain, Field[] fields, ulong[][] values)
    {
        yield return plain;
        for (int i = 0; i < fields.Length; i++)
        {
            foreach (ulong value in values[i])
            {
                Call next = plain;
                next.Words[fields[i].Index] = value;
                yield return next;
            }
        }
    }
}
