using System.Collections.Immutable;
using System.Numerics;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// KVM_REG_ARM64_SVE_VLS: the set of vector lengths that a vCPU may use, 512 bits of which the model knows the first 64
/// and the last.
/// </summary>
public static class VectorLengths
{
    private const int Size = 64;

    private const string HalfWritten = "the part of the set before the fault may have been written";

    public static ImmutableArray<Rule> Get =>
    [
        Refuse(ENOENT, "arm64.vector-lengths.no-sve", (in n, in c) => Is(c, OneReg.Get) && !Of(n).Has(VcpuFeatures.Sve), stops: true),
        RefuseLeaving(EFAULT, "arm64.vector-lengths.unwritable", HalfWritten, (in n, in c) => n.World,
            (in n, in c) => Is(c, OneReg.Get) && Pointer.Of(c[OneReg.Get.Address]).FaultsWriting(Size),
            new(OneReg.Get.Value, null), new(OneReg.Get.SecondWord, null), new(OneReg.Get.LastWord, null)),
        Answer("arm64.vector-lengths.get",
            [new(OneReg.Get.Value, (in n, in c) => Available(n)), new(OneReg.Get.SecondWord, (in n, in c) => 0), new(OneReg.Get.LastWord, (in n, in c) => 0)],
            when: (in n, in c) => Is(c, OneReg.Get)),
    ];

    public static ImmutableArray<Rule> Set =>
    [
        Refuse(ENOENT, "arm64.vector-lengths.no-sve", (in n, in c) => Is(c, OneReg.Set) && !Of(n).Has(VcpuFeatures.Sve), stops: true),
        Refuse(EPERM, "arm64.vector-lengths.finalized", (in n, in c) => Is(c, OneReg.Set) && VcpuOf(n).Finalized, stops: true),
        Refuse(EFAULT, "arm64.vector-lengths.unreadable", (in n, in c) => Is(c, OneReg.Set) && Pointer.Of(c[OneReg.Set.Address]).FaultsReading(Size), stops: true),
        Refuse(EINVAL, "arm64.vector-lengths.too-long", (in n, in c) => Is(c, OneReg.Set) && Longest(c) > Longest(Arm64Host.Of(n.Host).VectorLengths)),
        Refuse(EINVAL, "arm64.vector-lengths.not-the-hosts", (in n, in c) => Is(c, OneReg.Set)
            && c[OneReg.Set.Value] != (Arm64Host.Of(n.Host).VectorLengths & UpTo(Longest(c[OneReg.Set.Value])))),
        Refuse(EINVAL, "arm64.vector-lengths.none", (in n, in c) => Is(c, OneReg.Set) && Longest(c) == 0),
        Accept("arm64.vector-lengths.set", (in n, in c) => Change(n, VcpuOf(n) with { VectorQuads = (byte)Longest(c) }), (in n, in c) => Is(c, OneReg.Set)),
    ];

    private static bool Is(in Call c, OneReg shape) => c[shape.Id] == Uapi.Arm64Ioctls.VectorLengths.Value;

    private static ulong Available(in Node n)
    {
        ulong all = Arm64Host.Of(n.Host).VectorLengths;
        return VcpuOf(n).VectorQuads is not 0 and byte quads ? all & UpTo(quads) : all;
    }

    /// <summary>The longest vector in units of 128 bits; 0 for the empty set.</summary>
    private static int Longest(ulong lengths) => 64 - BitOperations.LeadingZeroCount(lengths);

    private static int Longest(in Call c) => c[OneReg.Set.LastWord] != 0 ? 448 + Longest(c[OneReg.Set.LastWord])
        : c[OneReg.Set.SecondWord] != 0 ? 64 + Longest(c[OneReg.Set.SecondWord])
        : Longest(c[OneReg.Set.Value]);

    private static ulong UpTo(int quads) => quads >= 64 ? ulong.MaxValue : (1UL << quads) - 1;
}
