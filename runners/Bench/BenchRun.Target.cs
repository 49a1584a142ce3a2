using System.Diagnostics;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Differences;
using KvmSpec.Runners.Guests;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Bench;

/// <summary>What one target costs: a guest's start, and calls, VMs and sequences of any.</summary>
internal sealed partial class BenchRun
{
    private const int CallsOfASequence = 1_000;
    private const int Starts = 3;
    private const string GuestPrefix = "guest:";

    /// <summary>Measures a target.</summary>
    /// <param name="name">As given on the command line.</param>
    /// <param name="own">A kernel that a guest boots instead of its own.</param>
    /// <exception cref="RequestException">No target has that name.</exception>
    /// <exception cref="TargetException">It is not there.</exception>
    public void Target(string name, OwnKernel? own)
    {
        Host[] hosts = TargetNames.ModelledBy(name) is { } modelled ? [Hosts.All.First(h => modelled.Architectures.Contains(h.Architecture))] : [];
        GuestStarter? starter = name.StartsWith(GuestPrefix, StringComparison.Ordinal) ? GuestStarter.Of(name[GuestPrefix.Length..], own?.Image, own?.Modules) : null;
        ITarget? there = starter is null ? TargetNames.Open(name, hosts)[0] : null;
        output.WriteLine($"{name}{(own is null ? "" : " --kernel " + own.Image)}, {Environment.ProcessorCount} processors, {time.TotalSeconds:f0} s a figure; kvmspec bench --target");
        if (starter is not null)
        {
            GuestStart(starter);
        }

        using ITarget target = there ?? TargetNames.Open(name, hosts, own)[0];
        Model.Model its = ComparedTarget.Of(target).Model;
        output.WriteLine($"  {(target is ModelTarget ? "a model of" : "Linux")} {target.Host.Release}");
        Calls(target, its);
        Sequences(target, its);
    }

    /// <summary>From the start of QEMU until the guest has answered a first call on /dev/kvm; the median of a few starts.</summary>
    private void GuestStart(GuestStarter starter)
    {
        Line("start to the first ioctl, booted", Median(starter.Boot), "s");
        starter.Start().Dispose();
        if (starter.HasSnapshot)
        {
            Line("start to the first ioctl, from a snapshot", Median(starter.Start), "s");
        }
        else
        {
            output.WriteLine("  start from a snapshot: this guest does not go on from one");
        }
    }

    private static double Median(Func<GuestRun> start)
    {
        Call check = new(new Operation { Ioctl = Model.Uapi.Ioctls.CheckExtension.Ioctl, On = DescriptorKind.System, Rules = [] }, Handle.Kvm);
        return Median(Enumerable.Range(0, Starts).Select(_ =>
        {
            Stopwatch watch = Stopwatch.StartNew();
            using GuestRun run = start();
            run.Connection.Execute([check], new Observation[1], 0);
            return watch.Elapsed.TotalSeconds;
        }));
    }

    /// <summary>The middle one of an odd number of figures.</summary>
    private static double Median(IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>VMs by themselves, and calls without the VM that they are made on.</summary>
    private void Calls(ITarget target, Model.Model its)
    {
        Call create = new(its.Book.Operations.First(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) };
        Call vcpu = new(its.Book.Operations.First(o => o.Creates == DescriptorKind.Vcpu), create.As) { As = new Handle(DescriptorKind.Vcpu, 0) };
        Call check = new(its.Book.Operations.First(o => o.On == DescriptorKind.Vm && o.Case == Model.Uapi.Capabilities.NR_VCPUS), create.As);
        Call[] machine = [create, vcpu];
        Call[] calls = [create, vcpu, .. Enumerable.Repeat(target.TakesMeanings ? check : its.Spell(check), CallsOfASequence)];
        Observation[] observed = new Observation[calls.Length];
        target.Execute(machine, observed);
        if (!observed[0].Descriptor || !observed[1].Descriptor)
        {
            throw new TargetException($"target {target.Name}: no VM with a vCPU to measure: {observed[0].Summary}, {observed[1].Summary}");
        }

        double machines = Rate("VMs with a vCPU, made and closed", "/s", 1, _ => Made(machine));
        double sequences = Rate($"the same with {CallsOfASequence:#,0} CHECK_EXTENSION", "/s", 1, _ => Made(calls));
        Line("ioctls within a sequence, the VM not counted", CallsOfASequence / ((1 / sequences) - (1 / machines)), "/s");

        long Made(Call[] made)
        {
            target.Execute(made, observed);
            return 1;
        }
    }

    /// <summary>Sequences as <c>check</c> makes and judges them, and how much of the time this program itself computes.</summary>
    private void Sequences(ITarget target, Model.Model its)
    {
        Checker checker = new(target, its);
        Generator generator = new(its);
        Draws draws = new(1, Length);
        Call[] calls = new Call[Length];
        using Process self = Process.GetCurrentProcess();
        TimeSpan before = self.TotalProcessorTime;
        Stopwatch watch = Stopwatch.StartNew();
        double rate = Rate($"sequences of up to {Length} calls, checked", "/s", 1, index =>
        {
            SequenceName name = draws[index];
            generator.Generate(name, calls);
            checker.Check(calls.AsSpan(0, name.Length));
            return 1;
        });
        self.Refresh();
        Line("  ioctls of these", rate * checker.Calls / checker.Sequences, "/s");
        Line("  this program's processor time of the time", (self.TotalProcessorTime - before) / watch.Elapsed, "");
    }
}
