namespace KvmSpec.Model.Arm64;

/// <summary>The values that a VM's ID registers have.</summary>
public static class IdRegisters
{
    /// <summary>What a vCPU's first run makes of the ID registers: kvm_finalize_sys_regs.</summary>
    public static Arm64State Completed(in Node n, Arm64State state) => state;
}
