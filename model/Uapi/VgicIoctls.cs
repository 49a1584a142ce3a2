namespace KvmSpec.Model.Uapi;

/// <summary>The shapes of the ioctls that arm64's interrupt controllers have, by linux/kvm.h and asm/kvm.h.</summary>
public static class VgicIoctls
{
    private static Field At(int offset, int width, string name, Direction direction = Direction.In) =>
        new() { Name = name, Offset = offset, Width = width, Direction = direction };

    /// <summary>
    /// struct kvm_device_attr: 24 bytes, for devices whose groups are cases of a switch. Of what lies behind the address two
    /// words are modelled; most attributes have one of 64 or 32 bits.
    /// </summary>
    public sealed class Attribute
    {
        public static readonly Attribute Set = new(Ioctls.DeviceAttribute.Set.Ioctl.Request);
        public static readonly Attribute Get = new(Ioctls.DeviceAttribute.Get.Ioctl.Request);
        public static readonly Attribute Has = new(Ioctls.DeviceAttribute.Has.Ioctl.Request);

        private Attribute(Symbol request)
        {
            Group = new() { Name = "group", Offset = 4, Width = 4, Symbols = VgicGroups.All };
            Address = new() { Name = "addr", Offset = 16, Meaning = Meaning.Pointer, Reach = 24 };
            Content = new() { Name = "value", Place = Place.Pointee, Through = Address, Direction = Direction.InOut };
            SecondWord = new() { Name = "value1", Place = Place.Pointee, Through = Address, Offset = 8, Direction = Direction.InOut };
            Ioctl = new(request, 24, Flags, Group, Number, Address, Content, SecondWord) { Selector = Group };
        }

        public Field Flags { get; } = At(0, 4, "flags");

        public Field Group { get; }

        /// <summary>What of the group: an attribute's number, or a register's place.</summary>
        public Field Number { get; } = At(8, 8, "attr");

        public Field Address { get; }

        public Field Content { get; }

        public Field SecondWord { get; }

        public Ioctl Ioctl { get; }
    }

    /// <summary>struct kvm_arm_device_addr: 16 bytes; the number is the one that KVM_GET_ONE_REG has on vCPUs.</summary>
    public static class SetDeviceAddress
    {
        public static readonly Field Id = At(0, 8, "id");
        public static readonly Field Address = At(8, 8, "addr");
        public static readonly Ioctl Ioctl = new(new Symbol("KVM_ARM_SET_DEVICE_ADDR", 0x4010AEAB), 16, Id, Address);
    }

    /// <summary>struct kvm_irq_level: 8 bytes.</summary>
    public sealed class IrqLine
    {
        public static readonly IrqLine Plain = new("KVM_IRQ_LINE", 0x4008AE61);

        /// <summary>The same, with the struct copied back.</summary>
        public static readonly IrqLine Status = new("KVM_IRQ_LINE_STATUS", 0xC008AE67);

        private IrqLine(string name, ulong number) => Ioctl = new(new Symbol(name, number), 8, Irq, Level);

        public Field Irq { get; } = At(0, 4, "irq");

        public Field Level { get; } = At(4, 4, "level");

        public Ioctl Ioctl { get; }
    }
}

/// <summary>The groups of attributes that arm64's interrupt controllers have.</summary>
public static class VgicGroups
{
    public static readonly Symbol Addresses = new("KVM_DEV_ARM_VGIC_GRP_ADDR", 0);
    public static readonly Symbol Distributor = new("KVM_DEV_ARM_VGIC_GRP_DIST_REGS", 1);
    public static readonly Symbol CpuInterface = new("KVM_DEV_ARM_VGIC_GRP_CPU_REGS", 2);
    public static readonly Symbol InterruptCount = new("KVM_DEV_ARM_VGIC_GRP_NR_IRQS", 3);
    public static readonly Symbol Control = new("KVM_DEV_ARM_VGIC_GRP_CTRL", 4);
    public static readonly Symbol Redistributor = new("KVM_DEV_ARM_VGIC_GRP_REDIST_REGS", 5);
    public static readonly Symbol SystemRegisters = new("KVM_DEV_ARM_VGIC_GRP_CPU_SYSREGS", 6);
    public static readonly Symbol LineLevels = new("KVM_DEV_ARM_VGIC_GRP_LEVEL_INFO", 7);
    public static readonly Symbol Its = new("KVM_DEV_ARM_VGIC_GRP_ITS_REGS", 8);
    public static readonly Symbol Maintenance = new("KVM_DEV_ARM_VGIC_GRP_MAINT_IRQ", 9);

    public static IReadOnlyList<Symbol> All { get; } =
        [Addresses, Distributor, CpuInterface, InterruptCount, Control, Redistributor, SystemRegisters, LineLevels, Its, Maintenance];
}
