using System.Collections.Immutable;
using static KvmSpec.Model.Riscv.Walks.ClauseEffect;

namespace KvmSpec.Model.Riscv.Walks;

/// <summary>
/// Every question that a walk asks, in the order in which a walk meets them. Sections and tags are those of the RISC-V
/// instruction set manual, volume II, of August 2026.
/// </summary>
public static class WalkClauses
{
    public const string InGStage = "G-stage";
    public const string InVsStage = "VS-stage";
    public const string InBothStages = "both stages";
    public const string OfHgatp = "writes to hgatp";
    public const string OfAccess = "the access";
    public const string OfTraps = "traps";

    private const string HgatpRegister = "hypervisor, hgatp register";
    private const string Algorithm = "supervisor, virtual address translation process";
    private const string GuestPhysical = "hypervisor, guest physical address translation";
    private const string TwoStage = "hypervisor, two-stage address translation";
    private const string Addressing = "supervisor, Sv39 addressing and memory protection";
    private const string Svnapot = "Svnapot";
    private const string Svpbmt = "Svpbmt";
    private const string Envcfg = "hypervisor, henvcfg register";
    private const string Sstatus = "supervisor, memory privilege in sstatus";
    private const string GuestPageFaults = "hypervisor, guest-page faults";
    private const string LoadsAndStores = "hypervisor, virtual-machine load and store instructions";
    private const string TrapInstruction = "hypervisor, transformed instruction or pseudoinstruction";

    private static readonly List<WalkClause> Made = [];

    // Writes to hgatp.

    /// <summary>A MODE that is not supported becomes a legal one, and the other fields are written all the same.</summary>
    public static readonly WalkClause HgatpMode = Make("gstage.hgatp.mode", Defines, OfHgatp, HgatpRegister, "hgatp_mode_warl");

    /// <summary>In paged modes PPN[1:0] are zero.</summary>
    public static readonly WalkClause HgatpRoot = Make("gstage.hgatp.root", Defines, OfHgatp, HgatpRegister, "hgatp_ppn_op");

    /// <summary>VMID keeps its low bits, as many as are implemented.</summary>
    public static readonly WalkClause HgatpVmid = Make("gstage.hgatp.vmid", Defines, OfHgatp, HgatpRegister, "hgatp_vmid_lsbs");

    // What the VS-stage begins with.

    /// <summary>With vsatp Bare the virtual address is the guest physical address.</summary>
    public static readonly WalkClause VsBare = Make("walk.vs.bare", Defines, InVsStage, TwoStage, "H_vm_twostage");

    /// <summary>On RV64 the bits above the virtual address repeat its highest bit.</summary>
    public static readonly WalkClause VsCanonical = Make("walk.vs.canonical", PageFault, InVsStage, Addressing, "Sv39_va_signext");

    // What the G-stage begins with.

    /// <summary>With hgatp Bare the guest physical address is the supervisor physical address.</summary>
    public static readonly WalkClause GBare = Make("gstage.bare", Defines, InGStage, GuestPhysical, "hgatp_mode_bare_trans");

    /// <summary>Bits above the mode's width are zero.</summary>
    public static readonly WalkClause GWidth = Make("gstage.width", PageFault, InGStage, GuestPhysical, "hgatp_mode_sv39x4");

    /// <summary>The root is indexed by two bits more.</summary>
    public static readonly WalkClause GRoot = Make("gstage.root", Defines, InGStage, GuestPhysical, "hgatp_mode_x4");

    // Step 2: reading an entry.

    /// <summary>PMP and PMA let the entry be read.</summary>
    public static readonly WalkClause EntryRead = Make("walk.entry.read", AccessFault, InBothStages, Algorithm + ", step 2", null);

    // Step 3: entries that are not valid.

    public static readonly WalkClause EntryValid = Make("walk.entry.valid", PageFault, InBothStages, Algorithm + ", step 3", null);

    public static readonly WalkClause EntryWriteOnly = Make("walk.entry.write-only", PageFault, InBothStages, Algorithm + ", step 3", null);

