using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Vectors;

/// <summary>How vector files look, and what is said of one that is wrong.</summary>
public sealed class VectorFileTests
{
    private const string Path = "vectors/memslots.yaml";

    private const string Plain = """
        topic: memslots
        title: Memory slots
        cases:
          - id: memslots/overlap/create
            title: A new slot may not share a page with another
            clauses: [memslot.overlap]
            revisions: all
            host: { architecture: x86 }
            calls:
              - { on: kvm, ioctl: KVM_CREATE_VM, as: vm0, must: vm }
              - { on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, memory_size: 8192, userspace_addr: 0x1000000000, must: 0 }
              - { on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, slot: 1, guest_phys_addr: 4096, memory_size: 4096, must: EEXIST, by: memslot.overlap }

        """;

    [Fact]
    public void TheFilesAreFormatted() => Golden.Empty(
        VectorFormatter.Run(Golden.Directory, write: false).Select(f => f + " is not in form: run kvmspec vectors fmt"));

    [Fact]
    public void FormattingWhatIsFormattedChangesNothing()
    {
        foreach (VectorFile file in Golden.Files)
        {
            string once = VectorFormatter.Write(file);
            Assert.Equal(once, VectorFormatter.Format(file.Path, once));
        }
    }

    [Fact]
    public void FormattingOrdersCasesKeysAndNumbers()
    {
        string text = Plain.Replace("memory_size: 4096, must: EEXIST", "memory_size: 0x1000, userspace_addr: 0, must: EEXIST", StringComparison.Ordinal)
            .Replace("{ on: kvm, ioctl: KVM_CREATE_VM, as: vm0, must: vm }", "{must: vm, \"on\": kvm, as: vm0, type: 0x0, ioctl: KVM_CREATE_VM}", StringComparison.Ordinal);
        Assert.Equal(Plain, VectorFormatter.Format(Path, text));
    }

    [Fact]
    public void SixtyFourBitsAreExact()
    {
        string text = Plain.Replace("guest_phys_addr: 4096", "guest_phys_addr: 18446744073709551615", StringComparison.Ordinal);
        Vector vector = VectorFiles.Parse(Path, text).Cases[0];
        Assert.Equal(ulong.MaxValue, vector.Calls[2].Call.Words[2]);
        Assert.Contains("guest_phys_addr: 0xffffffffffffffff", VectorFormatter.Format(Path, text), StringComparison.Ordinal);
    }

    [Fact]
    public void ANumberInASelectorStaysANumber()
    {
        string text = Plain.Replace("{ on: vm0, ioctl: KVM_SET_USER_MEMORY_REGION, memory_size: 8192, userspace_addr: 0x1000000000, must: 0 }",
            "{ on: vm0, ioctl: KVM_ENABLE_CAP, cap: 121, args0: 24, must: 0 }", StringComparison.Ordinal);
        Assert.Contains("cap: 121,", VectorFormatter.Format(Path, text), StringComparison.Ordinal);
        Assert.Null(VectorFiles.Parse(Path, text).Cases[0].Calls[1].Call.Operation.Case);
    }

