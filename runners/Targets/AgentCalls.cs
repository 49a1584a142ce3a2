using System.Buffers.Binary;
using KvmSpec.Model;
using KvmSpec.Model.Common;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// Sequences and outcomes as bytes of the agent's protocol. A sequence is preceded by calls of our own, which open
/// /dev/kvm and /dev/null and map user memory as every target does.
/// </summary>
internal static class AgentCalls
{
    /// <summary>How many calls of our own precede a sequence's.</summary>
    public const int Preparations = 4;

    public const int OutcomeSize = 8;
    public const int ChangeSize = 16;

    private const int CallSize = 32;
    private const int FieldSize = 24;

    /// <summary>Handles of this kind stand for user memory.</summary>
    private const ushort UserMemoryHandles = Handle.Kinds << 8;

    private const ushort NoHandle = (Handle.Kinds + 1) << 8;

    /// <summary>A run without immediate_exit may wait for ever; the model says nothing of how it ends.</summary>
    private const uint RunLimitMilliseconds = 200;

    private const uint Readable = 1;
    private const uint Writable = 2;

    private enum Does : byte
    {
        Close,
        Ioctl,
        Open,
        Map,
    }

    /// <summary>Bytes that a sequence takes.</summary>
    public static int SizeOf(ReadOnlySpan<Call> calls)
    {
        int size = 4 + (Preparations * CallSize);
        foreach (ref readonly Call call in calls)
        {
            size += CallSize + (FieldSize * FieldsOf(call));
        }

        return size;
    }

    /// <summary>Writes a sequence.</summary>
    /// <param name="to">As long as <see cref="SizeOf"/> says.</param>
    /// <param name="calls">The calls.</param>
    /// <param name="vcpuMapSize">Bytes of a vCPU's mapping.</param>
    public static void Write(Span<byte> to, ReadOnlySpan<Call> calls, int vcpuMapSize)
    {
        to.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(to, calls.Length + Preparations);
        to = to[4..];
        WriteHead(ref to, Does.Open, NoHandle, NumberOf(Handle.Kvm), 0, 0, 0, 0, 0, 0);
        WriteHead(ref to, Does.Open, NoHandle, NumberOf(new Handle(DescriptorKind.Foreign, 0)), 0, 0, 0, 0, 0, 1);
        WriteHead(ref to, Does.Map, NoHandle, UserMemoryHandles, 0, Readable | Writable, 0, (uint)UserMemory.Length, 0, UserMemory.Start);
        WriteHead(ref to, Does.Map, NoHandle, UserMemoryHandles + 1, 0, Readable, 0, (uint)UserMemory.ReadOnlyLength, 0, UserMemory.ReadOnlyStart);
        foreach (ref readonly Call call in calls)
        {
            Write(ref to, call, vcpuMapSize);
        }
    }

    /// <summary>Reads the outcome of one of our own calls.</summary>
    public static bool TryReadPreparation(ref ReadOnlySpan<byte> from, out Errno errno, out ReadOnlySpan<byte> log)
    {
        bool whole = TryReadHead(ref from, out Head head, out log);
        errno = head.Errno;
        return whole && head.Changes == 0;
    }

    /// <summary>Reads what a call answered; false where the bytes are no outcome of that call.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> from, in Call call, out Observation observed, out ReadOnlySpan<byte> log)
    {
        observed = new Observation { After = call.Words };
        if (!TryReadHead(ref from, out Head head, out log, out ReadOnlySpan<byte> changes))
        {
            return false;
        }

        observed.Errno = head.Errno;
        observed.Descriptor = head.MadeDescriptor;
        observed.Result = head.Result;
        for (; changes.Length > 0; changes = changes[ChangeSize..])
        {
            ulong number = BinaryPrimitives.ReadUInt64LittleEndian(changes);
            if (number >= (ulong)FieldsOf(call))
            {
                return false;
            }

            Field field = FieldAt(call, (int)number);
            if (!head.MadeDescriptor || field != call.Operation.Ioctl!.DescriptorField)
            {
                observed.After[field.Index] = BinaryPrimitives.ReadUInt64LittleEndian(changes[8..]);
            }
        }

        return true;
    }

    private readonly record struct Head(int Changes, Errno Errno, bool MadeDescriptor, long Result);

