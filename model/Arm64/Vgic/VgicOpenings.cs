using System.Collections.Immutable;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// How VMs with an interrupt controller are set up: made, placed, initialised, with vCPUs that can run. A controller answers
/// little before that, and calls drawn one by one seldom get so far.
/// </summary>
public static class VgicOpenings
{
    private const ulong Distributor = 0x8000000;
    private const ulong Redistributors = 0x80a0000;
    private const ulong UserspacePpis = 5;
    private const VcpuFeatures HasEl2 = VcpuFeatures.HasEl2;

    /// <summary>The openings, of a book's calls.</summary>
    public static ImmutableArray<ImmutableArray<Call>> Of(Arm64Calls make)
    {
        ArgumentNullException.ThrowIfNull(make);
        ImmutableArray<Call> v2 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV2)];
        ImmutableArray<Call> v3 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV3)];
        ImmutableArray<Call> v5 = [make.Vm(), make.Device(DeviceTypes.ArmVgicV5)];
        ImmutableArray<Call> placedV2 = [make.Set(DeviceTypes.ArmVgicV2, VgicGroups.Addresses, 0, Distributor), make.Set(DeviceTypes.ArmVgicV2, VgicGroups.Addresses, 1, 0x8010000)];
        ImmutableArray<Call> placedV3 = [make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 2, Distributor), make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 3, Redistributors)];
        Call meeting = make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 3, Distributor);
        Call initialized = make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Control, 0, 0);
        Call initializedV5 = make.Set(DeviceTypes.ArmVgicV5, VgicGroups.Control, 0, 0);
        ImmutableArray<Call> vcpu = [make.Vcpu(0), make.Init(0, VcpuFeatures.None)];
        ImmutableArray<Call> nested = [make.Vcpu(0), make.Init(0, HasEl2)];
        ImmutableArray<Call> metered = [make.Vcpu(0), make.Init(0, VcpuFeatures.PmuV3)];
        Call meter = make.SetOfVcpu(0, 0, 1, 0);
        ImmutableArray<Call> chosen = [.. v5, .. metered, make.SetOfVcpu(0, 0, 0, TimerInterrupts.Pmu)];
        ImmutableArray<Call> crowd = [make.Vm(), .. Enumerable.Range(0, 9).Select(i => make.Vcpu((byte)i))];
        return
        [
            v2,
            [.. v2, .. vcpu],
            [.. v2, .. placedV2, .. vcpu],
            v3,
            [.. v3, .. vcpu],
            [.. v3, .. vcpu, placedV3[0]],
            [.. v3, .. vcpu, make.Vcpu(1), .. placedV3],
            [.. v3, .. vcpu, .. placedV3, initialized],
            [.. v3, make.Vcpu(0), make.Vcpu(1), initialized],
            [.. v3, placedV3[0], meeting, .. vcpu],
            [.. v3, placedV3[0], make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Addresses, 5, (2UL << 52) | 0x7fe0000)],
            [.. v3, .. nested, .. placedV3, make.Set(DeviceTypes.ArmVgicV3, VgicGroups.Maintenance, 0, 27), initialized],
            v5,
            [.. v5, .. vcpu],
            [.. v5, .. vcpu, initializedV5],
            [.. v5, make.Vcpu(0), initializedV5, make.Get(DeviceTypes.ArmVgicV5, VgicGroups.Control, UserspacePpis, Pointer.FaultsAfter(8))],
            [.. v5, make.Vcpu(0), initializedV5, make.Init(0, HasEl2), make.Run(0)],
            [.. v5, .. nested],
            [.. v5, .. vcpu, make.Vcpu(1), initializedV5, make.Run(0)],
            [.. v5, .. metered, initializedV5, meter, make.Run(0)],
            [.. chosen, make.SetOfVcpu(0, 0, 0, TimerInterrupts.Pmu)],
            [.. chosen, make.GetOfVcpu(0, 0, 0, Pointer.ReadOnly)],
            [.. v5, .. metered, initializedV5, make.SetOfVcpu(0, 1, 0, TimerInterrupts.Pmu), make.Run(0)],
            [make.Vm(), .. metered, meter, make.Device(DeviceTypes.ArmVgicV5), initializedV5, make.Run(0)],
            [make.Vm(), .. vcpu, make.Run(0)],
            [make.Vm(), .. nested, make.Run(0)],
            crowd,
            [.. crowd, make.Device(DeviceTypes.ArmVgicV2)],
            [make.Vm(), make.Device(DeviceTypes.ArmVgicIts), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Addresses, 4, 0x8080000)],
            [make.Vm(), make.Device(DeviceTypes.ArmVgicIts), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Addresses, 4, 0x8080000), make.Set(DeviceTypes.ArmVgicIts, VgicGroups.Its, 0x100, 0)],
        ];
    }
}
