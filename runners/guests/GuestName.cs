using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Guests;

/// <summary>A guest and a release as the command line names them: NAME or NAME@RELEASE.</summary>
internal static class GuestName
{
    /// <summary>Reads a name.</summary>
    /// <param name="name">Without the leading <c>guest:</c>.</param>
    /// <returns>The guest, and the release where one was named.</returns>
    /// <exception cref="TargetException">No guest has that name, or none has that release.</exception>
    public static (Guest Guest, GuestKernel? Kernel) Parse(string name)
    {
        string[] parts = name.Split('@');
        Guest guest = GuestTable.Guests.FirstOrDefault(g => g.Name == parts[0])
            ?? throw new TargetException($"guest {parts[0]}: unknown; there are {string.Join(", ", GuestTable.Guests.Select(g => g.Name))}");
        if (parts.Length == 1)
        {
            return (guest, null);
        }

        GuestKernel[] kernels = [.. GuestTable.KernelsOf(guest)];
        return (guest, kernels.FirstOrDefault(k => parts.Length == 2 && k.Release == parts[1])
            ?? throw new TargetException($"guest {name}: no such release; there are {string.Join(", ", kernels.Select(k => k.Release))}"));
    }

    /// <summary>The kernel that a guest starts: the one that was asked for, or the newest that was fetched.</summary>
    /// <exception cref="TargetException">It was not fetched.</exception>
    public static KernelFiles Kernel(string name, Guest guest, GuestKernel? asked)
    {
        IEnumerable<GuestKernel> kernels = asked is null ? GuestTable.KernelsOf(guest) : [asked];
        return kernels.Select(k => KernelFiles.Fetched(guest.Architecture, k)).FirstOrDefault(k => k is not null)
            ?? throw new TargetException($"target guest:{name}: its kernel was not fetched; 'kvmspec guest fetch {name}' brings it");
    }

    /// <summary>What has to be installed before a guest can start, as one apt line; <c>null</c> where all is there.</summary>
    public static string? Missing(Guest guest)
    {
        List<string> packages = [];
        if (!Tool.IsThere(guest.Architecture.Emulator))
        {
            packages.Add(guest.Architecture.EmulatorPackage);
        }

        if (!Tool.IsThere(guest.Architecture.Compiler))
        {
            packages.Add(guest.Architecture.CompilerPackages);
        }

        if (!Tool.IsThere("setsid"))
        {
            packages.Add("util-linux");
        }

        return packages.Count == 0 ? null : "sudo apt install " + string.Join(' ', packages);
    }
}
