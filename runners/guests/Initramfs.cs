using System.Globalization;
using System.Text;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// An initial RAM file system in the "newc" format of cpio: for each entry a header of hexadecimal digits, the name, the
/// content, name and content padded to four bytes.
/// </summary>
internal sealed class Initramfs : IDisposable
{
    private const int Alignment = 4;
    private const uint Directory = 0x41ed;
    private const uint Program = 0x81ed;
    private const uint CharacterDevice = 0x2180;

    private readonly MemoryStream archive = new();
    private uint inode = 1;

    /// <summary>Adds a directory, by its path without a leading slash.</summary>
    public void AddDirectory(string path) => Add(path, Directory, [], 0, 0);

    /// <summary>Adds a file that may be executed.</summary>
    public void AddFile(string path, byte[] content) => Add(path, Program, content, 0, 0);

    /// <summary>Adds a character device.</summary>
    public void AddDevice(string path, uint major, uint minor) => Add(path, CharacterDevice, [], major, minor);

    /// <summary>Ends the archive.</summary>
    public byte[] ToArray()
    {
        Add("TRAILER!!!", 0, [], 0, 0);
        return archive.ToArray();
    }

    public void Dispose() => archive.Dispose();

    /// <summary>What the agent needs as /init: itself, a console, and the modules in the order of loading with their parameters.</summary>
    public static byte[] Make(byte[] agent, IReadOnlyList<(string Name, byte[] Content, string Parameters)> modules)
    {
        using Initramfs made = new();
        made.AddDirectory("dev");
        made.AddDevice("dev/console", 5, 1);
        made.AddFile("init", agent);
        made.AddDirectory("modules");
        foreach ((string name, byte[] content, _) in modules)
        {
            made.AddFile("modules/" + name, content);
        }

        made.AddFile("modules/order", Encoding.ASCII.GetBytes(string.Concat(modules.Select(m => $"{m.Name} {m.Parameters}".Trim() + "\n"))));
        return made.ToArray();
    }

    private void Add(string path, uint mode, byte[] content, uint major, uint minor)
    {
        uint[] numbers = [inode++, mode, 0, 0, 1, 0, (uint)content.Length, 0, 0, major, minor, (uint)path.Length + 1, 0];
        StringBuilder header = new("070701");
        foreach (uint number in numbers)
        {
            header.Append(number.ToString("X8", CultureInfo.InvariantCulture));
        }

        archive.Write(Encoding.ASCII.GetBytes(header.Append(path).Append('\0').ToString()));
        Pad();
        archive.Write(content);
        Pad();
    }

    private void Pad()
    {
        while (archive.Length % Alignment != 0)
        {
            archive.WriteByte(0);
        }
    }
}
