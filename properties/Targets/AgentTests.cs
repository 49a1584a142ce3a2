using System.IO.Pipes;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Targets;

/// <summary>The agent's protocol as this program speaks it, against prepared answers.</summary>
public sealed class AgentTests
{
    private static readonly Handle Vm = new(DescriptorKind.Vm, 0);

    private static readonly Call[] Calls =
    [
        new(Of("KVM_CREATE_VM", DescriptorKind.System), Handle.Kvm) { As = Vm },
        new Call(Of("KVM_CREATE_DEVICE", DescriptorKind.Vm), Vm) { As = new(DescriptorKind.Device, 0) }.With(Ioctls.CreateDevice.Type, 4),
        new Call(Of("KVM_GET_DIRTY_LOG", DescriptorKind.Vm), Vm) { Argument = Pointer.FaultsAfter(8) }.With(Ioctls.GetDirtyLog.Slot, 1),
    ];

    [Fact]
    public void A_sequence_is_written_as_the_protocol_says()
    {
        using FakeAgent agent = new();
        Execute(agent.Answers(FakeAgent.Sequence([.. Calls.Select(_ => FakeAgent.Outcome())])), out _);
        byte[] asked = agent.Asked;
        Assert.Equal("KVMA"u8.ToArray(), asked[..4]);
        Assert.Equal((uint)(asked.Length - AgentHeader.Size), BitConverter.ToUInt32(asked, 4));
        Assert.Equal(Calls.Length + AgentCalls.Preparations, BitConverter.ToInt32(asked, AgentHeader.Size));
        int device = AgentHeader.Size + 4 + (32 * (AgentCalls.Preparations + 1));
        Assert.Equal([1, 3, 0, 1, 0, 3, 0, 0], asked[device..(device + 8)]);
        Assert.Equal(0xC00CAEE0u, BitConverter.ToUInt32(asked, device + 8));
        Assert.Equal(12u, BitConverter.ToUInt32(asked, device + 12));
        Assert.Equal([0, 4, 0, 0, 0, 0, 0, 0], asked[(device + 32)..(device + 40)]);
        Assert.Equal(4ul, BitConverter.ToUInt64(asked, device + 32 + 16));
        int log = device + 32 + (3 * 24);
        Assert.Equal(Pointer.FaultsAfter(8).Word, BitConverter.ToUInt64(asked, log + 24));
        Assert.Equal(Pointer.FaultsAfter(8).Word, BitConverter.ToUInt64(asked, log + 32 + 8));
        Assert.Equal([1, 8, 0, 0], asked[(log + 32 + 48)..(log + 32 + 52)]);
    }

    [Fact]
    public void Outcomes_come_back_as_they_were()
    {
        using FakeAgent agent = new();
        Execute(agent.Answers(FakeAgent.Sequence(
            FakeAgent.Outcome(made: true),
            FakeAgent.Outcome(made: true, changes: (1, 17)),
            FakeAgent.Outcome(errno: (int)Errno.EFAULT, changes: (2, 5)))), out Observation[] observed);
        Assert.Equal("a descriptor", observed[0].Summary);
        Assert.Equal("a descriptor", observed[1].Summary);
        Assert.Equal(Calls[1].Words, observed[1].After);
        Assert.Equal("EFAULT", observed[2].Summary);
        Assert.Equal(0, observed[2].Result);
        Assert.Equal(5ul, observed[2].After[Ioctls.GetDirtyLog.FirstWord.Index]);
    }

    [Fact]
    public void A_warning_belongs_to_the_call_that_made_it()
    {
        using FakeAgent agent = new();
        Execute(agent.Answers(FakeAgent.Sequence(
            FakeAgent.Outcome(made: true, log: "6,100,2000,-;kvm: something is noted\n"),
            FakeAgent.Outcome(log: "4,101,2001,-;------------[ cut here ]------------\n4,102,2002,-;WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2\n"),
            FakeAgent.Outcome())), out Observation[] observed);
        Assert.Equal([Ending.Returned, Ending.Warned, Ending.Returned], observed.Select(o => o.Ending));
    }

    [Fact]
    public void Outcomes_that_come_singly_tell_how_far_the_agent_came()
    {
        using FakeAgent agent = new();
        agent.Answers(FakeAgent.Outcome());
        IEnumerable<byte[]> prepared = Enumerable.Repeat(FakeAgent.Outcome(), AgentCalls.Preparations - 1);
        foreach (byte[] next in (byte[][])[.. prepared, FakeAgent.Outcome(made: true), FakeAgent.Outcome(errno: 22)])
        {
            agent.AnswersAgain(next);
        }

        using AgentConnection connection = agent.Connect();
        Observation[] observed = new Observation[Calls.Length];
        int made = 0;
        Assert.Throws<AgentLostException>(() => connection.ExecuteStepwise(Calls, observed, 4096, out made));
        Assert.Equal(2, made);
        Assert.Equal("EINVAL", observed[1].Summary);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(40)]
    public void A_stream_that_ends_is_noticed(int kept)
    {
        using FakeAgent agent = new();
        agent.Answers(FakeAgent.Sequence([.. Calls.Select(_ => FakeAgent.Outcome())]));
        using AgentConnection connection = new(new MemoryStream(), new MemoryStream(agent.Prepared[..kept]), () => { }, TimeSpan.FromMinutes(1));
        Assert.False(Assert.Throws<AgentLostException>(() => connection.Execute(Calls, new Observation[Calls.Length], 4096)).TimedOut);
    }

