using KvmSpec.Model.Riscv;

namespace KvmSpec.Runners.Coverage;

/// <summary>Clauses that nothing here can decide, and why.</summary>
public static class Undecided
{
    private const string EnoughBits = "no host of the model has fewer address bits than a VM has that does not choose";

    private const string OtherRegisters = "nothing is said of other registers, so sequences ask for none";
    private const string NoController = "every arm64 host of the model can be some interrupt controller";

    /// <summary>Clauses that no vector decides.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByVectors = new Dictionary<string, string>
    {
        ["arm64.create-vm.ipa-default"] = EnoughBits,
        ["arm64.create-irqchip.no-vgic"] = NoController,
        ["arm64.set-device-addr.no-vgic"] = NoController,
        ["run.guest"] = "a vector that ran a guest would run it on other people's runners too",
    };

    /// <summary>Clauses of RISC-V that no exhaustive search decides.</summary>
    public static readonly IReadOnlyDictionary<string, string> BySearch = new Dictionary<string, string>
    {
        ["create-device.aia.absent"] = $"the host of {RiscvScopes.Whole.Name} has an AIA; {RiscvScopes.WithoutAia.Name} decides it",
        ["descriptor.vm-dead"] = Equivalents.NobodyDies,
        ["ioctl.known-number"] = "search calls what it knows by name",
        ["run.guest"] = "search asks every vCPU to return at once",
        ["unknown-ioctl.guest-memfd"] = Equivalents.NoGuestMemory,
    };

    /// <summary>Clauses that no generated sequence decides.</summary>
    public static readonly IReadOnlyDictionary<string, string> BySequences = new Dictionary<string, string>
    {
        ["arm64.create-vm.ipa-default"] = EnoughBits,
        ["arm64.create-irqchip.no-vgic"] = NoController,
        ["arm64.set-device-addr.no-vgic"] = NoController,
        ["run.guest"] = "generated sequences ask every vCPU to return at once",
        ["arm64.one-reg.other"] = OtherRegisters,
        ["arm64.one-reg.other-group"] = OtherRegisters,
        ["create-vm.other-type"] = "what follows is open, so sequences that begin so would decide nothing",
    };
}