    private static bool TryReadHead(ref ReadOnlySpan<byte> from, out Head head, out ReadOnlySpan<byte> log) =>
        TryReadHead(ref from, out head, out log, out _);

    private static bool TryReadHead(ref ReadOnlySpan<byte> from, out Head head, out ReadOnlySpan<byte> log, out ReadOnlySpan<byte> changes)
    {
        head = default;
        log = changes = default;
        if (from.Length < OutcomeSize)
        {
            return false;
        }

        int changed = from[1];
        int logged = BinaryPrimitives.ReadUInt16LittleEndian(from[2..]);
        int result = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        head = new Head(changed, (Errno)Math.Max(-(long)result, 0), from[0] != 0, Math.Max(result, 0));
        int whole = OutcomeSize + (changed * ChangeSize) + logged;
        if (from.Length < whole || result < -byte.MaxValue)
        {
            return false;
        }

        changes = from.Slice(OutcomeSize, changed * ChangeSize);
        log = from[(OutcomeSize + changes.Length)..whole];
        from = from[whole..];
        return true;
    }

    private static void Write(ref Span<byte> to, in Call call, int vcpuMapSize)
    {
        if (call.Operation.Ioctl is not { } ioctl)
        {
            WriteHead(ref to, Does.Close, NumberOf(call.On), NoHandle, 0, 0, 0, 0, 0, 0);
            return;
        }

        bool raw = ioctl == Model.Uapi.Raw.Ioctl;
        bool mayCreate = call.Operation.Creates is not null || ioctl.DescriptorField is not null;
        bool waits = ioctl == Model.Uapi.Ioctls.Run.Ioctl && call[Model.Uapi.Ioctls.Run.ImmediateExit] == 0;
        WriteHead(ref to, Does.Ioctl, NumberOf(call.On), mayCreate ? NumberOf(call.As) : NoHandle, FieldsOf(call),
            raw ? (uint)call[Model.Uapi.Raw.Request] : (uint)ioctl.Request.Value, ioctl.Size,
            call.Operation.Creates == DescriptorKind.Vcpu ? (uint)vcpuMapSize : 0, waits ? RunLimitMilliseconds : 0,
            ioctl.TakesPointer ? call.Argument.Word : call.Words[0]);
        foreach (Field field in ioctl.Fields)
        {
            if (field.Place != Place.Argument)
            {
                Write(ref to, call, field);
            }
        }
    }

    private static void WriteHead(
        ref Span<byte> to, Does operation, ushort on, ushort into, int fields, uint request, int size, uint map, uint limit, ulong argument)
    {
        to[0] = (byte)operation;
        to[1] = (byte)fields;
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], on);
        BinaryPrimitives.WriteUInt16LittleEndian(to[4..], into);
        BinaryPrimitives.WriteUInt32LittleEndian(to[8..], request);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], size);
        BinaryPrimitives.WriteUInt32LittleEndian(to[16..], map);
        BinaryPrimitives.WriteUInt32LittleEndian(to[20..], limit);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], argument);
        to = to[CallSize..];
    }

    private static void Write(ref Span<byte> to, in Call call, Field field)
    {
        (byte meaning, ulong value) = field.Meaning switch
        {
            Meaning.Pointer => ((byte)1, call[field]),
            Meaning.Descriptor when Handle.TryFrom(call[field], out Handle handle) => ((byte)2, NumberOf(handle)),
            _ => ((byte)0, call[field]),
        };
        to[0] = (byte)(field.Place - 1);
        to[1] = (byte)field.Width;
        to[2] = meaning;
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], field.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], field.Through is { } through ? call[through] : call.Argument.Word);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], value);
        to = to[FieldSize..];
    }

    private static int FieldsOf(in Call call)
    {
        int count = 0;
        foreach (Field field in call.Operation.Fields)
        {
            count += field.Place == Place.Argument ? 0 : 1;
        }

        return count;
    }

    private static Field FieldAt(in Call call, int number)
    {
        foreach (Field field in call.Operation.Fields)
        {
            if (field.Place != Place.Argument && number-- == 0)
            {
                return field;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(number));
    }

    private static ushort NumberOf(Handle handle) => (ushort)(((int)handle.Kind << 8) | handle.Number);
}
