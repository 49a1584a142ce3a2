namespace KvmSpec.Model.Riscv.Walks;

/// <summary>The exception codes that a translation can end with.</summary>
public enum TrapCause : byte
{
    /// <summary>No trap.</summary>
    None = 0,
    InstructionAccessFault = 1,
    LoadAccessFault = 5,
    StoreAccessFault = 7,
    InstructionPageFault = 12,
    LoadPageFault = 13,
    StorePageFault = 15,
    InstructionGuestPageFault = 20,
    LoadGuestPageFault = 21,
    StoreGuestPageFault = 23,
}

/// <summary>The memory type that page tables ask for.</summary>
public enum MemoryType : byte
{
    /// <summary>What the physical memory attributes say.</summary>
    Pma,

    /// <summary>Non-cacheable, idempotent.</summary>
    Nc,

    /// <summary>Non-cacheable, strongly ordered.</summary>
    Io,
}

/// <summary>What came of an access: where it went, or the trap.</summary>
public readonly record struct WalkResult
{
    /// <summary>An access that goes somewhere.</summary>
    internal WalkResult(Spa spa, Gpa gpa, MemoryType type, byte vsLevel, byte gLevel)
    {
        Spa = spa;
        Gpa = gpa;
        Type = type;
        VsLevel = vsLevel;
        GLevel = gLevel;
    }

    /// <summary>The trap, or none.</summary>
    public TrapCause Cause { get; init; }

    /// <summary>The memory type where there is no trap.</summary>
    public MemoryType Type { get; init; }

    /// <summary>The level of the VS-stage's leaf; 0 also where it is Bare.</summary>
    public byte VsLevel { get; init; }

    /// <summary>The level of the G-stage's leaf; 0 also where it is Bare.</summary>
    public byte GLevel { get; init; }

    /// <summary>
    /// htinst and mtinst of a fault at a VS-stage table: the pseudoinstruction; else 0, and the register holds 0 or the
    /// transformed instruction.
    /// </summary>
    public ushort Pseudo { get; init; }

    /// <summary>Where the access goes where there is no trap.</summary>
    public Spa Spa { get; init; }

    /// <summary>The guest physical address: that of the access, or that which the G-stage refused.</summary>
    public Gpa Gpa { get; init; }

    /// <summary>stval and mtval of a trap.</summary>
    public Gva Tval { get; init; }

    /// <summary>htval and mtval2 where an implementation writes them: the guest physical address without its two low bits.</summary>
    public ulong Htval { get; init; }

    /// <summary>The clause that refused.</summary>
    public WalkClause? Clause { get; init; }

    /// <summary>The stage that refused; the G-stage also where memory did after both.</summary>
    public Stage Stage { get; init; }

    /// <summary>True where the G-stage refused an access to a VS-stage table.</summary>
    public bool IsTableAccess { get; init; }

    public bool IsTrap => Cause != TrapCause.None;

    /// <summary>True for the causes 20, 21 and 23.</summary>
    public bool IsGuestPageFault => Cause >= TrapCause.InstructionGuestPageFault;
}
