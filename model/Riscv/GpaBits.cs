using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Riscv.RiscvState;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Ioctls.EnableCap;

namespace KvmSpec.Model.Riscv;

/// <summary>
/// Choosing a VM's G-stage mode: KVM_ENABLE_CAP with a number of guest-physical address bits. The mode can be chosen as
/// long as nothing has been built on it: no vCPU was ever created and no memslot exists.
/// </summary>
public static class GpaBits
{
    /// <summary>
    /// What selects the mode. A symbol of its own beside the capability that KVM_CHECK_EXTENSION is asked for: posted patches
    /// spell the one otherwise and not the other.
    /// </summary>
    public static readonly Symbol Selector = new(Capabilities.VM_GPA_BITS.Name, Capabilities.VM_GPA_BITS.Value);

    /// <summary>The number of bits that was asked for; RV32 has an unsigned long of 32 bits.</summary>
    public static ulong Asked(in Node n, in Call c) => n.Host.Architecture == Architecture.Riscv32 ? (uint)c[Argument0] : c[Argument0];

    /// <summary>The mode that was asked for, if any has so many bits.</summary>
    public static GStageMode? Mode(in Node n, in Call c) => GStageMode.Reaching(n.Host.Architecture, Asked(n, c));

    public static readonly Rule Range = Refuse(EINVAL, "riscv.gpa-bits.range", (in n, in c) => Mode(n, c) is null);

    public static readonly Rule HostMaximum =
        Refuse(EINVAL, "riscv.gpa-bits.host-maximum", (in n, in c) => Mode(n, c) is { } mode && mode.GpaBits > n.Host.GpaBits);

    public static readonly Rule BeforeVcpus = Refuse(EBUSY, "riscv.gpa-bits.before-vcpus", (in n, in c) => n.Vm.HasVcpus);

    public static readonly Rule BeforeMemory = Refuse(EBUSY, "riscv.gpa-bits.before-memory", (in n, in c) => n.Vm.Memslots is not null);

    public static readonly Rule Choose = Accept("riscv.gpa-bits.select", (in n, in c) => Chosen(n, c));

    /// <summary>Every width that decides otherwise than its neighbour, on hosts of all widths.</summary>
    private static ImmutableArray<Sample> Widths =>
        [41, 41, 50, 50, 59, 59, 34, 34, 0, 8, 33, 35, 40, 42, 49, 51, 58, 60, 64, 1UL << 32, (1UL << 32) + 34, ulong.MaxValue];

    public static readonly Operation Select = EnableCaps.Case(Selector, 30,
        [.. Gates.VirtualStruct, EnableCaps.NoFlags, Range, HostMaximum, BeforeVcpus, BeforeMemory, Choose], Widths);

    /// <summary>The world with the mode chosen that was asked for.</summary>
    public static World Chosen(in Node n, in Call c) =>
        Change(n, Of(n).WithGpaBits(Mode(n, c)!.GpaBits, n.Host.GpaBits) with { ChoseMode = Of(n).ChoseMode });
}
