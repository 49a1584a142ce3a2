using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Properties.Laws;

/// <summary>What a wild call is decoded from.</summary>
public readonly record struct WildSeed(ulong Value);

/// <summary>
/// Calls that no generator with taste would make: any operation on any descriptor, any words, any pointer, also raw
/// numbers of known ioctls. Only what a vector can spell is kept: handles and pointers are handles and pointers.
/// </summary>
public static class Wild
{
    private static readonly Pointer[] Pointers =
        [Pointer.Fine, Pointer.Fine, Pointer.Unmapped, Pointer.ReadOnly, Pointer.FaultsAfter(0), Pointer.FaultsAfter(4), Pointer.FaultsAfter(ushort.MaxValue)];

    private static readonly Dictionary<Architecture, Operation[]> Newest = Revisions.All
        .Take(1)
        .SelectMany(r => Enum.GetValues<Architecture>().Select(a => (a, r.Book(a))))
        .Where(b => b.Item2 is not null)
        .ToDictionary(b => b.a, b => b.Item2!.Operations.ToArray());

    /// <summary>The call that a seed names.</summary>
    public static Call Call(Setting setting, ulong seed)
    {
        Mixer mixer = new(seed);
        Operation[] operations = Newest[setting.Host.Architecture];
        Operation operation = operations[mixer.Below(operations.Length)];
        DescriptorKind kind = mixer.Below(4) == 0 ? (DescriptorKind)mixer.Below(Handle.Kinds) : operation.On;
        Call call = new(operation, Name(ref mixer, kind))
        {
            As = operation.Creates is { } created ? Name(ref mixer, created) : default,
            Argument = operation.Ioctl is null or { TakesPointer: false } && operation.Ioctl != Raw.Ioctl ? Pointer.Fine : Pointers[mixer.Below(Pointers.Length)],
        };
        foreach (Field field in operation.Ioctl?.Fields ?? [])
        {
            if (field.Direction != Direction.Out && (operation.Case is null || field != operation.Ioctl!.Selector))
            {
                call.Words[field.Index] = Word(ref mixer, setting, operation, field);
            }
        }

        if (operation.Ioctl == Raw.Ioctl)
        {
            ulong known = operations[mixer.Below(operations.Length)].Ioctl?.Request.Value ?? 0;
            call.Words[Raw.Request.Index] = mixer.Below(2) == 0 ? known : call.Words[Raw.Request.Index];
        }

        return call;
    }

    private static Handle Name(ref Mixer mixer, DescriptorKind kind) => new(kind, (byte)mixer.Below(Scope.Handles(kind) + 1));

    private static ulong Word(ref Mixer mixer, Setting setting, Operation operation, Field field)
    {
        switch (field.Meaning)
        {
            case Meaning.Pointer:
                return Pointers[mixer.Below(Pointers.Length)].Word;
            case Meaning.Descriptor:
                return mixer.Below(8) == 0 ? (uint)mixer.Next() : Name(ref mixer, (DescriptorKind)mixer.Below(Handle.Kinds)).Word;
            default:
                ulong[] interesting = [.. setting.Model.Interesting(operation, field)];
                ulong word = mixer.Below(8) switch
                {
                    0 => 0,
                    1 => ulong.MaxValue,
                    2 => mixer.Next(),
                    3 => 1UL << mixer.Below(64),
                    4 => (ulong)mixer.Below(16),
                    _ => interesting.Length > 0 ? interesting[mixer.Below(interesting.Length)] : (ulong)mixer.Below(256),
                };
                return word & field.Mask;
        }
    }
}
