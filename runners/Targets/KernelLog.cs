using System.Text.RegularExpressions;

namespace KvmSpec.Runners.Targets;

/// <summary>What a kernel prints, by /dev/kmsg's records or on its console.</summary>
internal static partial class KernelLog
{
    /// <summary>How kernels begin what they print where something is wrong in the kernel itself.</summary>
    private static readonly string[] Faults =
    [
        "WARNING: ", "BUG: ", "kernel BUG at", "Oops", "Internal error", "Kernel panic", "general protection fault", "double fault",
        "Unable to handle kernel", "UBSAN: ", "INFO: possible ", "INFO: task ", "INFO: rcu", "INFO: trying to register non-static key",
        "possible circular locking", "possible recursive locking", "possible irq lock", "inconsistent lock state", "suspicious RCU usage",
        "bad unlock balance", "still held when returning to user space", "refcount_t: ", "list_add corruption", "list_del corruption",
    ];

    /// <summary>How lines begin that only say on which machine it happened.</summary>
    private static readonly string[] Surroundings = ["Modules linked in:", "Tainted:", "Hardware name:", "CPU: ", "------------[ cut here"];

    /// <summary>True where a text tells of a fault in the kernel.</summary>
    public static bool TellsOfAFault(string text) => Faults.Any(f => text.Contains(f, StringComparison.Ordinal));

    /// <summary>The lines of /dev/kmsg records, or of a console's output, without their numbers and times.</summary>
    public static IEnumerable<string> Lines(string text) => text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(l => l[0] != ' ')
        .Select(Plain)
        .Where(l => l.Length > 0);

    /// <summary>True where every fault in a text is a WARN, after which the kernel works as before; lockdep's tell no place.</summary>
    public static bool IsSurvived(string text) => Lines(text)
        .Where(TellsOfAFault)
        .All(l => l.Contains("WARNING: ", StringComparison.Ordinal) && l.Contains(" at ", StringComparison.Ordinal));

    /// <summary>What a report shows of a text: from the first fault on, without the lines about the machine and its registers.</summary>
    public static IEnumerable<string> Fault(string text) => Lines(text)
        .SkipWhile(l => !TellsOfAFault(l))
        .Where(l => !Surroundings.Any(s => l.StartsWith(s, StringComparison.Ordinal)) && !Registers().IsMatch(l));

    /// <summary>A line of registers: a name and 64 bits of value.</summary>
    [GeneratedRegex(@"^ *\w+ ?: [0-9a-f]{16}\b")]
    private static partial Regex Registers();

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
