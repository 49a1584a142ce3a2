namespace KvmSpec.Model.Riscv.Walks;

/// <summary>How wide registers are; HSXLEN, VSXLEN and MXLEN are the same here.</summary>
public enum Xlen
{
    Rv32 = 32,
    Rv64 = 64,
}
