using System.Security.Cryptography;
using System.Text;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// The state of a guest whose agent waits for its first sequence, kept so that the next start takes a fraction of a second.
/// A guest that does not go on from it starts as if there were none.
/// </summary>
internal sealed class Snapshots
{
    private const int PollMilliseconds = 20;

    private readonly string prefix;
    private readonly string file;
    private bool works;

    /// <param name="name">What tells guests with other machines or releases apart.</param>
    /// <param name="works">False where the guest is known not to go on.</param>
    /// <param name="state">All that the state depends on.</param>
    public Snapshots(string name, bool works, params string[] state)
    {
        this.works = works;
        prefix = Path.Combine(GuestCache.Root, "snapshots", name);
        byte[] sum = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', state)));
        file = $"{prefix}-{Convert.ToHexStringLower(sum)[..16]}";
    }

    /// <summary>QEMU's arguments that start from the snapshot; <c>null</c> where there is none.</summary>
    public string[]? Arguments => works && File.Exists(file) ? ["-incoming", "file:" + file] : null;

    /// <summary>Takes a snapshot of a guest, which stands still afterwards.</summary>
    /// <returns>False where that does not work; the guest may have ended.</returns>
    public bool Take(Qemu qemu)
    {
        if (!works)
        {
            return false;
        }

        string partial = $"{file}.{Environment.ProcessId}.partial";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using Qmp monitor = qemu.OpenMonitor();
            monitor.Do("migrate-set-parameters", new Dictionary<string, long> { ["max-bandwidth"] = 1L << 40 });
            monitor.Do("migrate", new { uri = "file:" + partial });
            string? status;
            while ((status = monitor.Do("query-migrate").GetProperty("status").GetString()) is not ("completed" or "failed"))
            {
                Thread.Sleep(PollMilliseconds);
            }

            if (status == "completed")
            {
                foreach (string old in Directory.GetFiles(Path.GetDirectoryName(file)!, Path.GetFileName(prefix) + "-????????????????"))
                {
                    File.Delete(old);
                }

                File.Move(partial, file, overwrite: true);
                return true;
            }
        }
        catch (Exception e) when (e is TargetException or IOException or KeyNotFoundException)
        {
        }
        finally
        {
            File.Delete(partial);
        }

        works = false;
        return false;
    }

    /// <summary>Forgets the snapshot: a guest did not go on from it.</summary>
    public void Forget()
    {
        works = false;
        File.Delete(file);
    }
}
