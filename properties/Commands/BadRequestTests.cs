using KvmSpec.Runners.Commands;
using Xunit;

namespace KvmSpec.Properties.Commands;

/// <summary>A request that is wrong is one line on the standard error and an exit status; nothing is checked or printed.</summary>
public sealed class BadRequestTests
{
    private const string Kvm = "/dev/kvm";

    [Theory]
    [InlineData("target nowhere: unknown; give local, guest:NAME[@RELEASE], agent:COMMAND, model", "check", "--target", "nowhere")]
    [InlineData("revision 2.6: unknown", "check", "--target", "revision:2.6")]
    [InlineData("target planted:nothing: no such planted fault", "check", "--target", "planted:nothing")]
    [InlineData("revision 2.6: unknown; there are 7.3, ", "check", "--target", "model", "--revision", "2.6")]
    [InlineData("revision 2.6: unknown; there are 7.3, ", "rules", "--revision", "2.6")]
    [InlineData("host x86-none: unknown; there are x86-amd, ", "check", "--target", "model", "--host", "x86-none")]
    [InlineData("--shard 5/4: give I/N with 1 <= I <= N", "check", "--target", "model", "--shard", "5/4")]
    [InlineData("--shard 1: give I/N", "check", "--target", "model", "--shard", "1")]
    [InlineData("--seed x: not a number", "check", "--target", "model", "--seed", "x")]
    [InlineData("--length 0: give 1 to ", "check", "--target", "model", "--length", "0")]
    [InlineData("--sequences -1: give 0 or more", "check", "--target", "model", "--sequences", "-1")]
    [InlineData("--clause nothing*: matches no clause", "check", "--target", "model", "--clause", "nothing*")]
    [InlineData("--replay x: give SEED:LENGTH", "check", "--target", "model", "--replay", "x")]
    [InlineData("--what-if x: give LIMIT=VALUE with a limit of 7.3 on x86: ", "check", "--target", "model", "--what-if", "x")]
    [InlineData("--what-if memslots=many: give LIMIT=VALUE", "check", "--target", "model", "--what-if", "memslots=many")]
    [InlineData("--host x86-amd: agent:true is a host itself; give a target that is a model", "check", "--target", "agent:true", "--host", "x86-amd")]
    [InlineData("--output : give a file", "check", "--target", "model", "--output", "")]
    [InlineData("--output .: is a directory; give a file in it", "check", "--target", "model", "--output", ".")]
    [InlineData("--output nowhere/report: cannot be written there; give a file in a directory of yours", "check", "--target", "model", "--output", "nowhere/report")]
    [InlineData("--output .: is a directory", "diff", "model", "model", "--output", ".")]
    [InlineData("--write .: is a directory", "matrix", "--target", "model", "--write", ".")]
    [InlineData("--record: give a file", "check", "--target", "model", "--record", "")]
    [InlineData("--record nowhere/record: ", "check", "--target", "model", "--host", "x86-amd", "--record", "nowhere/record")]
    [InlineData("--sequences -1: give 0 or more", "coverage", "--sequences", "-1")]
    [InlineData("architecture mars: ", "coverage", "--mutants", "--architecture", "mars")]
    [InlineData("Cannot parse argument 'yaml'", "check", "--format", "yaml")]
    [InlineData("Unrecognized command or argument '--nothing'", "check", "--nothing")]
    [InlineData("Required command was not provided", new string[0])]
    [InlineData("explain create-vcpu.exist: no clause has this id; the closest are create-vcpu.exists, ", "explain", "create-vcpu.exist")]
    [InlineData("explain nothing*: matches no clause", "explain", "nothing*")]
    [InlineData("spec: give --check or --write FILE", "spec")]
    [InlineData("spec: give --check or --write FILE", "spec", "--check", "--write", "spec.md")]
    [InlineData("nowhere/spec.md", "spec", "--write", "nowhere/spec.md")]
    [InlineData("nowhere/spec.md", "spec", "--check", "nowhere/spec.md")]
    public void Is_refused_in_one_line(string problem, params string[] args) => Refused(Invocation.Of(args), ExitStatus.BadRequest, problem);

    [Fact]
    public void Nothing_made_is_no_pass()
    {
        Invocation invocation = Invocation.Of("check", "--target", "model", "--host", "x86-old", "--replay", "guest-memfd/bind/plain");
        Assert.Equal(ExitStatus.BadRequest, invocation.Status);
        Assert.Contains("needs KVM_CAP_GUEST_MEMFD", invocation.Output, StringComparison.Ordinal);
        Assert.StartsWith("kvmspec: nothing was checked: ", invocation.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Unreadable_excuses_are_refused() =>
        Refused(Invocation.Of("check", "--target", "model", "--excuses", "nowhere/excuses.yaml"), ExitStatus.BadRequest, "nowhere/excuses.yaml: ");

    [Theory]
    [InlineData("- ioctl: KVM_RUN\n  reasons: none\n", ":2: unknown key reasons; there are ioctl, clause, observed, reason")]
    [InlineData("- ioctl: KVM_RUN\n- { }\n", ":1: clause is missing")]
    [InlineData("ioctl: KVM_RUN\n", ":1: give a list of { ioctl, clause, observed, reason }")]
    [InlineData("- KVM_RUN\n", ":1: give { ioctl, clause, observed, reason }")]
    [InlineData("- ioctl: KVM_RUN\n  clause: [run.guest]\n", ":2: clause: give a text")]
    [InlineData("- ioctl: KVM_RUN\n  clause: 'run.guest\n", ":")]
    [InlineData("- ioctl: KVM_RUN\n  ioctl: KVM_RUN\n", ":2: ")]
    public void Malformed_excuses_are_refused_with_their_line(string text, string problem)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            Refused(Invocation.Of("check", "--target", "model", "--excuses", file), ExitStatus.BadRequest, file + problem);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_document_that_is_malformed_is_refused_with_its_line()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# Title\n\n### nothing\n");
            Refused(Invocation.Of("spec", "--check", file), ExitStatus.BadRequest, file + ":3: nothing is no clause id");
            File.WriteAllText(file, "# Title\n");
            Refused(Invocation.Of("spec", "--write", file), ExitStatus.BadRequest, file + ": the table effects has no place");
            Assert.Equal("# Title\n", File.ReadAllText(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void A_missing_kernel_has_a_status_of_its_own()
    {
        if (!File.Exists(Kvm))
        {
            Refused(Invocation.Of("check", "--target", "local"), ExitStatus.NoTarget, Kvm);
        }
    }

    private static void Refused(Invocation invocation, int status, string problem)
    {
        Assert.Equal(status, invocation.Status);
        Assert.Empty(invocation.Output);
        string line = Assert.Single(invocation.Errors.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("kvmspec: ", line, StringComparison.Ordinal);
        Assert.Contains(problem, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
    }
}
