namespace KvmSpec.Runners.Walks.Server;

/// <summary>Programs with page walkers that nobody here wrote.</summary>
internal enum Emulator
{
    Qemu,
    Spike,
}

/// <summary>Whose walkers are asked.</summary>
/// <param name="Emulator">Which program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Name">Both, as people write them.</param>
internal sealed record SecondOpinion(Emulator Emulator, Version Version, string Name)
{
    /// <summary>QEMU of a version.</summary>
    public static SecondOpinion OfQemu(Version version) => new(Emulator.Qemu, version, $"QEMU {version}");

    /// <summary>Spike as it calls itself in the first line of its help: "Spike RISC-V ISA Simulator 1.1.1-dev".</summary>
    public static SecondOpinion OfSpike(string line)
    {
        string number = line.Split(' ').FirstOrDefault(w => w.Length > 0 && char.IsAsciiDigit(w[0])) ?? "";
        return new(Emulator.Spike, Version.TryParse(number.Split('-')[0], out Version? version) ? version : new Version(0, 0), number.Length > 0 ? $"Spike {number}" : "Spike");
    }
}
