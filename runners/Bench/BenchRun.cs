using System.Diagnostics;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.X86;
using KvmSpec.Runners.Checking;

namespace KvmSpec.Runners.Bench;

/// <summary>Measures one figure after the other on one thread, each over the same time.</summary>
internal sealed partial class BenchRun(TextWriter output, TimeSpan time)
{
    private const int Length = 30;
    private readonly Model.Model model = new(Revisions.Linux73, X86Hosts.Amd);

    public void All()
    {
        output.WriteLine($"{Environment.ProcessorCount} processors, .NET {Environment.Version}, {time.TotalSeconds:f0} s a figure; kvmspec bench");
        Steps();
        Verdicts();
    }

    private void Steps()
    {
        Generator generator = new(model);
        double bare = Rate("model steps, bare", "M/s", 1e6, index =>
        {
            Generator.Walk walk = generator.Begin(Mixer.SeedOf(1, index));
            Call call = default;
            for (int i = 0; i < Length; i++)
            {
                walk.Next(ref call);
            }

            return Length;
        });
        Call[] calls = new Call[Length];
        Draws draws = new(1, Length);
        double drawn = Rate("model steps, drawn by FsCheck", "M/s", 1e6, index =>
        {
            SequenceName name = draws[index];
            generator.Generate(name, calls);
            return name.Length;
        });
        Line("FsCheck's share of the bare rate", drawn / bare, "");
        long before = GC.GetAllocatedBytesForCurrentThread();
        long steps = 0;
        for (ulong i = 0; i < 20_000; i++)
        {
            generator.Generate(new SequenceName(Mixer.SeedOf(2, i), Length), calls);
            steps += Length;
        }

        Line("bytes allocated a step", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)steps, "B");
    }

    private void Verdicts()
    {
        Generator generator = new(model);
        Call[] calls = new Call[Length * 64];
        World[] worlds = new World[calls.Length];
        for (int s = 0; s < 64; s++)
        {
            Generator.Walk walk = generator.Begin(Mixer.SeedOf(3, (ulong)s));
            for (int i = 0; i < Length; i++)
            {
                worlds[(s * Length) + i] = walk.World;
                walk.Next(ref calls[(s * Length) + i]);
            }
        }

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
