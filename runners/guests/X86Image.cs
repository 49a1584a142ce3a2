using System.Buffers.Binary;

namespace KvmSpec.Runners.Guests;

/// <summary>
/// The kernel inside an x86 boot image. QEMU starts an ELF kernel by its PVH entry, which saves the kernel the seconds that
/// unpacking itself takes under emulation.
/// </summary>
internal static class X86Image
{
    private const int SetupSectors = 0x1f1;
    private const int Magic = 0x202;
    private const int PayloadOffset = 0x248;
    private const int PayloadLength = 0x24c;
    private const int Sector = 512;
    private const uint HeaderMagic = 0x53726448;
    private const uint Zstandard = 0xfd2fb528;

    /// <summary>The ELF kernel where the image is one of x86's that is compressed with zstd; else the image as it is.</summary>
    public static byte[] Unpacked(byte[] image, GuestArchitecture architecture)
    {
        if (architecture.Architecture != Model.Architecture.X86 || image.Length < 0x260 || BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(Magic)) != HeaderMagic)
        {
            return image;
        }

        int sectors = image[SetupSectors] == 0 ? 4 : image[SetupSectors];
        int start = ((sectors + 1) * Sector) + BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(PayloadOffset));
        int length = BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(PayloadLength));
        if (start < 0 || length < 8 || start + length > image.Length || BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(start)) != Zstandard)
        {
            return image;
        }

        return Tool.Run("zstd", ["-dc"], image[start..(start + length - 4)]);
    }
}
