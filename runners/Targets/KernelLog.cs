namespace KvmSpec.Runners.Targets;

/// <summary>What a kernel prints, by /dev/kmsg's records or on its console.</summary>
internal static class KernelLog
{
    /// <summary>How kernels begin what they print where something is wrong in the kernel itself.</summary>
    private static readonly string[] Faults =
    [
        "WARNING: ", "BUG: ", "kernel BUG at", "Oops", "Internal error", "Kernel panic", "general protection fault", "double fault",
        "Unable to handle kernel", "UBSAN: ", "INFO: possible ", "INFO: task ", "INFO: rcu", "INFO: trying to register non-static key",
        "possible circular locking", "possible recursive locking", "possible irq lock", "inconsistent lock state", "suspicious RCU usage",
        "bad unlock balance", "still held when returning to user space", "refcount_t: ", "list_add corruption", "list_del corruption",
    ];

    /// <summary>Those after which the kernel works as before, but may not print them again.</summary>
    private static readonly string[] Survived = ["WARNING: CPU", "WARNING: at "];

    /// <summary>True where a text tells of a fault in the kernel.</summary>
    public static bool TellsOfAFault(string text) => Faults.Any(f => text.Contains(f, StringComparison.Ordinal));

    /// <summary>The lines of /dev/kmsg records, or of a console's output, without their numbers and times.</summary>
    public static IEnumerable<string> Lines(string text) => text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(l => l[0] != ' ')
        .Select(Plain)
        .Where(l => l.Length > 0);

    /// <summary>True where every fault in a text is one that the kernel survives as it was.</summary>
    public static bool IsSurvived(string text) => Lines(text)
        .Where(TellsOfAFault)
        .All(l => Survived.Any(s => l.Contains(s, StringComparison.Ordinal)));

    private static string Plain(string line)
    {
        line = line.TrimEnd('\r', ' ');
        int text = line.IndexOf(';', StringComparison.Ordinal);
        if (text > 0 && line.AsSpan(0, text).TrimStart("0123456789,-c").IsEmpty)
        {
            return line[(text + 1)..];
        }

        int stamp = line.StartsWith('[') ? line.IndexOf("] ", StringComparison.Ordinal) : -1;
        return stamp > 0 && line.AsSpan(1, stamp - 1).TrimStart(" .0123456789").IsEmpty ? line[(stamp + 2)..] : line;
    }
}
