namespace KvmSpec.Model.Arm64;

/// <summary>Which vCPU an affinity means. A vCPU that KVM_ARM_VCPU_INIT has not seen has affinity 0.</summary>
public static class Affinities
{
    /// <summary>True where some vCPU has this affinity now.</summary>
    /// <param name="n">Where the call meets the model.</param>
    /// <param name="asked">Four levels of eight bits, the lowest first, as the attributes spell it.</param>
    public static bool Any(in Node n, ulong asked)
    {
        Arm64State state = Arm64State.Of(n);
        foreach (Vcpu vcpu in n.Vm.Vcpus)
        {
            if (Of(state.Vcpus.TryFind(vcpu.Id, out Arm64Vcpu known) ? known : new Arm64Vcpu(vcpu.Id)) == asked)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A vCPU's affinity, by MPIDR_EL1: what was written there, or what its number gives.</summary>
    private static ulong Of(in Arm64Vcpu vcpu) => vcpu switch
    {
        { Mpidr: { } written } => (written & 0xff_ffff) | ((written >> 8) & 0xff00_0000),
        { Initialized: true } => (vcpu.Id & 0xf) | (((vcpu.Id >> 4) & 0xff) << 8) | ((vcpu.Id >> 12) << 16),
        _ => 0,
    };
}
