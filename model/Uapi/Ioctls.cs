namespace KvmSpec.Model.Uapi;

/// <summary>The shapes of the architecture-neutral ioctls, by linux/kvm.h.</summary>
public static class Ioctls
{
    private static Field Value(string name, int width = 8, IReadOnlyList<Symbol>? symbols = null) =>
        new() { Name = name, Place = Place.Argument, Width = width, Symbols = symbols ?? [] };

    private static Field At(int offset, int width, string name, Direction direction = Direction.In, IReadOnlyList<Symbol>? symbols = null) =>
        new() { Name = name, Offset = offset, Width = width, Direction = direction, Symbols = symbols ?? [] };

    private static Field Pointer(int offset, string name, int reach = 8) =>
        new() { Name = name, Offset = offset, Meaning = Meaning.Pointer, Reach = reach };

    private static Field Behind(Field pointer, string name, int width = 8, Direction direction = Direction.InOut, int offset = 0) =>
        new() { Name = name, Place = Place.Pointee, Through = pointer, Offset = offset, Width = width, Direction = direction };

    public static class GetApiVersion
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_GET_API_VERSION", 0xAE00), 0, Argument);
    }

    public static class CreateVm
    {
        public static readonly Field Type = Value("type");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_VM", 0xAE01), 0, Type);
    }

    public static class CheckExtension
    {
        public static readonly Field Capability = Value("cap", symbols: Capabilities.All);
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CHECK_EXTENSION", 0xAE03), 0, Capability) { Selector = Capability };
    }

    public static class GetVcpuMmapSize
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_GET_VCPU_MMAP_SIZE", 0xAE04), 0, Argument);
    }

    public static class CreateVcpu
    {
        public static readonly Field Id = Value("id");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_VCPU", 0xAE41), 0, Id);
    }

    /// <summary>struct kvm_enable_cap: 104 bytes, on VMs and vCPUs alike.</summary>
    public static class EnableCap
    {
        public static readonly Field Capability = At(0, 4, "cap", symbols: Capabilities.All);
        public static readonly Field Flags = At(4, 4, "flags");
        public static readonly Field Argument0 = At(8, 8, "args0");
        public static readonly Field Argument1 = At(16, 8, "args1");
        public static readonly Ioctl Ioctl =
            new(new Symbol("KVM_ENABLE_CAP", 0x4068AEA3), 104, Capability, Flags, Argument0, Argument1) { Selector = Capability };
    }

    /// <summary>struct kvm_userspace_memory_region: 32 bytes.</summary>
    public static class SetUserMemoryRegion
    {
        public static readonly Field Slot = At(0, 4, "slot");
        public static readonly Field Flags = At(4, 4, "flags");
        public static readonly Field Gpa = At(8, 8, "guest_phys_addr");
        public static readonly Field Size = At(16, 8, "memory_size");
        public static readonly Field UserAddress = At(24, 8, "userspace_addr");
        public static readonly Ioctl Ioctl =
            new(new Symbol("KVM_SET_USER_MEMORY_REGION", 0x4020AE46), 32, Slot, Flags, Gpa, Size, UserAddress);
    }

    /// <summary>struct kvm_userspace_memory_region2: 160 bytes; the first five fields lie where REGION's do.</summary>
    public static class SetUserMemoryRegion2
    {
        public static readonly Field Slot = At(0, 4, "slot");
        public static readonly Field Flags = At(4, 4, "flags");
        public static readonly Field Gpa = At(8, 8, "guest_phys_addr");
        public static readonly Field Size = At(16, 8, "memory_size");
        public static readonly Field UserAddress = At(24, 8, "userspace_addr");
        public static readonly Field MemoryOffset = At(32, 8, "guest_memfd_offset");
        public static readonly Field MemoryFile =
            new() { Name = "guest_memfd", Offset = 40, Width = 4, Meaning = Meaning.Descriptor };
        public static readonly Ioctl Ioctl = new(
            new Symbol("KVM_SET_USER_MEMORY_REGION2", 0x40A0AE49), 160, Slot, Flags, Gpa, Size, UserAddress, MemoryOffset, MemoryFile);
    }

    /// <summary>struct kvm_dirty_log: 16 bytes.</summary>
    public static class GetDirtyLog
    {
        public static readonly Field Slot = At(0, 4, "slot");
        public static readonly Field Bitmap = Pointer(8, "dirty_bitmap");
        public static readonly Field FirstWord = Behind(Bitmap, "bitmap0", direction: Direction.InOut);
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_GET_DIRTY_LOG", 0x4010AE42), 16, Slot, Bitmap, FirstWord);
    }

    /// <summary>struct kvm_clear_dirty_log: 24 bytes.</summary>
    public static class ClearDirtyLog
    {
        public static readonly Field Slot = At(0, 4, "slot");
        public static readonly Field Pages = At(4, 4, "num_pages");
        public static readonly Field FirstPage = At(8, 8, "first_page");
        public static readonly Field Bitmap = Pointer(16, "dirty_bitmap");
        public static readonly Field FirstWord = Behind(Bitmap, "bitmap0");
        public static readonly Ioctl Ioctl =
            new(new Symbol("KVM_CLEAR_DIRTY_LOG", 0xC018AEC0), 24, Slot, Pages, FirstPage, Bitmap, FirstWord);
    }

    public static class ResetDirtyRings
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_RESET_DIRTY_RINGS", 0xAEC7), 0, Argument);
    }

    /// <summary>struct kvm_create_guest_memfd: 64 bytes.</summary>
    public static class CreateGuestMemfd
    {
        public static readonly Field Size = At(0, 8, "size");
        public static readonly Field Flags = At(8, 8, "flags");
        public static readonly Field Reserved = At(16, 8, "reserved0");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_GUEST_MEMFD", 0xC040AED4), 64, Size, Flags, Reserved);
    }

    /// <summary>struct kvm_create_device: 12 bytes; the new descriptor comes back inside it.</summary>
    public static class CreateDevice
    {
        public static readonly Field Type = At(0, 4, "type", symbols: DeviceTypes.All);
        public static readonly Field Descriptor =
            new() { Name = "fd", Offset = 4, Width = 4, Meaning = Meaning.Descriptor, Direction = Direction.Out };
        public static readonly Field Flags = At(8, 4, "flags");
        public static readonly Ioctl Ioctl =
            new(new Symbol("KVM_CREATE_DEVICE", 0xC00CAEE0), 12, Type, Descriptor, Flags) { DescriptorField = Descriptor, Selector = Type };

        /// <summary>Asks whether the type exists without making one.</summary>
        public const ulong Test = 1;
    }

    /// <summary>struct kvm_device_attr: 24 bytes, for the three device attribute ioctls.</summary>
    public sealed class DeviceAttribute
    {
        public static readonly DeviceAttribute Set = new(new Symbol("KVM_SET_DEVICE_ATTR", 0x4018AEE1));
        public static readonly DeviceAttribute Get = new(new Symbol("KVM_GET_DEVICE_ATTR", 0x4018AEE2));
        public static readonly DeviceAttribute Has = new(new Symbol("KVM_HAS_DEVICE_ATTR", 0x4018AEE3));

        private DeviceAttribute(Symbol request)
        {
            Flags = At(0, 4, "flags");
            Group = At(4, 4, "group");
            Attribute = At(8, 8, "attr");
            Address = Pointer(16, "addr", 24);
            Content = Behind(Address, "value");
            Ioctl = new(request, 24, Flags, Group, Attribute, Address, Content);
        }

        public Field Flags { get; }

        public Field Group { get; }

        public Field Attribute { get; }

        public Field Address { get; }

        /// <summary>The first eight bytes behind the address; for VFIO a file descriptor.</summary>
        public Field Content { get; }

        public Ioctl Ioctl { get; }
    }

    /// <summary>KVM_SET_DEVICE_ATTR on a VFIO device, where the address leads to a descriptor.</summary>
    public static class SetVfioAttribute
    {
        public static readonly Field Flags = At(0, 4, "flags");
        public static readonly Field Group = At(4, 4, "group");
        public static readonly Field Attribute = At(8, 8, "attr");
        public static readonly Field Address = Pointer(16, "addr", 4);
        public static readonly Field File =
            new() { Name = "file", Place = Place.Pointee, Through = Address, Width = 4, Meaning = Meaning.Descriptor };
        public static readonly Ioctl Ioctl = new(DeviceAttribute.Set.Ioctl.Request, 24, Flags, Group, Attribute, Address, File);
    }

    /// <summary>KVM_RUN, with the flag in the run page that makes it return at once.</summary>
    public static class Run
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Field ImmediateExit = new() { Name = "immediate_exit", Place = Place.RunPage, Offset = 1, Width = 1 };
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_RUN", 0xAE80), 0, Argument, ImmediateExit);
    }

    /// <summary>struct kvm_mp_state: 4 bytes.</summary>
    public static class GetMpState
    {
        public static readonly Field State = At(0, 4, "mp_state", Direction.Out);
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_GET_MP_STATE", 0x8004AE98), 4, State);
    }

    public static class SetMpState
    {
        public static readonly Field State = At(0, 4, "mp_state");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_SET_MP_STATE", 0x4004AE99), 4, State);
    }

    public static class CreateIrqchip
    {
        public static readonly Field Argument = Value("argument");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_CREATE_IRQCHIP", 0xAE60), 0, Argument);
    }
}

