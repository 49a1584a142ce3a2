using KvmSpec.Model;
using KvmSpec.Model.X86;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Traces;
using Xunit;

namespace KvmSpec.Properties.Traces;

/// <summary>A trace that is not whole, or none, is one line with its place; nothing of it is reported.</summary>
public sealed class BrokenTraceTests
{
    private const string Head = """{"trace":1,"architecture":"x86","release":"7.3","system":{"KVM_CAP_VM_TYPES":1},"vm":{}}""";
    private const string Vm = """{"on":"kvm","ioctl":"KVM_CREATE_VM","result":"vm0"}""";
    private const string End = """{"end":{"calls":1}}""";

    [Theory]
    [InlineData(1, "this is no head", Vm, End)]
    [InlineData(1, "version 2: this program reads version 1", """{"trace":2}""")]
    [InlineData(1, "version x", """{"trace":"x"}""")]
    [InlineData(1, "the head lacks release", """{"trace":1,"architecture":"x86"}""")]
    [InlineData(1, "a head has no releas;", """{"trace":1,"releas":"7.3"}""")]
    [InlineData(1, "release stands here twice", """{"trace":1,"release":"7.3","release":"7.2"}""")]
    [InlineData(1, "no revision has rules for architecture s390: write one of x86", """{"trace":1,"architecture":"s390","release":"7.3","system":{},"vm":{}}""")]
    [InlineData(1, "release: give a text", """{"trace":1,"architecture":"x86","release":7.3,"system":{},"vm":{}}""")]
    [InlineData(1, "system: no capability is called KVM_CAP_HLTT", """{"trace":1,"architecture":"x86","release":"7.3","system":{"KVM_CAP_HLTT":1},"vm":{}}""")]
    [InlineData(1, "system: no capability is called 256", """{"trace":1,"architecture":"x86","release":"7.3","system":{"256":1},"vm":{}}""")]
    [InlineData(1, "vm: 9 is -1: give a whole number", """{"trace":1,"architecture":"x86","release":"7.3","system":{},"vm":{"9":-1}}""")]
    [InlineData(1, "gpa_bits is 65: give a whole number from 0 to 64", """{"trace":1,"architecture":"x86","release":"7.3","system":{},"vm":{},"gpa_bits":65}""")]
    [InlineData(1, "no fact is called avic", """{"trace":1,"architecture":"x86","release":"7.3","system":{},"vm":{},"facts":{"avic":true}}""")]
    [InlineData(1, "not JSON, column 9", """{"trace"-1}""")]
    [InlineData(2, "a second head: one trace a file", Head, Head)]
    [InlineData(2, "the trace breaks off here: its last line has to be", Head, Vm)]
    [InlineData(3, "the end tells of 2 calls, 1 are in the trace", Head, Vm, """{"end":{"calls":2}}""")]
    [InlineData(3, "the end tells of no calls", Head, Vm, """{"end":{}}""")]
    [InlineData(4, "something stands behind the end of the trace", Head, Vm, End, Vm)]
    [InlineData(2, "not JSON, column 1", Head, "", End)]
    [InlineData(2, "not JSON, column 13", Head, """{"on":"kvm",ioctl:1}""")]
    [InlineData(2, "give one JSON object a line", Head, "[]")]
    [InlineData(2, "not JSON, column 18", Head, """{"sequence":"1"} 7""")]
    [InlineData(2, "the object is empty", Head, "{}")]
    [InlineData(2, "sequence: give it a name, as text", Head, """{"sequence":1}""")]
    [InlineData(2, "beside sequence nothing else may stand in a line", Head, """{"sequence":"1","on":"kvm"}""")]
    [InlineData(2, "a call has no must; it has on, ioctl, in, pointer, as, result, errno, ending, out", Head, """{"on":"kvm","must":0}""")]
    [InlineData(2, "on stands here twice", Head, """{"on":"kvm","on":"kvm"}""")]
    [InlineData(2, "the call lacks on", Head, """{"ioctl":"KVM_CREATE_VM","result":"vm0"}""")]
    [InlineData(2, "the call lacks ioctl", Head, """{"on":"kvm","result":"vm0"}""")]
    [InlineData(2, "on: write kvm, or vm, vcpu,", Head, """{"on":"vm256","ioctl":"close","result":0}""")]
    [InlineData(2, "on: write kvm, or vm, vcpu,", Head, """{"on":3,"ioctl":"close","result":0}""")]
    [InlineData(2, "no ioctl is called KVM_CREATE_WM: write its name in linux/kvm.h, or \"ioctl\" with its number as request; did you mean KVM_CREATE_VM?", Head, """{"on":"kvm","ioctl":"KVM_CREATE_WM","result":0}""")]
    [InlineData(2, "ioctl: write its name", Head, """{"on":"kvm","ioctl":44545,"result":0}""")]
    [InlineData(2, "give the call one of result, errno and ending", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM"}""")]
    [InlineData(2, "give the call one of result, errno and ending", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","errno":"EIO","result":0}""")]
    [InlineData(2, "result is 7: give the new descriptor a name, such as \"vm0\"", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","result":7}""")]
    [InlineData(2, "result: vcpu0, but KVM_CREATE_VM makes a descriptor such as \"vm0\"", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","result":"vcpu0"}""")]
    [InlineData(2, "result: vm0, but KVM_RUN makes no descriptor", Head, """{"on":"kvm","ioctl":"KVM_RUN","result":"vm0"}""")]
    [InlineData(2, "result: device0, but KVM_CREATE_DEVICE returns no descriptor", Head, """{"on":"vm0","ioctl":"KVM_CREATE_DEVICE","result":"device0"}""")]
    [InlineData(2, "result: give what the call returned", Head, """{"on":"kvm","ioctl":"KVM_RUN","result":-1}""")]
    [InlineData(2, "result: give what the call returned", Head, """{"on":"kvm","ioctl":"KVM_RUN","result":1.5}""")]
    [InlineData(2, "errno: write its name", Head, """{"on":"kvm","ioctl":"KVM_RUN","errno":"EWRONG"}""")]
    [InlineData(2, "errno: write its name", Head, """{"on":"kvm","ioctl":"KVM_RUN","errno":0}""")]
    [InlineData(2, "ending: write crashed, hung, not-made", Head, """{"on":"kvm","ioctl":"KVM_RUN","ending":"returned"}""")]
    [InlineData(2, "pointer: write \"fine\"", Head, """{"on":"kvm","ioctl":"KVM_RUN","pointer":0,"errno":"EIO"}""")]
    [InlineData(2, "in: give an object of words", Head, """{"on":"kvm","ioctl":"KVM_RUN","in":[],"errno":"EIO"}""")]
    [InlineData(2, "KVM_CREATE_VM has no tipe; it has type", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","in":{"tipe":0},"result":"vm0"}""")]
    [InlineData(2, "KVM_SET_DEVICE_ATTR has no fil; it has flags, group, attr, addr, value, file", Head, """{"on":"device0","ioctl":"KVM_SET_DEVICE_ATTR","in":{"fil":0},"errno":"EBADF"}""")]
    [InlineData(2, "close has no fd; it has no words", Head, """{"on":"vm0","ioctl":"close","in":{"fd":3},"result":0}""")]
    [InlineData(2, "type stands here twice", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","in":{"type":0,"type":1},"result":"vm0"}""")]
    [InlineData(2, "18446744073709551616 is no value for type: write a whole number of 64 bits", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","in":{"type":18446744073709551616},"result":"vm0"}""")]
    [InlineData(2, "1e3 is no value for type", Head, """{"on":"kvm","ioctl":"KVM_CREATE_VM","in":{"type":1e3},"result":"vm0"}""")]
    [InlineData(2, "4294967296 is no value for slot: write a whole number of 32 bits", Head, """{"on":"vm0","ioctl":"KVM_GET_DIRTY_LOG","in":{"slot":4294967296},"errno":"EBADF"}""")]
    [InlineData(2, "KVM_CAP_NONE is no value for cap: write a whole number of 64 bits, or one as text such as \"0xfff\", or a name such as", Head, """{"on":"kvm","ioctl":"KVM_CHECK_EXTENSION","in":{"cap":"KVM_CAP_NONE"},"result":0}""")]
    [InlineData(2, "gone is no value for dirty_bitmap", Head, """{"on":"vm0","ioctl":"KVM_GET_DIRTY_LOG","in":{"dirty_bitmap":"gone"},"errno":"EBADF"}""")]
    [InlineData(2, "vm is no value for guest_memfd: write a handle", Head, """{"on":"vm0","ioctl":"KVM_SET_USER_MEMORY_REGION2","in":{"guest_memfd":"vm"},"errno":"EBADF"}""")]
    [InlineData(2, "out: the kernel does not write dirty_bitmap", Head, """{"on":"vm0","ioctl":"KVM_GET_DIRTY_LOG","out":{"dirty_bitmap":"fine"},"errno":"EBADF"}""")]
    [InlineData(2, "out: give the new descriptor in fd a name", Head, """{"on":"vm0","ioctl":"KVM_CREATE_DEVICE","out":{"fd":7},"result":0}""")]
    [InlineData(2, "no ioctl is called ?[31mKVM", Head, """{"on":"kvm","ioctl":"\u001b[31mKVM","result":0}""")]
    [InlineData(2, "a text is not UTF-8", Head, """{"on":"kvm","ioctl":"\ud800","result":0}""")]
    public void Is_refused_with_its_line(int line, string problem, params string[] lines)
    {
        using TraceFiles files = new();
        Refused(files.Write(lines), line, problem);
    }

