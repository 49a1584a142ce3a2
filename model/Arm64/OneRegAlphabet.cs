using System.Collections.Immutable;
using KvmSpec.Model.Common;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// The interesting ids and values of KVM_GET_ONE_REG and KVM_SET_ONE_REG: each register with its limit, and with values
/// that differ from it in one field or in one bit outside all fields.
/// </summary>
internal static class OneRegAlphabet
{
    private const ulong OfAnotherSize = 0x6020_0000_0013_c020;
    private const ulong OfAnotherArchitecture = 0x6130_0000_0013_c020;
    private const ulong OfAnUnknownGroup = 0x6030_0000_0012_0000;
    private const ulong WithUnknownBits = 0x6030_0000_1013_c020;

    /// <summary>What has few rows of its own stands so often, lest registers with many fields hide it.</summary>
    private const int FewRows = 32;

    private static readonly ImmutableArray<Sample> Last = [0, 0, 0, 0, 0, 0, 0, 1];

    public static ImmutableDictionary<Field, ImmutableArray<Sample>> Of(Arm64Ioctls.OneReg shape) => Alphabets.Of(
        (shape.Id, Ids), (shape.Address, Alphabets.Pointers), (shape.Value, [0, 0, 1, 7, uint.MaxValue, ulong.MaxValue]), (shape.SecondWord, Last), (shape.LastWord, Last));

    /// <summary>Each register with the values that are interesting for it on a host.</summary>
    public static Combination Together(Arm64Ioctls.OneReg shape) => new([shape.Id, shape.Value], Rows);

    private static ImmutableArray<Sample> Ids =>
    [
        .. IdRegisterTable.All.Select(r => (Sample)r.Symbol),
        .. Enumerable.Repeat((Sample)Arm64Ioctls.VectorLengths, 30),
        OfAnotherSize, OfAnotherArchitecture, OfAnUnknownGroup, WithUnknownBits, IdRegisterTable.Prefix | 0xc001, IdRegisterTable.Prefix | 0xd807,
    ];

    private static IEnumerable<ImmutableArray<ulong>> Rows(Host host)
    {
        ulong lengths = Arm64Host.Of(host).VectorLengths;
        foreach (ulong set in new ulong[] { lengths, lengths & 1, lengths & 3, lengths & 0xf, lengths | 1UL << 63, lengths ^ 1, lengths ^ 2, 0 })
        {
            foreach (ImmutableArray<ulong> row in Enumerable.Repeat<ImmutableArray<ulong>>([Arm64Ioctls.VectorLengths.Value, set], FewRows))
            {
                yield return row;
            }
        }

        foreach (IdRegister register in IdRegisterTable.All)
        {
            int copies = register.Kind == IdRegisterKind.Implementation ? FewRows : 1;
            foreach (ulong value in LimitsOf(host, register).SelectMany(limit => Around(register, limit)))
            {
                foreach (ImmutableArray<ulong> row in Enumerable.Repeat<ImmutableArray<ulong>>([register.Symbol.Value, value], copies))
                {
                    yield return row;
                }
            }
        }
    }

    /// <summary>What the register's limit is for VMs without features, with all, and with nested virtualization.</summary>
    private static IEnumerable<ulong> LimitsOf(Host host, IdRegister register)
    {
        VcpuFeatures all = VcpuFeatures.Sve | VcpuFeatures.PointerAuthentication | VcpuFeatures.PmuV3;
        Arm64State[] states =
        [
            Arm64State.New,
            Arm64State.New with { Features = (ushort)all, Mte = true },
            Arm64State.New with { Features = (ushort)(all | VcpuFeatures.HasEl2) },
        ];
        return states.Take(Arm64Host.Of(host).NestedRegisters.IsEmpty ? 2 : 3).Select(s => IdRegisters.Limit(host, s, register)).Distinct();
    }

    private static IEnumerable<ulong> Around(IdRegister register, ulong limit)
    {
        yield return limit;
        yield return limit;
        yield return limit;
        yield return 0;
        yield return limit ^ 1UL << 62;
        yield return limit ^ 1;
        foreach (IdField field in register.Fields)
        {
            ulong one = 1UL << field.Shift;
            yield return limit - one;
            yield return limit + one;
            yield return limit & ~field.Mask;
            yield return limit | field.Mask;
            if (field.Minimum > 0)
            {
                yield return (limit & ~field.Mask) | ((ulong)field.Minimum << field.Shift);
                yield return (limit & ~field.Mask) | ((ulong)(field.Minimum - 1) << field.Shift);
            }

            if (field.Type == SafeValue.Exact)
            {
                yield return (limit & ~field.Mask) | ((ulong)field.Safe << field.Shift);
            }
        }
    }
}