    /// <summary>Bits 60:54.</summary>
    public static readonly WalkClause EntryReserved = Make("walk.entry.reserved", PageFault, InBothStages, Addressing, "Sv39_pte_future_rsv");

    /// <summary>With Svrsw60t59b bits 60:59 are software's.</summary>
    public static readonly WalkClause EntrySoftware = Make("walk.entry.software", Defines, InBothStages, "Svrsw60t59b", null);

    // Steps 3 and 4: pointers.

    public static readonly WalkClause PointerAttributes = Make("walk.pointer.attributes", PageFault, InBothStages, "supervisor, Sv32 addressing and memory protection", null);

    public static readonly WalkClause PointerPbmt = Make("walk.pointer.pbmt", PageFault, InBothStages, Svpbmt, "Svpbmt_nonleaf_pte_pbmt_must_be_zero");

    public static readonly WalkClause PointerNapot = Make("walk.pointer.napot", PageFault, InBothStages, Svnapot, null);

    public static readonly WalkClause PointerLast = Make("walk.pointer.last-level", PageFault, InBothStages, Algorithm + ", step 4", null);

    // Steps 3 and 5: leaves.

    public static readonly WalkClause GPbmtDisabled = Make("gstage.pbmt.disabled", PageFault, InGStage, Svpbmt, null);

    public static readonly WalkClause VsPbmtDisabled = Make("walk.vs.pbmt.disabled", PageFault, InVsStage, Envcfg, "henvcfg_pbmte_op");

    public static readonly WalkClause LeafPbmt = Make("walk.leaf.pbmt", PageFault, InBothStages, Svpbmt, "Svpbmt_leaf_pte_pbmt_reserved_3_fault");

    public static readonly WalkClause NapotAbsent = Make("walk.napot.absent", PageFault, InBothStages, Addressing, "Sv39_pte_svnapot_rsv");

    public static readonly WalkClause NapotEncoding = Make("walk.napot.encoding", PageFault, InBothStages, Svnapot, "Svnapot_reserved_encoding_fault");

    public static readonly WalkClause LeafMisaligned = Make("walk.leaf.misaligned", PageFault, InBothStages, Algorithm + ", step 5", "Sv39_superpage_align_fault");

    // Step 6: the U bit.

    public static readonly WalkClause GUser = Make("gstage.user", PageFault, InGStage, GuestPhysical, "H_vm_gpapriv");

    public static readonly WalkClause VsSupervisorPage = Make("walk.vs.supervisor-page", PageFault, InVsStage, Algorithm + ", step 6", null);

    public static readonly WalkClause VsUserFetch = Make("walk.vs.user-page.fetch", PageFault, InVsStage, Algorithm + ", step 6", null);

    public static readonly WalkClause VsUserPage = Make("walk.vs.user-page.sum", PageFault, InVsStage, Sstatus, "sstatus_sum");

    // Steps 7 and 8: R, W and X.

    public static readonly WalkClause LeafFetch = Make("walk.leaf.fetch", PageFault, InBothStages, Algorithm + ", step 8", "fetch_page_fault_no_x");

    public static readonly WalkClause LeafStore = Make("walk.leaf.store", PageFault, InBothStages, Algorithm + ", step 8", "store_page_fault_no_w");

    public static readonly WalkClause LeafHlvx = Make("walk.leaf.hlvx", PageFault, InBothStages, LoadsAndStores, "hlsv_op");

    /// <summary>sstatus.MXR of HS makes executable pages readable.</summary>
    public static readonly WalkClause GMxr = Make("gstage.mxr", Defines, InGStage, TwoStage, "sstatus_mxr_vm");

    /// <summary>MXR is for explicit loads alone.</summary>
    public static readonly WalkClause GMxrImplicit = Make("gstage.mxr.implicit", Defines, InGStage, TwoStage, "vsstatus_mxr_vm");

    /// <summary>MXR of HS or of VS makes executable pages readable.</summary>
    public static readonly WalkClause VsMxr = Make("walk.vs.mxr", Defines, InVsStage, TwoStage, "vsstatus_mxr_vm");

