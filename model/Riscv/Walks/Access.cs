namespace KvmSpec.Model.Riscv.Walks;

/// <summary>What is done with memory, as permissions and causes distinguish it.</summary>
public enum AccessKind
{
    /// <summary>Loads, LR, HLV and HLVX.</summary>
    Load,

    /// <summary>Stores, SC, AMOs and HSV.</summary>
    Store,

    /// <summary>Instruction fetches.</summary>
    Fetch,
}

/// <summary>As which of the guest's privileges an access is made.</summary>
public enum GuestPrivilege
{
    Vu,
    Vs,
}

/// <summary>What memory lets through: PMP and PMA together.</summary>
[Flags]
public enum Permissions
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
    All = Read | Write | Execute,
}

/// <summary>An access by a guest, or by HLV, HLVX or HSV on its behalf. It lies within one page.</summary>
/// <param name="Address">The virtual address.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Privilege">The effective privilege; for HLV, HLVX and HSV hstatus.SPVP.</param>
/// <param name="Hlvx">True for HLVX, a load that needs execute permission in place of read permission.</param>
/// <param name="Bytes">How wide it is: 1, 2, 4 or 8.</param>
public readonly record struct Access(Gva Address, AccessKind Kind, GuestPrivilege Privilege = GuestPrivilege.Vs, bool Hlvx = false, int Bytes = 1);

/// <summary>An access as one stage sees it.</summary>
/// <param name="Kind">The kind whose permission is checked: that of a load or store where the access is implicit.</param>
/// <param name="Privilege">The effective privilege.</param>
/// <param name="Hlvx">True for HLVX itself, false for accesses to tables on its behalf.</param>
/// <param name="IsImplicit">True for accesses to VS-stage tables.</param>
internal readonly record struct StageRequest(AccessKind Kind, GuestPrivilege Privilege, bool Hlvx, bool IsImplicit)
{
    /// <summary>The bits of a leaf with which neither permissions nor A and D are in question, but for U.</summary>
    public ulong Needed => Pte.V | Pte.R | Pte.A | Kind switch
    {
        AccessKind.Store => Pte.W | Pte.D,
        AccessKind.Fetch => Pte.X,
        _ => Hlvx ? Pte.X : 0,
    };
}
