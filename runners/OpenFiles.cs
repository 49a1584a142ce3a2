using System.Text;
using KvmSpec.Runners.Targets;
using Microsoft.Win32.SafeHandles;

namespace KvmSpec.Runners;

/// <summary>How many files the program may have open. The runtime opens one for each of its libraries and ends where it cannot.</summary>
internal static unsafe class OpenFiles
{
    /// <summary>What a check of this machine's kernel needs: the libraries, a sequence's descriptors, and those that are being closed.</summary>
    public const ulong Least = 256;

    private const int StandardError = 2;

    /// <summary>True where enough files may be open; where not, the standard error is told, without what the console would open.</summary>
    public static bool Suffice()
    {
        ulong* limits = stackalloc ulong[2];
        if (Libc.Limit(Libc.OpenFiles, limits) != 0 || limits[0] >= Least)
        {
            return true;
        }

        using SafeFileHandle handle = new(StandardError, ownsHandle: false);
        using FileStream errors = new(handle, FileAccess.Write, bufferSize: 0);
        errors.Write(Encoding.UTF8.GetBytes($"kvmspec: no more than {limits[0]} files may be open, {Least} are needed: ulimit -n {Least} allows them\n"));
        return false;
    }
}