    public static readonly WalkClause LeafLoad = Make("walk.leaf.load", PageFault, InBothStages, Algorithm + ", step 8", "load_page_fault_no_r");

    // Step 9: A and D.

    public static readonly WalkClause AccessedClear = Make("walk.accessed.clear", Defines, InBothStages, Algorithm + ", step 9", null);

    public static readonly WalkClause DirtyClear = Make("walk.dirty.clear", Defines, InBothStages, Algorithm + ", step 9", null);

    public static readonly WalkClause GUpdate = Make("gstage.update.software", PageFault, InGStage, "Svadu", "Svadu_disabled_hw_update_falls_back_to_svade");

    public static readonly WalkClause VsUpdate = Make("walk.vs.update.software", PageFault, InVsStage, Envcfg, "henvcfg_adue_op");

    /// <summary>Setting A or D in a VS-stage entry is a store through the G-stage.</summary>
    public static readonly WalkClause VsUpdateStore = Make("walk.vs.update.store", Defines, InVsStage, GuestPhysical, "H_vm_gpapriv");

    public static readonly WalkClause EntryWrite = Make("walk.entry.write", AccessFault, InBothStages, Algorithm + ", step 9", null);

    public static readonly WalkClause EntryChanged = Make("walk.entry.changed", Defines, InBothStages, Algorithm + ", step 9", null);

    // Step 10: the address.

    public static readonly WalkClause LeafSuperpage = Make("walk.leaf.superpage", Defines, InBothStages, Algorithm + ", step 10", null);

    public static readonly WalkClause LeafNapot = Make("walk.leaf.napot", Defines, InBothStages, Svnapot, "Svnapot_implicit_read_ppn_subst");

    // What is done with it.

    public static readonly WalkClause FinalAccess = Make("walk.final.access", AccessFault, OfAccess, TwoStage, "H_pmp");

    public static readonly WalkClause FinalHlvx = Make("walk.final.hlvx", AccessFault, OfAccess, LoadsAndStores, "hlsv_op");

    public static readonly WalkClause GMemoryType = Make("gstage.pbmt.type", Defines, OfAccess, Svpbmt, "Svpbmt_hgatp_stage_override_rule");

    public static readonly WalkClause VsMemoryType = Make("walk.vs.pbmt.type", Defines, OfAccess, Svpbmt, "Svpbmt_vsatp_stage_override_rule");

    // What a trap says.

    public static readonly WalkClause CauseGuest = Make("walk.cause.guest-page", Defines, OfTraps, GuestPageFaults, "H_guest_page_fault");

    public static readonly WalkClause CauseOriginal = Make("walk.cause.original", Defines, OfTraps, GuestPhysical, "H_vm_gpapriv");

    public static readonly WalkClause CauseHlvx = Make("walk.cause.hlvx", Defines, OfTraps, LoadsAndStores, "hlsv_op");

    public static readonly WalkClause TrapGpa = Make("walk.htval.gpa", Defines, OfTraps, GuestPageFaults, "mtval2_htval_virtaddr");

    public static readonly WalkClause TrapTableGpa = Make("walk.htval.table", Defines, OfTraps, "hypervisor, htval register", "htval_trapval");

    public static readonly WalkClause TrapPseudo = Make("walk.htinst.pseudo", Defines, OfTraps, TrapInstruction, "H_trap_xtinst_guestpage");

    public static readonly WalkClause TrapPseudoWrite = Make("walk.htinst.write", Defines, OfTraps, TrapInstruction, "H_trap_xtinst_guestpage_rw");

    /// <summary>All clauses, each at its index.</summary>
    public static ImmutableArray<WalkClause> All { get; } = [.. Made];

    /// <summary>The clause of that id, or <c>null</c>.</summary>
    public static WalkClause? Find(string id) => All.FirstOrDefault(c => c.Id == id);

    private static WalkClause Make(string id, ClauseEffect effect, string where, string section, string? tag)
    {
        WalkClause clause = new() { Index = Made.Count, Id = id, Effect = effect, Where = where, Section = section, Tag = tag };
        Made.Add(clause);
        return clause;
    }
}
