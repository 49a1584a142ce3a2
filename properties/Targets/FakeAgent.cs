using System.Buffers.Binary;
using System.Text;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Properties.Targets;

/// <summary>An agent whose answers are prepared: what it was asked is kept, what it answers are bytes given beforehand.</summary>
internal sealed class FakeAgent : IDisposable
{
    private readonly MemoryStream asked = new();
    private readonly MemoryStream answers = new();
    private uint tag;

    /// <summary>All that was sent to it.</summary>
    public byte[] Asked => asked.ToArray();

    /// <summary>All that it will answer.</summary>
    public byte[] Prepared => answers.ToArray();

    /// <summary>An outcome's bytes.</summary>
    public static byte[] Outcome(bool made = false, int errno = 0, int result = 0, string log = "", params (ulong Field, ulong Value)[] changes)
    {
        byte[] bytes = new byte[AgentCalls.OutcomeSize + (changes.Length * AgentCalls.ChangeSize) + log.Length];
        bytes[0] = made ? (byte)1 : (byte)0;
        bytes[1] = (byte)changes.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), (ushort)log.Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), errno == 0 ? result : -errno);
        int at = AgentCalls.OutcomeSize;
        foreach ((ulong field, ulong value) in changes)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), field);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at + 8), value);
            at += AgentCalls.ChangeSize;
        }

        Encoding.ASCII.GetBytes(log).CopyTo(bytes, at);
        return bytes;
    }

    /// <summary>Outcomes of the calls that precede every sequence, then those given, then the sequence's end.</summary>
    public static byte[] Sequence(params byte[][] outcomes) =>
        [.. Enumerable.Repeat(Outcome(), AgentCalls.Preparations).SelectMany(o => o), .. outcomes.SelectMany(o => o), .. Outcome()];

    /// <summary>Prepares an answer to the next request.</summary>
    public FakeAgent Answers(byte[] body, AgentMessageKind kind = AgentMessageKind.Answer, ushort version = AgentHeader.SpokenVersion) =>
        AnswersAgain(body, ++tag, kind, version);

    /// <summary>Prepares another answer to the same request.</summary>
    public FakeAgent AnswersAgain(byte[] body) => AnswersAgain(body, tag, AgentMessageKind.Answer, AgentHeader.SpokenVersion);

    /// <summary>Prepares bytes that are no message.</summary>
    public FakeAgent Says(string text)
    {
        answers.Write(Encoding.ASCII.GetBytes(text));
        return this;
    }

    /// <summary>The conversation; answers come as they were prepared, then the stream ends.</summary>
    public AgentConnection Connect()
    {
        answers.Position = 0;
        return new AgentConnection(asked, answers, () => { }, TimeSpan.FromMinutes(1));
    }

    public void Dispose()
    {
        asked.Dispose();
        answers.Dispose();
    }

    private FakeAgent AnswersAgain(byte[] body, uint to, AgentMessageKind kind, ushort version)
    {
        byte[] header = new byte[AgentHeader.Size];
        new AgentHeader((uint)body.Length, version, kind, to).Write(header);
        answers.Write(header);
        answers.Write(body);
        return this;
    }
}