    [Theory]
    [InlineData("", 1, "the file is empty")]
    [InlineData(Head + "\n" + Vm + "\n{\"end\":{\"cal", 3, "the line breaks off: the trace is not whole")]
    [InlineData(Head + "\n" + Vm + "\n{\"on\":\"vm0\"", 3, "the line breaks off: the trace is not whole")]
    public void Breaks_off(string text, int line, string problem)
    {
        using TraceFiles files = new();
        File.WriteAllText(files["trace.jsonl"], text);
        Refused(files["trace.jsonl"], line, problem);
    }

    [Fact]
    public void A_file_without_lines_is_refused_before_it_fills_memory()
    {
        using TraceFiles files = new();
        File.WriteAllText(files["trace.jsonl"], Head + "\n" + new string(' ', 3 << 20));
        Refused(files["trace.jsonl"], 2, "the line is longer than 1048576 bytes");
    }

    [Fact]
    public void A_file_that_is_not_there_is_refused()
    {
        Invocation invocation = Invocation.Of("check", "--trace", "nowhere/trace.jsonl");
        Assert.Equal((ExitStatus.BadRequest, ""), (invocation.Status, invocation.Output));
        Assert.StartsWith("kvmspec: --trace nowhere/trace.jsonl: ", invocation.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--target", "model")]
    [InlineData("--host", "x86-amd")]
    [InlineData("--vectors", "none")]
    [InlineData("--sequences", "1")]
    [InlineData("--length", "3")]
    [InlineData("--seed", "1")]
    [InlineData("--replay", "0x1:3")]
    [InlineData("--shard", "1/2")]
    [InlineData("--record", "other.jsonl")]
    [InlineData("--dry-run", "true")]
    public void What_asks_a_target_does_not_go_with_a_trace(string option, string value)
    {
        Invocation invocation = Invocation.Of("check", "--trace", TraceFiles.Example, option, value);
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.StartsWith($"kvmspec: --trace: {option} does not go with it", invocation.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_is_given_up_leaves_nothing()
    {
        using TraceFiles files = new();
        TraceRecorder.Create(files["r.jsonl"], new TraceHead("model", "", X86Hosts.Amd)).Dispose();
        Assert.Empty(files.Names);
    }

    [Fact]
    public void A_record_that_was_interrupted_says_so()
    {
        using TraceFiles files = new();
        using (TraceRecorder recorder = TraceRecorder.Create(files["r.jsonl"], new TraceHead("model", "", X86Hosts.Amd)))
        {
            Assert.Equal(["r.jsonl.partial"], files.Names);
            recorder.Finish(interrupted: true);
        }

        Assert.Equal(["r.jsonl"], files.Names);
        Assert.Contains("(the recorder was interrupted)", Invocation.Of("check", "--trace", files["r.jsonl"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_call_that_no_rule_covers_is_listed()
    {
        using TraceFiles files = new();
        string file = files.Write(Head, Vm, """{"on":"vm0","ioctl":"ioctl","in":{"request":"0xae45"},"result":0}""",
            """{"on":"vm0","ioctl":"ioctl","in":{"request":"0xae01"},"result":0}""", """{"on":"vm0","ioctl":"close","result":0}""", """{"end":{"calls":4}}""");
        string output = Invocation.Of("check", "--trace", file).Output;
        Assert.Contains($"           1  ioctl 44613, first {file}:3{Environment.NewLine}", output, StringComparison.Ordinal);
        Assert.Contains("  calls                              4", output, StringComparison.Ordinal);
    }

    /// <summary>No generated call by number is one that the UAPI knows: live and later they are judged alike.</summary>
    [Fact]
    public void Unknown_numbers_of_sequences_are_unknown_to_the_uapi()
    {
        using TraceFiles files = new();
        string[] numbers = [.. Revisions.Linux73.Book(Architecture.X86)!.Operations.Where(o => o.Ioctl == Model.Uapi.Raw.Ioctl)
            .SelectMany(o => o.Alphabet[Model.Uapi.Raw.Request]).Select(s => s.Value).Distinct().Select(n => $"{{\"on\":\"kvm\",\"ioctl\":\"ioctl\",\"in\":{{\"request\":{n}}},\"errno\":\"EINVAL\"}}")];
        string file = files.Write([Head, .. numbers, $"{{\"end\":{{\"calls\":{numbers.Length}}}}}"]);
        Assert.DoesNotContain("no rule, neither", Invocation.Of("check", "--trace", file).Output, StringComparison.Ordinal);
    }

    private static void Refused(string file, int line, string problem)
    {
        Invocation invocation = Invocation.Of("check", "--trace", file);
        Assert.Equal((ExitStatus.BadRequest, ""), (invocation.Status, invocation.Output));
        string text = Assert.Single(invocation.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"kvmspec: {file}:{line}: {problem}", text, StringComparison.Ordinal);
    }
}
