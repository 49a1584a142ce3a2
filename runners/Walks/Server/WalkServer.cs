using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using KvmSpec.Model.Riscv.Walks;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Walks.Server;

/// <summary>
/// QEMU's page-table walkers behind a bare-metal program: cases are written into the memory that the machine has for RAM,
/// and answers read from there.
/// </summary>
internal sealed unsafe class WalkServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string directory;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* memory;
    private readonly Process machine;
    private readonly IReadOnlyList<WalkCase>[] batches = [[], []];
    private readonly Xlen xlen;
    private uint started;
    private uint finished;

    /// <summary>Builds the program and starts the machine.</summary>
    /// <exception cref="TargetException">QEMU or the cross compiler is missing, or the machine does not start.</exception>
    public WalkServer(Xlen xlen)
    {
        this.xlen = xlen;
        string qemu = NameOf(xlen);
        Version = ReadVersion(qemu);
        directory = Directory.CreateTempSubdirectory("kvmspec-walker-").FullName;
        try
        {
            byte[] program = ServerProgram.Build(xlen, directory);
            string ram = Path.Combine(directory, "ram");
            file = MemoryMappedFile.CreateFromFile(ram, FileMode.CreateNew, null, ServerLayout.MemorySize);
            view = file.CreateViewAccessor();
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref memory);
            program.CopyTo(new Span<byte>(memory, program.Length));
            FillData();
            machine = Start(qemu, ram);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>QEMU's version, such as 10.0.2.</summary>
    public Version Version { get; }

    /// <summary>How many cases are in flight at most: hand over two batches, then take one for each that is handed over.</summary>
    public const int InFlight = 2;

    /// <summary>Hands over a batch; it runs when those before it have.</summary>
    /// <param name="cases">At most <see cref="ServerLayout.BatchSize"/>.</param>
    /// <param name="watched">Where the model expects each store to arrive.</param>
    public void Submit(IReadOnlyList<WalkCase> cases, IReadOnlyList<Spa?> watched)
    {
        uint batch = started & 1;
        ulong at = ServerLayout.Batches + (batch * (ulong)ServerLayout.BatchSize * ServerLayout.CaseSize);
        for (int i = 0; i < cases.Count; i++)
        {
            Write(Bytes(at + ((ulong)i * ServerLayout.CaseSize)), cases[i], watched[i]);
        }

        batches[batch] = cases;
        started++;
    }

    /// <summary>Starts the oldest batch that was handed over and not yet started.</summary>
    public void Go()
    {
        uint number = finished + 1;
        uint batch = (number - 1) & 1;
        Word(ServerLayout.ControlCount) = (uint)batches[batch].Count;
        Word(ServerLayout.ControlCases) = (uint)(ServerLayout.Batches + (batch * (ulong)ServerLayout.BatchSize * ServerLayout.CaseSize));
        Volatile.Write(ref Word(ServerLayout.ControlGo), number);
    }

    /// <summary>Waits for the batch that was started; returns its answers.</summary>
    /// <exception cref="TargetException">The machine stopped answering.</exception>
    public WalkAnswer[] Wait()
    {
        uint number = finished + 1;
        Await(ServerLayout.ControlDone, number);
        finished = number;
        uint batch = (number - 1) & 1;
        ulong at = ServerLayout.Batches + (batch * (ulong)ServerLayout.BatchSize * ServerLayout.CaseSize);
        WalkAnswer[] answers = new WalkAnswer[batches[batch].Count];
        for (int i = 0; i < answers.Length; i++)
        {
            answers[i] = Read(Bytes(at + ((ulong)i * ServerLayout.CaseSize)), batches[batch][i]);
        }

        return answers;
    }

    /// <summary>Answers one batch.</summary>
    public WalkAnswer[] Run(IReadOnlyList<WalkCase> cases, IReadOnlyList<Spa?> watched)
    {
        Submit(cases, watched);
        Go();
        return Wait();
    }

    /// <summary>True where every word of the pool of pages is what it was made: no store went astray.</summary>
    public bool DataIsIntact()
    {
        Span<ulong> data = new(memory + (WalkArena.Data.Value - ServerLayout.MemoryFrom), (int)(WalkArena.PoolSize / sizeof(ulong)));
        for (int i = 0; i < data.Length; i++)
        {
            if (data[i] != ServerLayout.DataUnit(new Spa(WalkArena.Data.Value + ((ulong)i * sizeof(ulong)))))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes every word of the pool of pages.</summary>
    public void FillData()
    {
        for (ulong at = WalkArena.Data.Value; at < WalkArena.Data.Value + WalkArena.PoolSize; at += sizeof(ulong))
        {
            *(ulong*)(memory + (at - ServerLayout.MemoryFrom)) = ServerLayout.DataUnit(new Spa(at));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (machine is not null)
        {
            if (!machine.HasExited)
            {
                machine.Kill();
                machine.WaitForExit();
            }

            machine.Dispose();
        }

        if (memory is not null)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view?.Dispose();
        file?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>The version of the QEMU that is installed.</summary>
    /// <exception cref="TargetException">None is.</exception>
    public static Version InstalledVersion(Xlen xlen) => ReadVersion(NameOf(xlen));

    private static string NameOf(Xlen xlen) => xlen == Xlen.Rv32 ? "qemu-system-riscv32" : "qemu-system-riscv64";

    private static Version ReadVersion(string qemu)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(qemu, "--version") { RedirectStandardOutput = true })!;
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            string number = text.Split(' ', '\n').FirstOrDefault(w => w.Length > 0 && char.IsAsciiDigit(w[0])) ?? "";
            return Version.TryParse(number, out Version? version) ? version : new Version(0, 0);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new TargetException($"{qemu} is missing: install the package qemu-system-riscv (Debian 13), or qemu-system-misc (before it)");
        }
    }

    private Process Start(string qemu, string ram)
    {
        string cpu = xlen == Xlen.Rv32 ? "rv32,h=true,svadu=true" : "rv64,h=true,sv57=true,svnapot=true,svpbmt=true,svadu=true";
        string megabytes = $"{ServerLayout.MemorySize >> 20}M";
        ProcessStartInfo start = new(qemu,
        [
            "-M", "virt,memory-backend=ram", "-m", megabytes, "-object", $"memory-backend-file,id=ram,size={megabytes},mem-path={ram},share=on",
            "-cpu", cpu, "-accel", "tcg,thread=single", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "none", "-nodefaults",
        ])
        { RedirectStandardError = true, RedirectStandardOutput = true };
        Process process = Process.Start(start)!;
        Stopwatch waiting = Stopwatch.StartNew();
        while (Volatile.Read(ref Word(ServerLayout.ControlReady)) != ServerLayout.Ready)
        {
            if (process.HasExited || waiting.Elapsed > Patience)
            {
                string said = process.HasExited ? process.StandardError.ReadToEnd().Split('\n')[0] : "it runs, but the program does not";
                process.Kill();
                process.Dispose();
                throw new TargetException($"{qemu} {Version} does not start the walk server: {said}");
            }

            Thread.Sleep(1);
        }

        return process;
    }

    private void Await(int word, uint value)
    {
        Stopwatch waiting = Stopwatch.StartNew();
        SpinWait spin = default;
        while (Volatile.Read(ref Word(word)) != value)
        {
            spin.SpinOnce(sleep1Threshold: 200);
            if (machine.HasExited || waiting.Elapsed > Patience)
            {
                throw new TargetException($"the walk server stopped answering: {(machine.HasExited ? $"QEMU ended with status {machine.ExitCode}" : "the program hangs")}");
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

    private static void Put(byte* at, int offset, ulong word) => *(ulong*)(at + offset) = word;

    private static ulong Get(byte* at, int offset) => *(ulong*)(at + offset);

    private byte* Bytes(ulong address) => memory + (address - ServerLayout.MemoryFrom);

    private ref uint Word(int offset) => ref *(uint*)(Bytes(ServerLayout.Control) + offset);
}
