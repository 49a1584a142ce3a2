namespace KvmSpec.Model.Uapi;

/// <summary>The shapes of the ioctls that only x86 has.</summary>
public static class X86Ioctls
{
    private static Field Value(string name) => new() { Name = name, Place = Place.Argument };

    private static Field At(int offset, int width, string name) => new() { Name = name, Offset = offset, Width = width };

    /// <summary>struct kvm_pit_config: 64 bytes.</summary>
    public static class CreatePit2
    {
        public static readonly Field Flags = At(0, 4, "flags");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_PIT2", 0x4040AE77), 64, Flags);
    }

    public static class CreatePit
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_PIT", 0xAE64), 0, Argument);
    }

    public static class SetBootCpuId
    {
        public static readonly Field Id = Value("id");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_SET_BOOT_CPU_ID", 0xAE78), 0, Id);
    }

    public static class SetTssAddress
    {
        public static readonly Field Address = Value("address");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_SET_TSS_ADDR", 0xAE47), 0, Address);
    }

    public static class SetIdentityMapAddress
    {
        public static readonly Field Address = At(0, 8, "address");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_SET_IDENTITY_MAP_ADDR", 0x4008AE48), 8, Address);
    }

    /// <summary>On a VM: the frequency that new vCPUs start with. On a vCPU: its own.</summary>
    public static class SetTscFrequency
    {
        public static readonly Field Kilohertz = Value("khz");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_SET_TSC_KHZ", 0xAEA2), 0, Kilohertz);
    }

    /// <summary>struct kvm_msr_filter: 392 bytes; of its sixteen ranges the first.</summary>
    public static class SetMsrFilter
    {
        public static readonly Field Flags = At(0, 4, "flags");
        public static readonly Field RangeFlags = At(8, 4, "range0_flags");
        public static readonly Field Registers = At(12, 4, "range0_nmsrs");
        public static readonly Field Base = At(16, 4, "range0_base");
        public static readonly Field Bitmap = new() { Name = "range0_bitmap", Offset = 24, Meaning = Meaning.Pointer, Reach = 0x600 };
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_X86_SET_MSR_FILTER", 0x4188AEC6), 392, Flags, RangeFlags, Registers, Base, Bitmap);
    }
}
