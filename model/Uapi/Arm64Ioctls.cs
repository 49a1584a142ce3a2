namespace KvmSpec.Model.Uapi;

/// <summary>The shapes of the ioctls that only arm64 has, and of those whose argument is its own, by asm/kvm.h.</summary>
public static class Arm64Ioctls
{
    private const int FeatureWords = 7;
    private const int MaskBytes = 192 * 8;

    private static Field At(int offset, int width, string name, Direction direction = Direction.In) =>
        new() { Name = name, Offset = offset, Width = width, Direction = direction };

    private static Field Behind(Field pointer, string name, int offset, Direction direction = Direction.InOut) =>
        new() { Name = name, Place = Place.Pointee, Through = pointer, Offset = offset, Direction = direction };

    /// <summary>struct kvm_vcpu_init: 32 bytes, a target and seven words of feature bits.</summary>
    public static class VcpuInit
    {
        public static readonly Field Target = At(0, 4, "target");

        /// <summary>features[0] to features[6]: only the first has bits that mean something.</summary>
        public static readonly IReadOnlyList<Field> Features = Words(Direction.In);

        public static readonly Ioctl Ioctl = new(new Symbol("KVM_ARM_VCPU_INIT", 0x4020AEAE), 32, [Target, .. Features]);
    }

    /// <summary>The same struct, written by the kernel.</summary>
    public static class PreferredTarget
    {
        public static readonly Field Target = At(0, 4, "target", Direction.InOut);
        public static readonly IReadOnlyList<Field> Features = Words(Direction.InOut);
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_ARM_PREFERRED_TARGET", 0x8020AEAF), 32, [Target, .. Features]);
    }

    /// <summary>An int behind a pointer: the feature whose configuration ends.</summary>
    public static class VcpuFinalize
    {
        public static readonly Field Feature = At(0, 4, "feature");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_ARM_VCPU_FINALIZE", 0x4004AEC2), 4, Feature);
    }

    /// <summary>The id of the set of SVE's vector lengths.</summary>
    public static Symbol VectorLengths { get; } = new("KVM_REG_ARM64_SVE_VLS", 0x6060_0000_0015_ffff);

    /// <summary>
    /// struct kvm_one_reg: 16 bytes. Of what lies behind its pointer three words are modelled: a register of 64 bits is the
    /// first, a set of vector lengths has eight.
    /// </summary>
    public sealed class OneReg
    {
        public static readonly OneReg Get = new("KVM_GET_ONE_REG", 0x4010AEAB);
        public static readonly OneReg Set = new("KVM_SET_ONE_REG", 0x4010AEAC);

        private OneReg(string name, ulong number)
        {
            Address = new() { Name = "addr", Offset = 8, Meaning = Meaning.Pointer, Reach = 64 };
            Value = Behind(Address, "value", 0);
            SecondWord = Behind(Address, "value1", 8);
            LastWord = Behind(Address, "value7", 56);
            Ioctl = new(new Symbol(name, number), 16, Id, Address, Value, SecondWord, LastWord);
        }

        public Field Id { get; } = new() { Name = "id", Symbols = [.. Arm64.IdRegisterTable.Symbols, VectorLengths] };

        public Field Address { get; }

        public Field Value { get; }

        public Field SecondWord { get; }

        public Field LastWord { get; }

        public Ioctl Ioctl { get; }
    }

    /// <summary>
    /// struct reg_mask_range: 64 bytes. Behind its pointer lie 192 masks, one for each register of the feature ID space; four
    /// of them are modelled.
    /// </summary>
    public static class GetRegWritableMasks
    {
        public static readonly Field Address = new() { Name = "addr", Meaning = Meaning.Pointer, Reach = MaskBytes };
        public static readonly Field Range = At(8, 4, "range");
        public static readonly Field Reserved = At(12, 4, "reserved0");
        public static readonly Field LastReserved = At(60, 4, "reserved12");
        public static readonly Field Implementation = Behind(Address, "midr_el1", 0);
        public static readonly Field Unwritable = Behind(Address, "id_aa64dfr1_el1", ((5 << 3) | 1) * 8);
        public static readonly Field Features = Behind(Address, "id_aa64pfr0_el1", (4 << 3) * 8);
        public static readonly Field Cache = Behind(Address, "ctr_el0", ((2 << 6) | 1) * 8);
        public static readonly Ioctl Ioctl = new(
            new Symbol("KVM_ARM_GET_REG_WRITABLE_MASKS", 0x8040AEB6), 64, Address, Range, Reserved, LastReserved, Implementation, Unwritable, Features, Cache);
    }

    private static IReadOnlyList<Field> Words(Direction direction) =>
        [.. Enumerable.Range(0, FeatureWords).Select(i => At(4 + (4 * i), 4, $"features{i}", direction))];
}
