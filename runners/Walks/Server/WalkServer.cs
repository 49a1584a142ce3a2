using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// A machine's page-table walkers behind a bare-metal program: cases are written into the memory that the machine has for
/// RAM, and answers read from there.
/// </summary>
internal sealed unsafe class WalkServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string directory;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* memory;
    private readonly IWalkMachine machine;
    private readonly Batch[] batches = [Batch.Empty, Batch.Empty];
    private uint started;
    private uint finished;

    /// <summary>Builds the program and starts the machine, which is disposed of with the server.</summary>
    /// <exception cref="TargetException">The program cannot be built, or the machine does not start.</exception>
    public WalkServer(IWalkMachine machine)
    {
        this.machine = machine;
        directory = Directory.CreateTempSubdirectory("kvmspec-walker-").FullName;
        try
        {
            byte[] program = machine.Build(directory);
            string ram = Path.Combine(directory, "ram");
            file = MemoryMappedFile.CreateFromFile(ram, FileMode.CreateNew, null, ServerLayout.MemorySize);
            view = file.CreateViewAccessor();
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
            program.CopyTo(new Span<byte>(memory, program.Length));
            FillData();
            machine.Start(ram);
            Await(ServerLayout.ControlReady, n => n == ServerLayout.Ready, "the walk server does not start");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whose walkers answer.</summary>
    public SecondOpinion Opinion => machine.Opinion;

    /// <summary>Hands over a batch, which runs when the one before it has; there may be two that were not waited for.</summary>
    /// <param name="cases">At most <see cref="ServerLayout.BatchSize"/>.</param>
    /// <param name="watched">Where each store is expected to arrive.</param>
    public void Submit(IReadOnlyList<WalkCase> cases, IReadOnlyList<Spa?> watched)
    {
        uint number = started + 1;
        uint batch = number & 1;
        ulong at = BatchAt(batch);
        batches[batch] = Batch.Of(cases);
        for (int i = 0; i < cases.Count; i++)
        {
            Write(Place(at, batches[batch], i), cases[i], watched[i]);
        }

        Begin(number, (uint)cases.Count, at);
    }

    /// <summary>Waits for the oldest batch that was handed over; returns its answers.</summary>
    /// <exception cref="TargetException">The machine stopped answering.</exception>
    public WalkAnswer[] Wait()
    {
        uint batch = ++finished & 1;
        Await(ServerLayout.ControlDone, n => (int)(n - finished) >= 0, "the walk server stopped answering");
        ulong at = BatchAt(batch);
        Batch of = batches[batch];
        WalkAnswer[] answers = new WalkAnswer[of.Cases.Count];
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = Read(Place(at, of, i), of.Cases[i]);
        }

        return answers;
    }

    /// <summary>Answers one batch.</summary>
    public WalkAnswer[] Run(IReadOnlyList<WalkCase> cases, IReadOnlyList<Spa?> watched)
    {
        Submit(cases, watched);
        return Wait();
    }

    /// <summary>Loads from many addresses, one after the other, each through a walk or a translation that was kept.</summary>
    /// <param name="registers">With which registers.</param>
    /// <param name="words">The tables, which are taken away afterwards.</param>
    /// <param name="addresses">As many as fit between the batches and the tables.</param>
    public void Many(WalkRegisters registers, IReadOnlyCollection<KeyValuePair<ulong, ulong>> words, ReadOnlySpan<ulong> addresses)
    {
        foreach ((ulong address, ulong word) in words)
        {
            *(ulong*)Bytes(address) = word;
        }

        addresses.CopyTo(new Span<ulong>(Bytes(ServerLayout.List), addresses.Length));
        uint number = started + 1;
        ulong at = BatchAt(number & 1);
        byte* there = Bytes(at);
        Write(there, new WalkCase { Registers = registers, Access = new Access(new Gva(ServerLayout.List), AccessKind.Load), Words = new Dictionary<ulong, ulong>() }, null);
        Put(there, ServerLayout.CaseOperation, ServerLayout.OperationMany);
        Put(there, ServerLayout.CaseStore, (ulong)addresses.Length);
        Begin(number, 1, at);
        finished++;
        Await(ServerLayout.ControlDone, n => n == number, "the walk server stopped answering");
        foreach ((ulong address, _) in words)
        {
            *(ulong*)Bytes(address) = 0;
        }

        if (Get(there, ServerLayout.CaseCause) is not 0 and ulong cause)
        {
            throw new TargetException($"the walk server could not load from 0x{Get(there, ServerLayout.CaseTval):x}: cause {cause}");
        }
    }

    /// <summary>True where every word of the pool of pages is what it was made: no store went astray.</summary>
    public bool DataIsIntact() => Pool.SequenceEqual(Made.Value);

    /// <summary>Writes every word of the pool of pages.</summary>
    public void FillData() => Made.Value.CopyTo(Pool);

    /// <summary>The words of the pool of pages as they are made.</summary>
    private static Lazy<ulong[]> Made { get; } = new(() =>
    {
        ulong[] words = new ulong[WalkArena.PoolSize / sizeof(ulong)];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = ServerLayout.DataUnit(new Spa(WalkArena.Data.Value + ((ulong)i * sizeof(ulong))));
        }

        return words;
    });

    private Span<ulong> Pool => new(memory + (WalkArena.Data.Value - ServerLayout.MemoryFrom), (int)(WalkArena.PoolSize / sizeof(ulong)));

    /// <inheritdoc/>
    public void Dispose()
    {
        machine.Dispose();
        if (memory is not null)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view?.Dispose();
        file?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private void Await(int word, Func<uint, bool> until, string otherwise)
    {
        Stopwatch waiting = Stopwatch.StartNew();
        SpinWait spin = default;
        while (!until(Volatile.Read(ref Word(word))))
        {
            spin.SpinOnce(sleep1Threshold: 200);
            if (machine.Ended is { } ended)
            {
                throw new TargetException($"{otherwise}: {ended}");
            }

            if (waiting.Elapsed > Patience)
            {
                throw new TargetException($"{otherwise}: the machine runs, but the program says nothing");
            }
        }
    }

    /// <summary>Writes a case as the program reads it.</summary>
    internal static void Write(byte* at, WalkCase walk, Spa? watched)
    {
        WalkRegisters registers = walk.Registers;
        new Span<byte>(at, ServerLayout.CasePatch).Clear();
        Put(at, ServerLayout.CaseHgatp, registers.Hgatp.Word);
        Put(at, ServerLayout.CaseVsatp, Satp.Word(registers.VsMode, registers.VsPpn));
        Put(at, ServerLayout.CaseAddress, walk.Access.Address.Value);
        Put(at, ServerLayout.CaseOperation, walk.Access switch
        {
            { Hlvx: true } => ServerLayout.OperationExecuteLoad,
            { Kind: AccessKind.Fetch } => ServerLayout.OperationFetch,
            { Kind: AccessKind.Store } => ServerLayout.OperationStore,
            _ => (ulong)ServerLayout.OperationLoad,
        });
        Put(at, ServerLayout.CasePrivilege, walk.Access.Privilege == GuestPrivilege.Vs ? 1UL : 0);
        Put(at, ServerLayout.CaseMstatus, registers.SstatusMxr ? StatusBits.Mxr : 0);
        Put(at, ServerLayout.CaseVsstatus, (registers.VsstatusMxr ? StatusBits.Mxr : 0) | (registers.VsstatusSum ? StatusBits.Sum : 0));
        Put(at, ServerLayout.CaseMenvcfg, (registers.MenvcfgPbmte ? StatusBits.Pbmte : 0) | (registers.MenvcfgAdue ? StatusBits.Adue : 0));
        Put(at, ServerLayout.CaseHenvcfg, (registers.HenvcfgPbmte ? StatusBits.Pbmte : 0) | (registers.HenvcfgAdue ? StatusBits.Adue : 0));
        Put(at, ServerLayout.CaseWatch, watched?.Value ?? 0);
        Put(at, ServerLayout.CaseStore, WalkAnswer.StoredBy(walk));
        Put(at, ServerLayout.CasePatches, (ulong)walk.Words.Count);
        int patch = ServerLayout.CasePatch;
        foreach ((ulong address, ulong word) in walk.Words)
        {
            Put(at, patch, address);
            Put(at, patch + 8, word);
            Put(at, patch + 16, 0);
            patch += ServerLayout.PatchSize;
        }
    }

    /// <summary>Reads what the program answered.</summary>
    internal static WalkAnswer Read(byte* at, WalkCase walk)
    {
        ulong[] after = new ulong[walk.Words.Count];
        for (int i = 0; i < after.Length; i++)
        {
            after[i] = Get(at, ServerLayout.CasePatch + (i * ServerLayout.PatchSize) + 16);
        }

        ulong cause = Get(at, ServerLayout.CaseCause);
        ulong value = Get(at, ServerLayout.CaseValue);
        ulong call = walk.Access.Privilege == GuestPrivilege.Vs ? 10UL : 8;
        if (cause == call && walk.Access.Kind == AccessKind.Fetch)
        {
            // lui sign-extends; places are small enough for the sign to be clear on RV32, and to be read as 32 bits on RV64.
            return new WalkAnswer(0, 0, 0, 0, value & uint.MaxValue, after);
        }

        if (cause == 0)
        {
            return new WalkAnswer(0, 0, 0, 0, walk.Access.Kind == AccessKind.Store ? Get(at, ServerLayout.CaseWatched) : value, after);
        }

        ulong instruction = Get(at, ServerLayout.CaseTinst);
        bool pseudo = (instruction & ~(ulong)Walker.PseudoWrite) is Walker.PseudoRead32 or Walker.PseudoRead64;
        return new WalkAnswer(cause, Get(at, ServerLayout.CaseTval), Get(at, ServerLayout.CaseTval2), pseudo ? instruction : 0, 0, after);
    }

    private byte* Place(ulong at, Batch batch, int number) => Bytes(at + ((ulong)batch.Places[number] * ServerLayout.CaseSize));

    private static ulong BatchAt(uint batch) => ServerLayout.Batches + (batch * (ulong)ServerLayout.BatchSize * ServerLayout.CaseSize);

    private void Begin(uint number, uint count, ulong at)
    {
        int batch = (int)(number & 1) * ServerLayout.ControlBatch;
        Word(ServerLayout.ControlCount + batch) = count;
        Word(ServerLayout.ControlCases + batch) = (uint)at;
        started = number;
        Volatile.Write(ref Word(ServerLayout.ControlGo), number);
    }

    private static void Put(byte* at, int offset, ulong word) => *(ulong*)(at + offset) = word;

    private static ulong Get(byte* at, int offset) => *(ulong*)(at + offset);

    private byte* Bytes(ulong address) => memory + (address - ServerLayout.MemoryFrom);

    private ref uint Word(int offset) => ref *(uint*)(Bytes(ServerLayout.Control) + offset);

    /// <summary>Cases that are handed over at once.</summary>
    /// <param name="Cases">The cases.</param>
    /// <param name="Places">Where each is in memory, counted in cases.</param>
    private sealed record Batch(IReadOnlyList<WalkCase> Cases, int[] Places)
    {
        public static Batch Empty { get; } = new([], []);

        /// <summary>Cases with the same settings follow each other: the program writes only registers that change.</summary>
        public static Batch Of(IReadOnlyList<WalkCase> cases)
        {
            int[] settings = [.. cases.Select(c => Settings(c))];
            int[] order = [.. Enumerable.Range(0, cases.Count)];
            Array.Sort(settings, order);
            int[] places = new int[order.Length];
            for (int i = 0; i < order.Length; i++)
            {
                places[order[i]] = i;
            }

            return new Batch(cases, places);
        }

        private static int Settings(WalkCase walk)
        {
            WalkRegisters registers = walk.Registers;
            ReadOnlySpan<bool> bits =
            [
                registers.MenvcfgAdue, registers.MenvcfgPbmte, registers.HenvcfgAdue, registers.HenvcfgPbmte, registers.SstatusMxr, registers.VsstatusMxr,
                registers.VsstatusSum, walk.Access.Privilege == GuestPrivilege.Vs, registers.VsMode.IsBare,
            ];
            int settings = 0;
            foreach (bool bit in bits)
            {
                settings = (settings << 1) | (bit ? 1 : 0);
            }

            return settings;
        }
    }
}
