using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Runners.Guests;

namespace KvmSpec.Runners.Targets;

/// <summary>
/// A kernel in a QEMU guest. A guest that dies or hangs is a finding: a fresh one makes the sequence again, call by call, to
/// tell which call it was, and the run goes on.
/// </summary>
public sealed class GuestTarget : ITarget, IPrints, IPretends
{
    private const int LinesKept = 12;

    /// <summary>Written by the agent, so that a warning the kernel prints once comes again.</summary>
    private const string ClearWarnOnce = "/sys/kernel/debug/clear_warn_once";

    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(60);

    private readonly GuestStarter starter;
    private readonly bool warnsAgain;
    private GuestRun? run;

    private GuestTarget(string name, GuestStarter starter)
    {
        Name = name;
        this.starter = starter;
        run = starter.Start();
        try
        {
            Host = Checked(starter, run, AgentTarget.Probe(name, run.Connection, ProbeLimit, (calls, observed) => run.Connection.Execute(calls, observed, 0)));
            warnsAgain = run.Connection.Read(ClearWarnOnce) is not null;
        }
        catch (AgentLostException lost)
        {
            string[] words = LastWords(run);
            Dispose();
            throw new TargetException($"target {name}: {lost.Message} while it was asked what it can do; the console's last lines: {string.Join(" | ", words.TakeLast(3))}");
        }
        catch (TargetException missing) when (missing.Message.StartsWith(LocalTarget.Device, StringComparison.Ordinal))
        {
            IEnumerable<string> said = KernelLog.Lines(run.Qemu.Console).Where(l => l.StartsWith("kvmspec-agent: ", StringComparison.Ordinal));
            Dispose();
            throw new TargetException($"target {name}: no VM can be made there; the kernel needs CONFIG_KVM built in, or its modules with --modules DIR; {string.Join(" | ", said.Prepend(missing.Message.Split(';')[0]))}");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public Host Host { get; }

    public IReadOnlyList<string> Printed { get; private set; } = [];

    public IReadOnlyList<(string Clause, string Reason)> CannotShow => starter.Module?.CannotShow ?? [];

    /// <summary>Starts a guest.</summary>
    /// <param name="name">NAME or NAME@RELEASE.</param>
    /// <param name="image">A kernel of the user's own, or <c>null</c>.</param>
    /// <param name="modules">The directory with its modules, or <c>null</c>.</param>
    /// <exception cref="TargetException">It cannot be started.</exception>
    public static GuestTarget Start(string name, string? image = null, string? modules = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new GuestTarget($"guest:{name}{(image is null ? "" : $" --kernel {image}")}", GuestStarter.Of(name, image, modules));
    }

    public void Execute(ReadOnlySpan<Call> calls, Span<Observation> observed)
    {
        GuestRun current = run ??= starter.Start();
        try
        {
            current.Connection.Execute(calls, observed, Host.VcpuMapSize);
        }
        catch (AgentLostException lost)
        {
            Printed = LastWords(current);
            End();
            MakeByCall(calls, observed, lost);
            return;
        }

        if (Warned(observed[..calls.Length]))
        {
            string log = current.Connection.Log;
            Printed = [.. KernelLog.Fault(log).Take(LinesKept)];
            if (!warnsAgain || !KernelLog.IsSurvived(log))
            {
                End();
            }
        }
    }

    public void Dispose() => End();

    /// <summary>
    /// Makes a sequence that killed a guest on a fresh one. Where that one survives, the last call bears the finding: the
    /// guest died making this sequence, of which call is not known.
    /// </summary>
    private void MakeByCall(ReadOnlySpan<Call> calls, Span<Observation> observed, AgentLostException first)
    {
        GuestRun fresh = starter.Start();
        int made = 0;
        try
        {
            fresh.Connection.ExecuteStepwise(calls, observed, Host.VcpuMapSize, out made);
            made = calls.Length - 1;
            observed[made].Ending = EndingOf(first);
            Printed = ["(the guest was lost with this sequence, and not when a fresh one made it call by call)", .. Printed];
        }
        catch (AgentLostException lost)
        {
            Printed = LastWords(fresh);
            made = Math.Min(made, calls.Length - 1);
            observed[made] = new Observation { After = calls[made].Words, Ending = EndingOf(lost) };
        }
        finally
        {
            fresh.Dispose();
        }

        for (int i = made + 1; i < calls.Length; i++)
        {
            observed[i] = new Observation { After = calls[i].Words, Ending = Ending.NotMade };
        }
    }

    /// <summary>The host, once it is what the guest's module is to make of it.</summary>
    private static Host Checked(GuestStarter starter, GuestRun run, Host host)
    {
        if (starter.Module is { } module && !Arm64Host.Of(host).Vgics.HasFlag(module.Loaded))
        {
            IEnumerable<string> said = KernelLog.Lines(run.Qemu.Console).Where(l => l.Contains(module.Name, StringComparison.Ordinal));
            throw new TargetException($"target {host.Name}: its kernel does not take the module {module.Name}: {string.Join(" | ", said)}");
        }

        return host;
    }

    private void End()
    {
        if (run is { } current)
        {
            run = null;
            current.Dispose();
        }
    }

    private static string[] LastWords(GuestRun current)
    {
        current.Qemu.Drain();
        string console = current.Qemu.Console;
        string[] fault = [.. KernelLog.Fault(console).Take(LinesKept)];
        return fault.Length > 0 ? fault : [.. KernelLog.Lines(console).TakeLast(LinesKept)];
    }

    private static bool Warned(Span<Observation> observed)
    {
        foreach (ref readonly Observation one in observed)
        {
            if (one.Ending == Ending.Warned)
            {
                return true;
            }
        }

        return false;
    }

    private static Ending EndingOf(AgentLostException lost) => lost.TimedOut ? Ending.Hung : Ending.Crashed;
}
