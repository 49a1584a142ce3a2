using System.CommandLine;
using KvmSpec.Runners.Guests;
using KvmSpec.Runners.Targets;

namespace KvmSpec.Runners.Commands;

/// <summary><c>kvmspec guest</c>: brings what a guest needs, and says what a kernel of one's own does.</summary>
internal static class GuestCommand
{
    public static Command Make(TextWriter output)
    {
        Argument<string> name = new("name") { Description = "NAME for the newest release that can be had, NAME@RELEASE for that one; 'kvmspec targets' lists them." };
        Option<string?> mirror = new("--mirror") { Description = "A Debian mirror; without it the one that this system's apt uses." };
        Command fetch = new("fetch", "Fetch the kernel of a guest from Debian, checked by apt, into the cache directory.") { name, mirror };
        fetch.SetAction(parsed => Fetch(output, parsed.GetValue(name)!, parsed.GetValue(mirror)));
        Argument<string> configured = new("name") { Description = "The guest that is to boot it." };
        Command config = new("config", "Print the options that a kernel of your own needs, to append to a .config before 'make olddefconfig'.") { configured };
        config.SetAction(parsed =>
        {
            foreach (string line in KernelOptions.Fragment(GuestName.Parse(parsed.GetValue(configured)!).Guest.Architecture.Architecture))
            {
                output.WriteLine(line);
            }

            return ExitStatus.Conforms;
        });
        return new Command("guest", "Guests: kernels in QEMU that this machine does not run.") { fetch, config };
    }

    private static int Fetch(TextWriter output, string name, string? mirror)
    {
        (Guest guest, GuestKernel? asked) = GuestName.Parse(name);
        if (asked is not null)
        {
            Fetch(output, guest, asked, mirror);
        }
        else
        {
            FetchNewest(output, guest, mirror);
        }

        if (GuestName.Missing(guest) is { } install)
        {
            throw new TargetException($"the kernel is there; to start it, this is missing: {install}");
        }

        GuestCache.Agent(guest.Architecture);
        output.WriteLine($"ready: kvmspec check --target guest:{name}");
        return ExitStatus.Conforms;
    }

    private static void FetchNewest(TextWriter output, Guest guest, string? mirror)
    {
        TargetException? last = null;
        foreach (GuestKernel kernel in GuestTable.KernelsOf(guest))
        {
            try
            {
                Fetch(output, guest, kernel, mirror);
                return;
            }
            catch (TargetException e)
            {
                output.WriteLine($"{kernel.Release}: {e.Message}");
                last = e;
            }
        }

        throw last!;
    }

    private static void Fetch(TextWriter output, Guest guest, GuestKernel kernel, string? mirror)
    {
        string directory = GuestCache.KernelDirectory(guest.Architecture, kernel);
        if (KernelFiles.Fetched(guest.Architecture, kernel) is not null)
        {
            output.WriteLine($"{kernel.Release}: already in {directory}; remove that directory to fetch it anew");
        }
        else
        {
            FetchKernel(output, guest, kernel, mirror, directory);
        }

        if (guest.Module is not null && Tool.IsThere(guest.Architecture.Compiler))
        {
            ModuleBuild.Make(output, guest, kernel, KernelFiles.Fetched(guest.Architecture, kernel)!.Release(), mirror);
        }
    }

    private static void FetchKernel(TextWriter output, Guest guest, GuestKernel kernel, string? mirror, string directory)
    {
        AptState apt = new(guest.Architecture, kernel, mirror);
        output.WriteLine($"reading the index of {kernel.Suite} for {guest.Architecture.Debian}");
        apt.Update();
        string[] packages = apt.Packages();
        output.WriteLine($"downloading {string.Join(", ", packages)}");
        string[] files = apt.Download(packages);
        string unpacked = Directory.CreateTempSubdirectory("kvmspec-fetch-").FullName;
        try
        {
            foreach (string file in files)
            {
                output.WriteLine($"unpacking {Path.GetFileName(file)}");
                Tool.Run("dpkg-deb", ["-x", file, unpacked]);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
            KernelFiles.Keep(unpacked, guest.Architecture, directory);
        }
        finally
        {
            Directory.Delete(unpacked, recursive: true);
        }
    }
}
