using System.Globalization;
using System.Text;
using KvmSpec.Model;
using KvmSpec.Properties.Commands;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Guests;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Targets;

/// <summary>Guests as data, and the parts of starting one that need no guest.</summary>
public sealed class GuestTests
{
    private const string Record = "4,812,5000123,-;";

    [Fact]
    public void Every_guest_can_be_named_with_every_release_of_its_architecture()
    {
        Assert.Equal(GuestTable.Guests.Length, GuestTable.Guests.Select(g => g.Name).Distinct().Count());
        foreach (Guest guest in GuestTable.Guests)
        {
            Assert.Equal((guest, null), GuestName.Parse(guest.Name));
            GuestKernel[] kernels = [.. GuestTable.KernelsOf(guest)];
            Assert.True(kernels.Length >= 2, guest.Name);
            Assert.All(kernels, k => Assert.Equal((guest, k), GuestName.Parse($"{guest.Name}@{k.Release}")));
        }
    }

    [Theory]
    [InlineData("guest nowhere: unknown; there are x86-64, ", "guest", "fetch", "nowhere")]
    [InlineData("guest riscv64@2.6: no such release; there are 7.3, ", "guest", "fetch", "riscv64@2.6")]
    [InlineData("guest nowhere: unknown; there are x86-64, ", "guest", "config", "nowhere")]
    [InlineData("guest nowhere: unknown; there are x86-64, ", "check", "--target", "guest:nowhere")]
    public void A_guest_that_there_is_not_is_told_in_a_line_with_those_that_there_are(string problem, params string[] args)
    {
        Invocation refused = Invocation.Of(args);
        Assert.Equal((ExitStatus.NoTarget, ""), (refused.Status, refused.Output));
        Assert.StartsWith($"kvmspec: {problem}", refused.Errors, StringComparison.Ordinal);
        Assert.Single(refused.Errors.Trim().Split('\n'));
    }

    [Theory]
    [InlineData("WARNING: CPU: 0 PID: 1 at arch/x86/kvm/x86.c:1 f+0x1/0x2 [kvm]", true, true)]
    [InlineData("WARNING: virt/kvm/kvm_main.c:2084 at f+0x5e7/0x600 [kvm], CPU#0: init/1", true, true)]
    [InlineData("BUG: unable to handle page fault for address: 0000000000001000", true, false)]
    [InlineData("WARNING: possible circular locking dependency detected", true, false)]
    [InlineData("Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b", true, false)]
    [InlineData("Unable to handle kernel access to user memory without uaccess routines", true, false)]
    [InlineData("kvm [1]: vcpu0, guest rIP: 0x0 unhandled rdmsr: 0x10", false, true)]
    [InlineData("x86/cpu: SGX disabled or unsupported by BIOS.", false, true)]
    public void What_the_kernel_prints_is_told_apart(string line, bool fault, bool survived)
    {
        Assert.Equal(fault, KernelLog.TellsOfAFault(Record + line));
        Assert.Equal(survived, KernelLog.IsSurvived(Record + line));
        Assert.Equal([line], KernelLog.Lines(Record + line + "\n SUBSYSTEM=cpu\n"));
        Assert.Equal([line], KernelLog.Lines($"[    4.812000] {line}\r\n"));
    }

    [Fact]
    public void A_report_shows_the_fault_and_not_the_machine() =>
        Assert.Equal(
            ["WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2", "RIP: 0010:f+0x1/0x2"],
            KernelLog.Fault("[    1.0] Run /init as init process\n[    2.0] ------------[ cut here ]------------\n[    2.0] WARNING: CPU: 0 PID: 1 at x.c:1 f+0x1/0x2\n[    2.0] Modules linked in: kvm\n[    2.0] epc : ffffffff8000d8ce ra : ffffffff8000d75c sp : ff6000000088bbf0\n[    2.0]  gp : ffffffff802d8b10\n[    2.0] status: 0000000200000120 badaddr: ffffffff8000d8ce\n[    2.0] RIP: 0010:f+0x1/0x2\n"));