    [Theory]
    [InlineData("title: Memory", "titel: Memory", "2: a vector file has no key titel: write topic, title, cases; did you mean title?", "1: a vector file has no title: add it")]
    [InlineData("topic: memslots", "topic: slots", "1: topic is 'slots': call it memslots, as the file")]
    [InlineData("revisions: all", "revisions: some", "7: revisions is 'some': write all, a list of names, or since, until and except")]
    [InlineData("revisions: all", "revisions: [7.9]", "7: no revision is called '7.9': write one of *")]
    [InlineData("revisions: all", "revisions: { from: \"7.3\" }", "7: revisions has no key from: write since, until, except")]
    [InlineData("architecture: x86", "architecture: vax", "8: no revision has rules for architecture 'vax': write one or a list of *")]
    [InlineData("architecture: x86", "architecture: x86, capabilities: { KVM_CAP_VCPUS: 1 }", "8: no capability is called KVM_CAP_VCPUS: write its name in linux/kvm.h; did you mean KVM_CAP_NR_VCPUS?")]
    [InlineData("architecture: x86", "architecture: x86, limits: { gpa: 1 }", "8: no limit is called gpa: write one of *")]
    [InlineData("architecture: x86", "architecture: x86, facts: { apic-slot: yes }", "8: yes is not a truth value: write true or false")]
    [InlineData("clauses: [memslot.overlap]", "clauses: [memslot.overlaps]", "6: no revision has a clause memslot.overlaps for x86: name one that spec.md has for it; did you mean memslot.overlap?")]
    [InlineData("clauses: [memslot.overlap]", "clauses: memslot.overlap", "6: clauses is a scalar: write a list")]
    [InlineData("clauses: [memslot.overlap]", "clauses: []", "6: clauses is empty: write a list")]
    [InlineData("ioctl: KVM_CREATE_VM", "ioctl: KVM_CREATE_VMS", "10: no ioctl is called KVM_CREATE_VMS: write its name in linux/kvm.h, close, or ioctl with a request; did you mean KVM_CREATE_VM?")]
    [InlineData("on: kvm", "on: vm", "10: 'vm' is no handle: write kvm, or vm, vcpu, device, memfd or file with a number, such as vm0")]
    [InlineData("as: vm0, ", "", "10: KVM_CREATE_VM makes a descriptor: name it, such as as: vm0")]
    [InlineData("as: vm0", "as: vcpu0", "10: KVM_CREATE_VM makes no vcpu: name it vm0")]
    [InlineData("must: vm", "must: vcpu", "10: KVM_CREATE_VM makes no vcpu: write vm or an errno")]
    [InlineData("must: vm", "may: vm", "10: may is not a list: write may: [0, EINVAL], or must with a single outcome")]
    [InlineData(", must: vm", "", "10: the call has no result: write must or may")]
    [InlineData("must: vm", "must: vm, may: [vm]", "10: the call has must and may: write one of them")]
    [InlineData("must: EEXIST", "must: EEXISTS", "12: 'EEXISTS' is no outcome: write an errno, a result, a range such as 1..4096, vm, vcpu, device, memfd, or open; did you mean EEXIST?")]
    [InlineData("must: 0", "must: open", "11: must is open and calls follow: an open answer says nothing of them, end the case here")]
    [InlineData("must: EEXIST", "may: [open, EEXIST]", "12: may has open beside others: write must: open")]
    [InlineData("by: memslot.overlap ", "by: memslot.under ", "12: no revision has a clause memslot.under for x86: name one that spec.md has for it*")]
    [InlineData("by: memslot.overlap ", "by: vgic.control.init ", "12: clause vgic.control.init is one of arm64 and the case is for x86: name one that spec.md has for x86, or change the host's architecture")]
    [InlineData("slot: 1", "slots: 1", "12: KVM_SET_USER_MEMORY_REGION has no field slots: write slot, flags, guest_phys_addr, memory_size, userspace_addr; did you mean slot?")]
    [InlineData("slot: 1", "slot: 0x100000000", "12: 0x100000000 is no value for slot: write 0 to 0xffffffff")]
    [InlineData("slot: 1", "slot: -1", "12: -1 is no value for slot: write 0 to 0xffffffff")]
    [InlineData("slot: 1", "slot: [1]", "12: slot is a list: write a single value")]
    [InlineData("slot: 1", "slot: 1, pointer: odd", "12: 'odd' is no pointer: write fine, unmapped, read-only or faults-after-N")]
    [InlineData("slot: 1", "slot: 1, as: vm1", "12: KVM_SET_USER_MEMORY_REGION makes no descriptor: leave as out")]
    [InlineData("slot: 1", "slot: 1, slot: 2", "12: slot stands twice in a call: write it once")]
    [InlineData("slot: 1", "slot: 1, after: { size: 0 }", "12: KVM_SET_USER_MEMORY_REGION leaves no word size: write slot, flags, guest_phys_addr, memory_size, userspace_addr")]
    [InlineData("as: vm0", "as: vm0, pointer: unmapped", "10: KVM_CREATE_VM takes no pointer: leave pointer out")]
    [InlineData("title: Memory slots", "title: Memory slots # all of them", "2: a comment would be lost when the file is formatted: make it the case's note")]
    [InlineData("title: Memory slots", "title: &t Memory slots", "2: anchors and tags are not read: write the value out")]
    [InlineData("cases:\n", "cases: [\n", "*: not YAML: *")]
    public void WhatIsWrongIsSaidWithItsLine(string right, string wrong, params string[] expected)
    {
        string text = Plain.Replace(right, wrong, StringComparison.Ordinal);
        string[] lines = [.. Assert.Throws<VectorFileException>(() => VectorFiles.Parse(Path, text)).Lines];
        Assert.Equal(expected.Length, lines.Length);
        foreach ((string wanted, string line) in expected.OrderBy(e => e, StringComparer.Ordinal).Zip(lines))
        {
            string[] parts = ($"{Path}:" + wanted).Split('*');
            Assert.StartsWith(parts[0], line, StringComparison.Ordinal);
            Assert.EndsWith(parts[^1], line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnIdStandsOnce()
    {
        string text = Plain + string.Join('\n', Plain.Split('\n')[3..]);
        string line = Assert.Single(Assert.Throws<VectorFileException>(() => VectorFiles.Parse(Path, text)).Lines);
        Assert.Equal($"{Path}:13: id memslots/overlap/create stands in {Path}:4 too: give this case another", line);
    }

    [Fact]
    public void WhereThereAreNoFilesItIsSaid() => Assert.Equal(
        "no-such-place: no vector files are there: name their directory",
        Assert.Single(Assert.Throws<VectorFileException>(() => VectorFiles.Load("no-such-place")).Lines));

    [Fact]
    public void TheSchemaIsInStep() =>
        Assert.Equal(VectorSchema.Text(), File.ReadAllText(System.IO.Path.Combine(Golden.Directory, "schema.json")));

    [Fact]
    public void TheTableOfIoctlsIsInStep()
    {
        string readme = File.ReadAllText(System.IO.Path.Combine(Golden.Directory, "README.md"));
        Assert.Equal(IoctlTable.Update("vectors/README.md", readme), readme);
        Assert.Contains($"Contract version {VectorSchema.Version}.", readme, StringComparison.Ordinal);
    }
}
