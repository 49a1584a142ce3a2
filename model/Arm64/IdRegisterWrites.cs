using System.Collections.Immutable;
using static KvmSpec.Model.Arm64.Arm64State;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.Arm64Ioctls;

namespace KvmSpec.Model.Arm64;

/// <summary>
/// What KVM_SET_ONE_REG asks of a register of the feature ID space, in the kernel's order: what the register's own setter
/// refuses, whether the VM has run, then field by field. Nothing is allocated before a value is stored.
/// </summary>
public static class IdRegisterWrites
{
    /// <summary>The cache levels: coherence and unification points in CLIDR_EL1, and what CTR_EL0 says of data caches.</summary>
    private const int CoherenceShift = 24;

    private const int UnificationInnerShift = 21;
    private const int UnificationShift = 27;
    private const ulong Level = 7;
    private const ulong DataCacheClean = 1UL << 28;
    private const ulong NotImplementedGranule = 1;

    private static readonly ImmutableArray<IdField> StageTwoGranules =
        [IdRegisterTable.Mmfr0.Field("TGRAN4_2"), IdRegisterTable.Mmfr0.Field("TGRAN16_2"), IdRegisterTable.Mmfr0.Field("TGRAN64_2")];

    public static ImmutableArray<Rule> Rules =>
    [
        Accept("arm64.id-reg.aarch32-ignored", null, (in n, in c) => Is(c, IdRegisterKind.Aarch32) && !Arm64Host.Of(n.Host).HasAarch32),

        Accept("arm64.imp-id.unchanged", null, (in n, in c) => Is(c, IdRegisterKind.Implementation) && IsUnchanged(n, c)),
        Refuse(EINVAL, "arm64.imp-id.not-enabled", (in n, in c) => Is(c, IdRegisterKind.Implementation) && !Of(n).WritableImplementation),
        Refuse(EBUSY, "arm64.imp-id.after-run", (in n, in c) => Is(c, IdRegisterKind.Implementation) && Of(n).HasRun),
        Refuse(EINVAL, "arm64.imp-id.mask", (in n, in c) => Is(c, IdRegisterKind.Implementation) && (Value(c) & ~Register(c).Mask(n[IdRegisterTable.Release])) != 0),
        Accept("arm64.imp-id.set", Store, (in n, in c) => Is(c, IdRegisterKind.Implementation)),

        Refuse(EINVAL, "arm64.clidr.value", (in n, in c) => Is(c, IdRegisterKind.CacheLevels) && IsImpossibleCache(n, c)),
        Accept("arm64.clidr.set", (in n, in c) => Change(n, VcpuOf(n) with { Clidr = Value(c) }), (in n, in c) => Is(c, IdRegisterKind.CacheLevels)),
        Accept("arm64.mpidr.set", (in n, in c) => Change(n, VcpuOf(n) with { Mpidr = Value(c) }), (in n, in c) => Is(c, IdRegisterKind.Affinity)),

        Refuse(EINVAL, "arm64.id-reg.minimum", BelowMinimum),
        Refuse(EINVAL, "arm64.id-reg.granules", UnknownGranules),
        Accept("arm64.id-reg.unchanged-after-run", null, (in n, in c) => Of(n).HasRun && IsUnchanged(n, c)),
        Refuse(EBUSY, "arm64.id-reg.after-run", (in n, in c) => Of(n).HasRun, stops: true),
        Refuse(EINVAL, "arm64.id-reg.zero", (in n, in c) => Is(c, IdRegisterKind.Zero) && Value(c) != 0),
        Refuse(EINVAL, "arm64.id-reg.field", UnsafeField),
        Refuse(EINVAL, "arm64.id-reg.fixed", (in n, in c) =>
            ((Normalized(n, c) ^ IdRegisters.Limit(n, Register(c))) & ~Register(c).Writable(n[IdRegisterTable.Release])) != 0),
        Accept("arm64.id-reg.set", Store),
    ];

    private static IdRegister Register(in Call c) => IdRegisterTable.Find(c[OneReg.Set.Id])!;

    private static ulong Value(in Call c) => c[OneReg.Set.Value];

    private static ulong Normalized(in Node n, in Call c) => IdRegisters.Normalized(n, Register(c), Value(c));

    private static bool Is(in Call c, IdRegisterKind kind) => Register(c).Kind == kind;

    private static bool IsUnchanged(in Node n, in Call c) => Normalized(n, c) == IdRegisters.Value(n, Register(c));

    private static World Store(in Node n, in Call c) => Change(n, IdRegisters.Stored(n.Host, Of(n), Register(c), Normalized(n, c)));

    private static bool BelowMinimum(in Node n, in Call c)
    {
        ulong value = Normalized(n, c);
        foreach (IdField field in Register(c).Fields)
        {
            if (field.Minimum > 0 && field.IsBelowMinimum(value, (VcpuFeatures)Of(n).Features, n[IdRegisterTable.Release]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool UnsafeField(in Node n, in Call c)
    {
        IdRegister register = Register(c);
        ulong value = Normalized(n, c);
        ulong limit = IdRegisters.Limit(n, register);
        if (((value ^ limit) & register.Writable(n[IdRegisterTable.Release])) == 0)
        {
            return false;
        }

        foreach (IdField field in register.Fields)
        {
            if (field.WritableSince <= n[IdRegisterTable.Release] && !field.Accepts(value, limit))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>With HAS_EL2 the granules of stage 2 are the limit's or none at all, whether the VM has run or not.</summary>
    private static bool UnknownGranules(in Node n, in Call c)
    {
        if (Register(c) != IdRegisterTable.Mmfr0 || !Of(n).Has(VcpuFeatures.HasEl2) || n[IdRegisterTable.Release] < IdField.Since618)
        {
            return false;
        }

        ulong limit = IdRegisters.Limit(n, IdRegisterTable.Mmfr0);
        foreach (IdField granule in StageTwoGranules)
        {
            if (granule.Of(Value(c)) != granule.Of(limit) && (ulong)granule.Of(Value(c)) != NotImplementedGranule)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsImpossibleCache(in Node n, in Call c)
    {
        ulong value = Value(c);
        bool cleanless = (value >> CoherenceShift & Level) == 0
            || ((value >> UnificationInnerShift & Level) == 0 && (value >> UnificationShift & Level) == 0);
        return (value & ~IdRegisterTable.Clidr.Mask(n[IdRegisterTable.Release])) != 0
            || (cleanless && (Arm64Host.Of(n.Host).Register(IdRegisterTable.Ctr, false) & DataCacheClean) == 0);
    }
}
