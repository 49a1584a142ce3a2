namespace KvmSpec.Model.Riscv;

/// <summary>What a RISC-V VM keeps that later calls can tell.</summary>
public sealed record RiscvState : ArchitectureState
{
    public static readonly RiscvState New = new();

    /// <summary>Bits of guest-physical address of the chosen G-stage mode; 0 is the host's widest.</summary>
    public byte ChosenGpaBits { get; init; }

    /// <summary>True once userspace chose a mode, also the widest: only posted patches remember it.</summary>
    public bool ChoseMode { get; init; }

    /// <summary>True once KVM_CAP_RISCV_MP_STATE_RESET was enabled.</summary>
    public bool MpStateReset { get; init; }

    /// <summary>The state of a RISC-V VM.</summary>
    public static RiscvState Of(in Node n) => n.Vm.Architecture as RiscvState ?? New;

    /// <summary>Bits of guest-physical address of the VM's G-stage mode.</summary>
    public static byte GpaBits(in Node n) => Of(n).ChosenGpaBits is not 0 and var bits ? bits : (byte)n.Host.GpaBits;

    /// <summary>The world with this VM's RISC-V state changed.</summary>
    public static World Change(in Node n, RiscvState state) => n.With(n.Vm with { Architecture = state });

    /// <summary>The state with a mode of so many bits: the host's widest is the one that a VM begins with.</summary>
    public RiscvState WithGpaBits(ulong bits, int widest) => this with { ChosenGpaBits = bits == (ulong)widest ? (byte)0 : (byte)bits };
}