    [Theory]
    [InlineData(0x202, "HdrS", Architecture.X86)]
    [InlineData(0x38, "RSC\u0005", Architecture.Riscv64)]
    [InlineData(0x38, "ARM\u0064", Architecture.Arm64)]
    [InlineData(0x38, "none", null)]
    public void A_boot_image_tells_its_architecture(int offset, string magic, Architecture? architecture)
    {
        byte[] image = new byte[KernelImage.HeaderSize];
        Encoding.Latin1.GetBytes(magic, image.AsSpan(offset));
        Assert.Equal(architecture, KernelImage.ArchitectureOf(image));
        Assert.Null(KernelImage.ArchitectureOf(image.AsSpan(0, offset)));
    }

    [Theory]
    [InlineData(62, Architecture.X86)]
    [InlineData(243, Architecture.Riscv64)]
    [InlineData(183, Architecture.Arm64)]
    [InlineData(8, null)]
    public void An_ELF_kernel_tells_its_architecture(byte machine, Architecture? architecture)
    {
        byte[] image = new byte[KernelImage.HeaderSize];
        Encoding.Latin1.GetBytes("\u007fELF", image);
        image[0x12] = machine;
        Assert.Equal(architecture, KernelImage.ArchitectureOf(image));
    }

    [Fact]
    public void A_kernel_of_another_architecture_is_refused_in_a_line()
    {
        string file = Path.GetTempFileName();
        try
        {
            byte[] image = new byte[KernelImage.HeaderSize];
            Encoding.Latin1.GetBytes("ARM\u0064", image.AsSpan(0x38));
            File.WriteAllBytes(file, image);
            TargetException refused = Assert.Throws<TargetException>(() => KernelFiles.Own(GuestName.Parse("riscv64").Guest.Architecture, file, null));
            Assert.Equal($"--kernel {file}: a kernel for arm64, and the guest runs riscv64", refused.Message);
            Assert.True(KernelFiles.Own(GuestName.Parse("arm64").Guest.Architecture, file, null).IsOwn);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_options_of_a_kernel_are_those_of_its_architecture()
    {
        string[] riscv = [.. KernelOptions.Fragment(Architecture.Riscv64)];
        Assert.Contains("CONFIG_KVM=y", riscv);
        Assert.Contains("CONFIG_SERIAL_OF_PLATFORM=y", riscv);
        Assert.DoesNotContain("CONFIG_KVM_AMD=y", riscv);
        Assert.Contains("CONFIG_KVM_AMD=y", KernelOptions.Fragment(Architecture.X86));
        Assert.Contains("CONFIG_SERIAL_AMBA_PL011_CONSOLE=y", KernelOptions.Fragment(Architecture.Arm64));
    }

    [Fact]
    public void An_initial_file_system_holds_what_was_put_in()
    {
        byte[] archive = Initramfs.Make([1, 2, 3, 4, 5], [("kvm.ko", [9], ""), ("kvm-amd.ko", [], "nested=0")]);
        Assert.Equal(
            ["dev 41ED", "dev/console 2180 5:1", "init 81ED 0102030405", "modules 41ED", "modules/kvm.ko 81ED 09", "modules/kvm-amd.ko 81ED", "modules/order 81ED 6B766D2E6B6F0A6B766D2D616D642E6B6F206E65737465643D300A", "TRAILER!!! 0000"],
            Entries(archive));
    }

    /// <summary>Reads the "newc" format.</summary>
    private static IEnumerable<string> Entries(byte[] archive)
    {
        for (int at = 0; at < archive.Length;)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            int start = at;
            int Number(int field) => int.Parse(Encoding.ASCII.GetString(archive, start + 6 + (8 * field), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            string name = Encoding.ASCII.GetString(archive, at + 110, Number(11) - 1);
            int content = (at + 110 + Number(11) + 3) & ~3;
            string bytes = Convert.ToHexString(archive, content, Number(6));
            yield return $"{name} {Number(1):X4}{(Number(9) > 0 ? $" {Number(9)}:{Number(10)}" : "")}{(bytes.Length > 0 ? " " + bytes : "")}";
            at = (content + Number(6) + 3) & ~3;
        }
    }
}
