using System.Diagnostics;
using System.Globalization;
using FsCheck;
using FsCheck.Experimental;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;
using Microsoft.FSharp.Core;

namespace KvmSpec.Runners.Bench;

/// <summary>Measures one figure after the other on one thread, each over the same time.</summary>
internal sealed partial class BenchRun(TextWriter output, TimeSpan time, string? cLoop, string? vectors)
{
    private const int LeakSequences = 1_000;
    private const int MillionSteps = 1_000_000;
    private const int Length = 30;

    /// <summary>How often works that are compared take turns.</summary>
    private const int Turns = 5;

    /// <summary>Calls on each VM, as in loop.c: so many that the VM itself hardly counts.</summary>
    private const int CallsOfAMachine = 10_000;

    private readonly Model.Model model = new(Revisions.Linux73, X86Hosts.Amd);

    public void All()
    {
        output.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}, {time.TotalSeconds:f0} s a figure; kvmspec bench");
        Memory();
        Steps();
        Verdicts();
        Architectures();
        Walks();
        Vectors();
        Traces();
        Kernel();
        FirstVerdict();
    }

    private void Steps()
    {
        Generator generator = new(model);
        Call[] calls = new Call[Length];
        Draws draws = new(1, Length);
        (World[] worlds, Call[] made) = Walked(generator);
        double[] rates = InTurns(
            "M/s",
            1e6,
            ("model steps, bare", Walking(generator, 1)),
            ("model steps, drawn by FsCheck", Generate),
            ("  calls drawn, none made", Draw),
            ("  calls made, none drawn", Make));
        double drawn = rates[1];
        Line("  drawn by FsCheck, of the bare rate", drawn / rates[0], "");
        FsCheckMachine machine = new(model, generator, Length);
        double own = Rate("model steps, FsCheck's own state machine", "M/s", 1e6, index =>
        {
            long before = machine.Steps;
            Check.One(Config.QuickThrowOnFailure.WithMaxTest(20).WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(index + 1), FSharpOption<int>.Some(Length))))
                .WithRunner(SilentRunner.Instance), machine.ToProperty());
            return machine.Steps - before;
        });
        Line("  of the rate of words decoded here", own / drawn, "");
        long before = GC.GetAllocatedBytesForCurrentThread();
        long steps = 0;
        for (ulong i = 0; i < 20_000; i++)
        {
            generator.Generate(new SequenceName(Mixer.SeedOf(2, i), Length), calls);
            steps += Length;
        }

        Line("bytes allocated a step", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)steps, "B");

        long Generate(ulong index)
        {
            SequenceName name = draws[index];
            generator.Generate(name, calls);
            return name.Length;
        }

        long Draw(ulong index)
        {
            for (int i = 0; i < worlds.Length; i++)
            {
                generator.One(worlds[i], Mixer.SeedOf(index, (ulong)i));
            }

            return worlds.Length;
        }

        long Make(ulong index)
        {
            for (int i = 0; i < worlds.Length; i++)
            {
                model.Step(worlds[i], made[i], out Rule _);
            }

            return worlds.Length;
        }
    }

    /// <summary>Walks a sequence of a run, call by call.</summary>
    private static Func<ulong, long> Walking(Generator generator, ulong seed) => index =>
    {
        Generator.Walk walk = generator.Begin(Mixer.SeedOf(seed, index));
        Call call = default;
        for (int i = 0; i < Length; i++)
        {
            walk.Next(ref call);
        }

        return Length;
    };

    /// <summary>The calls of some sequences, one after the other, and the state before each.</summary>
    private static (World[] Worlds, Call[] Calls) Walked(Generator generator)
    {
        Call[] calls = new Call[Length * 64];
        World[] worlds = new World[calls.Length];
        for (int s = 0; s < calls.Length; s += Length)
        {
            Generator.Walk walk = generator.Begin(Mixer.SeedOf(3, (ulong)(s / Length)));
            for (int i = s; i < s + Length; i++)
            {
                worlds[i] = walk.World;
                walk.Next(ref calls[i]);
            }
        }

        return (worlds, calls);
    }

    private void Verdicts()
    {
        (World[] worlds, Call[] calls) = Walked(new Generator(model));
        long total = 0;
        Rate("exact verdicts", "M/s", 1e6, _ =>
        {
            for (int i = 0; i < calls.Length; i++)
            {
                total += model.Decide(worlds[i], calls[i]).Serial;
            }

            return calls.Length;
        });
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < calls.Length; i++)
        {
            total += model.Decide(worlds[i], calls[i]).Serial;
        }

        Line("bytes allocated a verdict", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)calls.Length, "B");
    }

    private void Memory()
    {
        using ModelTarget target = new("model", model);
        CheckRun run = new(new Checker(target, model), Strictness.Envelope);
        long before = Peak();
        run.Generated(new SequencePlan(1, MillionSteps / ((Length + 1) / 2), Length), null, default);
        Line($"peak memory, a run of {run.Checker.Calls:#,0} calls", Peak(), "MB");
        Line("  before the run", before, "MB");
    }

    /// <summary>The process's greatest resident size in megabytes.</summary>
    private static long Peak()
    {
        string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private void Vectors()
    {
        if (vectors is null)
        {
            output.WriteLine("  vectors: none found");
            return;
        }

        int count = VectorFiles.Load(vectors).Sum(f => f.Cases.Length);
        Rate("vectors loaded", "/s", 1, _ => VectorFiles.Load(vectors).Sum(f => f.Cases.Length));
        Vector[] cases = [.. VectorFiles.Load(vectors).SelectMany(f => f.Cases)];
        using ModelTarget target = new("model", model);
        VectorRunner runner = new(target, model);
        Rate("vectors executed on the model", "/s", 1, _ =>
        {
            foreach (Vector vector in cases)
            {
                runner.Run(vector);
            }

            return count;
        });
    }

    private void Kernel()
    {
        LocalTarget target;
        try
        {
            target = new LocalTarget();
        }
        catch (TargetException missing)
        {
            output.WriteLine("  local target: skipped, " + missing.Message);
            return;
        }

        using (target)
        {
            Model.Model local = new(Revisions.Nearest(target.Host.Release, out _), target.Host);
            Line($"descriptors left by {LeakSequences:#,0} sequences", Left(target, local, "/proc/self/fd"), "");
            Line($"mappings left by {LeakSequences:#,0} sequences", Left(target, local, "/proc/self/map_files"), "");
            try
            {
                using CLoop loop = new(cLoop);
                Beside(target, local, loop);
            }
            catch (TargetException why)
            {
                output.WriteLine("  C loop: skipped, " + why.Message);
            }
        }
    }

    /// <summary>
    /// The local target beside a C loop: how much of two sequences each gets through, from the first ioctl until the last
    /// descriptor that they leave is closed. Both leave the closing to as many threads, beside the next sequence, as a check does.
    /// They take turns, and every line is the median of the turns, so that what else the machine does meanwhile falls on both.
    /// </summary>
    private void Beside(LocalTarget target, Model.Model local, CLoop loop)
    {
        Call create = new(local.Book.Operations.First(o => o.Creates == DescriptorKind.Vm), Handle.Kvm) { As = new Handle(DescriptorKind.Vm, 0) };
        Call check = new(local.Book.Operations.First(o => o.On == DescriptorKind.Vm && o.Case == Model.Uapi.Capabilities.NR_VCPUS), create.As);
        Call vcpu = new(local.Book.Operations.First(o => o.Creates == DescriptorKind.Vcpu), create.As) { As = new Handle(DescriptorKind.Vcpu, 0) };
        Call[] calls = [create, .. Enumerable.Repeat(check, CallsOfAMachine - 1)];
        Call[] machine = [create, vcpu];
        Observation[] observed = new Observation[calls.Length];
        TimeSpan turn = time / Turns;
        Throughput(calls);
        Throughput(machine);
        (double Calls, double Machines)[] ours = new (double, double)[Turns];
        (double Calls, double Machines)[] theirs = new (double, double)[Turns];
        for (int i = 0; i < Turns; i++)
        {
            theirs[i] = loop.Run(turn);
            ours[i] = (Throughput(calls) * calls.Length, Throughput(machine));
        }

        Line("local target, CHECK_EXTENSION", Median(ours.Select(t => t.Calls)) / 1e6, "M/s");
        Line("local target, a VM and a vCPU", Median(ours.Select(t => t.Machines)), "/s");
        Line("C loop, CHECK_EXTENSION", Median(theirs.Select(t => t.Calls)) / 1e6, "M/s");
        Line("C loop, a VM and a vCPU", Median(theirs.Select(t => t.Machines)), "/s");
        Line("local target of the C loop, CHECK_EXTENSION", Median(ours.Zip(theirs, (o, t) => o.Calls / t.Calls)), "");
        Line("local target of the C loop, VM and vCPU", Median(ours.Zip(theirs, (o, t) => o.Machines / t.Machines)), "");

        double Throughput(Call[] sequence)
        {
            long done = 0;
            Stopwatch watch = Stopwatch.StartNew();
            while (watch.Elapsed < turn)
            {
                target.Execute(sequence, observed);
                done++;
            }

            target.Settle();
            return done / watch.Elapsed.TotalSeconds;
        }
    }

    /// <summary>How many more entries a directory of the process has after sequences than before them.</summary>
    private static int Left(LocalTarget target, Model.Model local, string directory)
    {
        CheckRun run = new(new Checker(target, local), Strictness.Envelope);
        run.Generated(new SequencePlan(2, LeakSequences / 2, Length), null, default);
        target.Settle();
        GC.Collect();
        int before = Directory.GetFileSystemEntries(directory).Length;
        run.Generated(new SequencePlan(3, LeakSequences, Length), null, default);
        target.Settle();
        GC.Collect();
        return Directory.GetFileSystemEntries(directory).Length - before;
    }

    private void FirstVerdict()
    {
        List<string> arguments = ["check", "--target", "model", "--sequences", "1"];
        string program = Environment.ProcessPath!;
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            arguments.Insert(0, Path.Combine(AppContext.BaseDirectory, "kvmspec.dll"));
        }

        Stopwatch watch = Stopwatch.StartNew();
        using Process child = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Line("from check to the end of a first sequence", watch.Elapsed.TotalSeconds, "s");
    }

    /// <summary>
    /// Repeats several works in turns and prints how much of each was done a second: the median of its turns, so that what
    /// else the machine does meanwhile falls on all.
    /// </summary>
    private double[] InTurns(string unit, double scale, params (string What, Func<ulong, long> Do)[] works)
    {
        ulong index = 0;
        double[][] turns = [.. works.Select(_ => new double[Turns])];
        for (int turn = -1; turn < Turns; turn++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                TimeSpan length = turn < 0 ? time / 3 : time / Turns;
                long done = 0;
                Stopwatch watch = Stopwatch.StartNew();
                while (watch.Elapsed < length)
                {
                    done += works[i].Do(index++);
                }

                turns[i][Math.Max(turn, 0)] = done / watch.Elapsed.TotalSeconds / scale;
            }
        }

        double[] rates = [.. turns.Select(t => Median(t))];
        foreach (((string what, _), double rate) in works.Zip(rates))
        {
            Line(what, rate, unit);
        }

        return rates;
    }

    /// <summary>Repeats work for the time and prints how much of it was done a second.</summary>
    private double Rate(string what, string unit, double scale, Func<ulong, long> work)
    {
        ulong index = 0;
        Stopwatch warm = Stopwatch.StartNew();
        while (warm.Elapsed < time / 3)
        {
            work(index++);
        }

        long done = 0;
        Stopwatch watch = Stopwatch.StartNew();
        while (watch.Elapsed < time)
        {
            done += work(index++);
        }

        double rate = done / watch.Elapsed.TotalSeconds / scale;
        Line(what, rate, unit);
        return rate;
    }

    private void Line(string what, double figure, string unit) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-44} {figure,12:#,0.00} {unit}").TrimEnd());
}
