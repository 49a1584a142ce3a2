using System.Buffers.Binary;

namespace KvmSpec.Runners.Targets;

/// <summary>What a message of the agent's protocol is; runners/agent/PROTOCOL.md is the contract.</summary>
internal enum AgentMessageKind : ushort
{
    Hello = 1,
    ReadFile = 2,
    Execute = 3,
    ExecuteStepwise = 4,
    Error = 0x80,
    Answer = 0x81,
}

/// <summary>The header of a message.</summary>
internal readonly record struct AgentHeader(uint Length, ushort Version, AgentMessageKind Kind, uint Tag)
{
    public const int Size = 16;
    public const ushort SpokenVersion = 2;

    /// <summary>No answer is longer: 4096 outcomes with all their changes, and a log.</summary>
    public const int LongestAnswer = 1 << 21;

    private const uint Magic = 0x414d564b;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(to[10..], (ushort)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], Tag);
    }

    /// <summary>Reads a header; false where none begins there.</summary>
    public static bool TryRead(ReadOnlySpan<byte> from, out AgentHeader header)
    {
        header = new AgentHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
            BinaryPrimitives.ReadUInt16LittleEndian(from[8..]),
            (AgentMessageKind)BinaryPrimitives.ReadUInt16LittleEndian(from[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[12..]));
        return BinaryPrimitives.ReadUInt32LittleEndian(from) == Magic && header.Length <= LongestAnswer;
    }
}
