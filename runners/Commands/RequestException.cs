namespace KvmSpec.Runners.Commands;

/// <summary>A request or a file that is wrong: one line saying what, where and what to do.</summary>
public sealed class RequestException(string message) : Exception(message);

/// <summary>What kvmspec's exit status says.</summary>
public static class ExitStatus
{
    public const int Conforms = 0;
    public const int Diverges = 1;

    /// <summary>The request or a file is wrong.</summary>
    public const int BadRequest = 2;

    /// <summary>The target is not there.</summary>
    public const int NoTarget = 3;

    /// <summary>Ended by Ctrl-C, as shells count it, or by another signal; what was found so far was reported.</summary>
    public const int Interrupted = 130;
}
