using System.IO.MemoryMappedFiles;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Walks.Server;

namespace KvmSpec.Properties.Walks;

/// <summary>
/// A machine in the place of QEMU: does what walker.S does, in the same shared memory, with the model for its hardware. It
/// may lack clauses. It works while it is waited for, so that no thread spins.
/// </summary>
/// <param name="xlen">Its width.</param>
/// <param name="without">The clauses that it does not ask.</param>
internal sealed class FakeWalkMachine(Xlen xlen, WalkClauseSet without = default) : IWalkMachine
{
    private readonly int wordBytes = xlen == Xlen.Rv32 ? sizeof(uint) : sizeof(ulong);
    private readonly string? ended;
    private MemoryMappedFile? file;
    private MemoryMappedViewAccessor? view;
    private uint batch;

    public SecondOpinion Opinion { get; } = SecondOpinion.OfQemu(new Version(1, 2, 3));

    /// <summary>Why it does not even start; <c>null</c> where it does. Whoever waits for it asks: that is when it works.</summary>
    public string? Ended
    {
        get
        {
            if (ended is null)
            {
                Serve();
            }

            return ended;
        }

        init => ended = value;
    }

    public byte[] Build(string directory) => [];

    public void Start(string ram)
    {
        file = MemoryMappedFile.CreateFromFile(File.Open(ram, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor();
        if (ended is null)
        {
            view.Write(Control + ServerLayout.ControlReady, ServerLayout.Ready);
        }
    }

    public void Dispose()
    {
        view?.Dispose();
        file?.Dispose();
    }

    private static long Control => (long)(ServerLayout.Control - ServerLayout.MemoryFrom);

    /// <summary>Makes the batches that were handed over and are not made.</summary>
    private void Serve()
    {
        while (view!.ReadUInt32(Control + ServerLayout.ControlGo) != batch)
        {
            batch++;
            long slot = Control + ((batch & 1) * ServerLayout.ControlBatch);
            uint count = view.ReadUInt32(slot + ServerLayout.ControlCount);
            long at = view.ReadUInt32(slot + ServerLayout.ControlCases) - (long)ServerLayout.MemoryFrom;
            for (uint i = 0; i < count; i++)
            {
                Make(new SharedMemory(view, wordBytes), at + (i * ServerLayout.CaseSize));
            }

            view.Write(Control + ServerLayout.ControlDone, batch);
        }
    }

    private void Make(SharedMemory memory, long at)
    {
        long patches = memory.Word(at + ServerLayout.CasePatches);
        for (long patch = 0; patch < patches; patch++)
        {
            long of = at + ServerLayout.CasePatch + (patch * ServerLayout.PatchSize);
            memory.Put((ulong)memory.Word(of), (ulong)memory.Word(of + 8), wordBytes);
        }

        Spa watch = new((ulong)memory.Word(at + ServerLayout.CaseWatch));
        ulong before = watch.Value == 0 ? 0 : memory.Get(watch.Value, wordBytes);
        long operation = memory.Word(at + ServerLayout.CaseOperation);
        Access access = AccessOf(memory, at, operation);
        WithoutClauses steps = new(without);
        WalkResult result = new Walker(Registers(memory, at)).Translate(access, ref memory, ref steps);
        (ulong cause, ulong value) = result.IsTrap ? ((ulong)result.Cause, 0) : Arrive(memory, access, result.Spa, (ulong)memory.Word(at + ServerLayout.CaseStore));
        memory.Put(at + ServerLayout.CaseCause, cause);
        memory.Put(at + ServerLayout.CaseTval, result.Tval.Value);
        memory.Put(at + ServerLayout.CaseTval2, result.Htval);
        memory.Put(at + ServerLayout.CaseTinst, result.Pseudo);
        memory.Put(at + ServerLayout.CaseValue, value);
        if (watch.Value != 0)
        {
            memory.Put(at + ServerLayout.CaseWatched, memory.Get(watch.Value, wordBytes));
            memory.Put(watch.Value, before, wordBytes);
        }

        for (long patch = 0; patch < patches; patch++)
        {
            long of = at + ServerLayout.CasePatch + (patch * ServerLayout.PatchSize);
            memory.Put(of + 16, memory.Get((ulong)memory.Word(of), wordBytes));
            memory.Put((ulong)memory.Word(of), 0, wordBytes);
        }
    }

    /// <summary>The access itself: the cause that ends it, 0 for none, and the value.</summary>
    private static (ulong Cause, ulong Value) Arrive(SharedMemory memory, Access access, Spa spa, ulong stored)
    {
        switch (access.Kind)
        {
            case AccessKind.Store:
                memory.Put(spa.Value, stored, access.Bytes);
                return (0, 0);
            case AccessKind.Fetch:
                const ulong ImmediateOfLui = 0xfffff000;
                return (access.Privilege == GuestPrivilege.Vs ? 10UL : 8, memory.Get(spa.Value, sizeof(uint)) & ImmediateOfLui);
            default:
                return (0, memory.Get(spa.Value, access.Bytes));
        }
    }

    private Access AccessOf(SharedMemory memory, long at, long operation)
    {
        GuestPrivilege privilege = memory.Word(at + ServerLayout.CasePrivilege) != 0 ? GuestPrivilege.Vs : GuestPrivilege.Vu;
        Gva address = new((ulong)memory.Word(at + ServerLayout.CaseAddress));
        return operation switch
        {
            ServerLayout.OperationStore => new Access(address, AccessKind.Store, privilege, Bytes: wordBytes),
            ServerLayout.OperationFetch => new Access(address, AccessKind.Fetch, privilege, Bytes: wordBytes),
            ServerLayout.OperationExecuteLoad => new Access(address, AccessKind.Load, privilege, Hlvx: true, Bytes: sizeof(uint)),
            _ => new Access(address, AccessKind.Load, privilege, Bytes: wordBytes),
        };
    }

    private WalkRegisters Registers(SharedMemory memory, long at)
    {
        bool Has(int register, ulong bit) => ((ulong)memory.Word(at + register) & bit) != 0;
        NoSteps nobody = default;
        (TranslationMode? vsMode, ulong vsPpn) = Satp.Read(xlen, (ulong)memory.Word(at + ServerLayout.CaseVsatp));
        return new WalkRegisters
        {
            Hgatp = Hgatp.Write(Hgatp.Reset(xlen), (ulong)memory.Word(at + ServerLayout.CaseHgatp), HgatpImplementation.Whole(xlen), ref nobody),
            VsMode = vsMode!,
            VsPpn = vsPpn,
            Extensions = WalkCheckRun.Extensions(xlen),
            SstatusMxr = Has(ServerLayout.CaseMstatus, StatusBits.Mxr),
            VsstatusMxr = Has(ServerLayout.CaseVsstatus, StatusBits.Mxr),
            VsstatusSum = Has(ServerLayout.CaseVsstatus, StatusBits.Sum),
            MenvcfgPbmte = Has(ServerLayout.CaseMenvcfg, StatusBits.Pbmte),
            MenvcfgAdue = Has(ServerLayout.CaseMenvcfg, StatusBits.Adue),
            HenvcfgPbmte = Has(ServerLayout.CaseHenvcfg, StatusBits.Pbmte),
            HenvcfgAdue = Has(ServerLayout.CaseHenvcfg, StatusBits.Adue),
        };
    }

    /// <summary>The RAM that both sides see.</summary>
    private readonly struct SharedMemory(MemoryMappedViewAccessor view, int wordBytes) : IPhysicalMemory
    {
        private static readonly SparseMemory Protection = new([], WalkArena.Ranges);

        public long Word(long at) => view.ReadInt64(at);

        public void Put(long at, ulong word) => view.Write(at, word);

        /// <summary>A word; 0 where a walk without all its clauses strays.</summary>
        public ulong Get(ulong address, int bytes) => IsThere(address) ? Of(bytes, (long)(address - ServerLayout.MemoryFrom)) : 0;

        /// <summary>Writes a word, but not where a walk without all its clauses strays.</summary>
        public void Put(ulong address, ulong word, int bytes)
        {
            if (!IsThere(address))
            {
                return;
            }

            long at = (long)(address - ServerLayout.MemoryFrom);
            if (bytes == sizeof(uint))
            {
                view.Write(at, (uint)word);
            }
            else
            {
                view.Write(at, word);
            }
        }

        public bool Allows(Spa address, int bytes, Permissions needed) => Protection.Allows(address, bytes, needed);

        public ulong Read(Spa address, int bytes) => Get(address.Value, wordBytes);

        public bool CompareAndSwap(Spa address, int bytes, ulong expected, ulong replacement)
        {
            Put(address.Value, replacement, wordBytes);
            return true;
        }

        private static bool IsThere(ulong address) => address >= WalkArena.Tables.Value && address <= WalkArena.Data.Value + WalkArena.PoolSize - sizeof(ulong);

        private ulong Of(int bytes, long at) => bytes == sizeof(uint) ? view.ReadUInt32(at) : view.ReadUInt64(at);
    }
}