    [Fact]
    public void An_answer_that_does_not_come_is_broken_off()
    {
        using AnonymousPipeServerStream writes = new(PipeDirection.Out);
        AnonymousPipeClientStream reads = new(PipeDirection.In, writes.ClientSafePipeHandle);
        using AgentConnection connection = new(new MemoryStream(), reads, writes.Dispose, TimeSpan.FromMilliseconds(50));
        Assert.True(Assert.Throws<AgentLostException>(() => connection.Execute(Calls, new Observation[Calls.Length], 4096)).TimedOut);
    }

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "one outcome too few", FakeAgent.Sequence(FakeAgent.Outcome(), FakeAgent.Outcome()) },
        { "one outcome too many", FakeAgent.Sequence(FakeAgent.Outcome(), FakeAgent.Outcome(), FakeAgent.Outcome(), FakeAgent.Outcome()) },
        { "a field that the call does not have", FakeAgent.Sequence(FakeAgent.Outcome(changes: (0, 1)), FakeAgent.Outcome(), FakeAgent.Outcome()) },
        { "an errno that there is not", FakeAgent.Sequence(FakeAgent.Outcome(errno: 4000), FakeAgent.Outcome(), FakeAgent.Outcome()) },
        { "half an outcome", FakeAgent.Sequence(FakeAgent.Outcome(), FakeAgent.Outcome(), FakeAgent.Outcome())[..^8] },
        { "nothing", [] },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_answer_is_one_line(string what, byte[] body)
    {
        Assert.NotEmpty(what);
        using FakeAgent agent = new();
        Refused(agent.Answers(body), "the agent's answer is malformed");
    }

    [Fact]
    public void Another_version_is_told()
    {
        using FakeAgent agent = new();
        Refused(agent.Answers("another version"u8.ToArray(), AgentMessageKind.Error, 7), "the agent speaks version 7 of its protocol, this program version 2");
    }

    [Fact]
    public void A_refusal_is_told()
    {
        using FakeAgent agent = new();
        Refused(agent.Answers("the message ends\nwithin a call"u8.ToArray(), AgentMessageKind.Error), "the agent refused a message: the message ends within a call");
    }

    [Fact]
    public void What_is_no_agent_is_told()
    {
        using FakeAgent agent = new();
        Refused(agent.Says("Last login: Friday from 10.0.0.1"), "no agent answers here: the answer begins with \"Last login: Frid\"");
    }

    [Fact]
    public void A_kernel_without_kvm_is_told()
    {
        using FakeAgent agent = new();
        Refused(agent.Answers([.. FakeAgent.Outcome(errno: (int)Errno.ENOENT), .. FakeAgent.Outcome()]), "/dev/kvm: not there");
    }

    [Theory]
    [InlineData("agent:true", "target agent:true: the stream ended")]
    [InlineData("agent:echo 'this is no agent, it only talks'", "no agent answers here")]
    [InlineData("agent:echo 'host unreachable' >&2", "the stream ended; it said: host unreachable")]
    [InlineData("guest:nothing", "guest nothing: unknown; there are x86-64, riscv64, ")]
    [InlineData("guest:riscv64@2.6", "guest riscv64@2.6: no such release; there are 7.3, ")]
    public void A_target_that_is_not_there_is_one_line(string target, string problem)
    {
        Invocation invocation = Invocation.Of("check", "--target", target);
        Assert.Equal(ExitStatus.NoTarget, invocation.Status);
        Assert.Empty(invocation.Output);
        Assert.StartsWith("kvmspec: ", Assert.Single(invocation.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Contains(problem, invocation.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--kernel: give the guest that boots it", "--target", "model", "--kernel", "vmlinux")]
    [InlineData("--modules: give the kernel they belong to", "--target", "guest:riscv64", "--modules", "lib")]
    public void A_kernel_without_its_guest_is_refused(string problem, params string[] options)
    {
        Invocation invocation = Invocation.Of(["check", .. options]);
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.Contains(problem, invocation.Errors, StringComparison.Ordinal);
    }

    private static void Execute(FakeAgent agent, out Observation[] observed)
    {
        using AgentConnection connection = agent.Connect();
        observed = new Observation[Calls.Length];
        connection.Execute(Calls, observed, 4096);
    }

    private static void Refused(FakeAgent agent, string problem)
    {
        TargetException refused = Assert.Throws<TargetException>(() => Execute(agent, out _));
        Assert.Contains(problem, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private static Operation Of(string ioctl, DescriptorKind on) =>
        Revisions.Linux73.Book(Architecture.X86)!.Operations.First(o => o.Ioctl?.Name == ioctl && o.On == on && o.Case is null);
}
