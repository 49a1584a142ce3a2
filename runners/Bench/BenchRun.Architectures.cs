using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;
using KvmSpec.Model.X86;

namespace KvmSpec.Runners.Bench;

/// <summary>The same steps on hosts of each architecture, and verdicts on arm64's ID registers.</summary>
internal sealed partial class BenchRun
{
    private const int RegisterSequences = 256;

    private void Architectures()
    {
        Host[] hosts = [X86Hosts.Amd, RiscvHosts.Sv57, Arm64Hosts.Full];
        double[] rates = InTurns("M/s", 1e6, [.. hosts.Select(h => ($"model steps, {h.Name}", Walking(new Generator(new Model.Model(Revisions.Linux73, h)), 4)))]);
        for (int i = 1; i < hosts.Length; i++)
        {
            Line($"  {hosts[i].Name}, of the rate of {hosts[0].Name}", rates[i] / rates[0], "");
        }

        Registers();
    }

    private void Registers()
    {
        Model.Model arm = new(Revisions.Linux73, Arm64Hosts.Full);
        Generator generator = new(arm);
        List<(World World, Call Call)> found = [];
        for (ulong s = 0; s < RegisterSequences; s++)
        {
            Generator.Walk walk = generator.Begin(Mixer.SeedOf(5, s));
            Call call = default;
            for (int i = 0; i < Length; i++)
            {
                World met = walk.World;
                walk.Next(ref call);
                if (call.Operation.Ioctl == Arm64Ioctls.OneReg.Get.Ioctl || call.Operation.Ioctl == Arm64Ioctls.OneReg.Set.Ioctl)
                {
                    found.Add((met, call));
                }
            }
        }

        (World World, Call Call)[] asked = [.. found];
        long total = 0;
        Rate("verdicts on ID registers", "M/s", 1e6, _ =>
        {
            foreach ((World world, Call call) in asked)
            {
                total += arm.Decide(world, call).Serial;
            }

            return asked.Length;
        });
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach ((World world, Call call) in asked)
        {
            total += arm.Decide(world, call).Serial;
        }

        Line("bytes allocated a verdict on ID registers", (GC.GetAllocatedBytesForCurrentThread() - before) / (double)asked.Length, "B");
    }
}