/// <summary>An ioctl by number alone, with a plain value as its argument.</summary>
public static class Raw
{
    /// <summary>The third argument; where the number takes a pointer, an address that nobody has mapped.</summary>
    public static readonly Field Argument = new() { Name = "argument", Place = Place.Argument };

    public static readonly Field Request = new() { Name = "request", Place = Place.Argument, Width = 4 };

    public static readonly Ioctl Ioctl = new(new Symbol("ioctl", 0), 0, Argument, Request);
}

/// <summary>The types that KVM_CREATE_DEVICE may be asked for.</summary>
public static class DeviceTypes
{
    public static readonly Symbol FslMpic20 = new("KVM_DEV_TYPE_FSL_MPIC_20", 1);
    public static readonly Symbol FslMpic42 = new("KVM_DEV_TYPE_FSL_MPIC_42", 2);
    public static readonly Symbol Xics = new("KVM_DEV_TYPE_XICS", 3);
    public static readonly Symbol Vfio = new("KVM_DEV_TYPE_VFIO", 4);
    public static readonly Symbol ArmVgicV2 = new("KVM_DEV_TYPE_ARM_VGIC_V2", 5);
    public static readonly Symbol Flic = new("KVM_DEV_TYPE_FLIC", 6);
    public static readonly Symbol ArmVgicV3 = new("KVM_DEV_TYPE_ARM_VGIC_V3", 7);
    public static readonly Symbol ArmVgicIts = new("KVM_DEV_TYPE_ARM_VGIC_ITS", 8);
    public static readonly Symbol Xive = new("KVM_DEV_TYPE_XIVE", 9);
    public static readonly Symbol ArmPvTime = new("KVM_DEV_TYPE_ARM_PV_TIME", 10);
    public static readonly Symbol RiscvAia = new("KVM_DEV_TYPE_RISCV_AIA", 11);
    public static readonly Symbol LoongarchIpi = new("KVM_DEV_TYPE_LOONGARCH_IPI", 12);
    public static readonly Symbol LoongarchEiointc = new("KVM_DEV_TYPE_LOONGARCH_EIOINTC", 13);
    public static readonly Symbol LoongarchPchpic = new("KVM_DEV_TYPE_LOONGARCH_PCHPIC", 14);
    public static readonly Symbol LoongarchDmsintc = new("KVM_DEV_TYPE_LOONGARCH_DMSINTC", 15);
    public static readonly Symbol ArmVgicV5 = new("KVM_DEV_TYPE_ARM_VGIC_V5", 16);

    public static IReadOnlyList<Symbol> All { get; } =
        [FslMpic20, FslMpic42, Xics, Vfio, ArmVgicV2, Flic, ArmVgicV3, ArmVgicIts, Xive, ArmPvTime, RiscvAia, LoongarchIpi,
         LoongarchEiointc, LoongarchPchpic, LoongarchDmsintc, ArmVgicV5];
}
