using System.Buffers.Binary;
using System.Text;
using KvmSpec.Model;

namespace KvmSpec.Runners.Guests;

/// <summary>For which architecture a kernel image was built, by the headers that boot loaders read.</summary>
internal static class KernelImage
{
    /// <summary>As much of an image as tells.</summary>
    public const int HeaderSize = 0x210;

    private const int ElfMachine = 0x12;
    private const int ElfHeader = 0x40;

    private static readonly (int Offset, string Magic, Architecture Architecture)[] Magics =
    [
        (0x202, "HdrS", Architecture.X86),
        (0x38, "RSC\u0005", Architecture.Riscv64),
        (0x38, "ARMd", Architecture.Arm64),
    ];

    private static readonly Dictionary<int, Architecture> Machines = new() { [62] = Architecture.X86, [243] = Architecture.Riscv64, [183] = Architecture.Arm64 };

    /// <summary>The architecture; <c>null</c> where the image does not tell, as compressed ones do not.</summary>
    public static Architecture? ArchitectureOf(ReadOnlySpan<byte> header)
    {
        if (header.Length >= ElfHeader && header.StartsWith("\u007fELF"u8))
        {
            return Machines.TryGetValue(BinaryPrimitives.ReadUInt16LittleEndian(header[ElfMachine..]), out Architecture known) ? known : null;
        }

        foreach ((int offset, string magic, Architecture architecture) in Magics)
        {
            if (header.Length >= offset + magic.Length && header.Slice(offset, magic.Length).SequenceEqual(Encoding.Latin1.GetBytes(magic)))
            {
                return architecture;
            }
        }

        return null;
    }
}
