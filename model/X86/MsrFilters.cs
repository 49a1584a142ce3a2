using KvmSpec.Model.Common;
using static KvmSpec.Model.Errno;
using static KvmSpec.Model.Rules;
using static KvmSpec.Model.Uapi.X86Ioctls;

namespace KvmSpec.Model.X86;

/// <summary>KVM_X86_SET_MSR_FILTER, and the frequency that the VM's vCPUs start with.</summary>
public static class MsrFilters
{
    /// <summary>KVM_MSR_FILTER_MAX_BITMAP_SIZE in bits.</summary>
    public static readonly Limit Registers = new("msr-filter-registers", "one range of an MSR filter covers at most this many registers");

    /// <summary>No CPU scales its TSC to this frequency or above.</summary>
    public static readonly Limit TscFrequency = new("tsc-frequency", "kilohertz from here on are refused where the CPU scales the TSC");

    private const ulong DefaultDeny = 1;
    private const ulong ReadAndWrite = 3;

    public static IEnumerable<Operation> Operations =>
    [
        new()
        {
            Ioctl = SetMsrFilter.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 8,
            Rules =
            [
                .. Gates.VirtualStruct,
                Refuse(EINVAL, "msr-filter.flags", (in n, in c) => (c[SetMsrFilter.Flags] & ~DefaultDeny) != 0),
                Refuse(EINVAL, "msr-filter.deny-nothing", (in n, in c) => c[SetMsrFilter.Registers] == 0 && c[SetMsrFilter.Flags] == DefaultDeny),
                Refuse(EINVAL, "msr-filter.range-flags", (in n, in c) =>
                    c[SetMsrFilter.Registers] != 0 && (c[SetMsrFilter.RangeFlags] is 0 or > ReadAndWrite)),
                Refuse(EINVAL, "msr-filter.range-size", (in n, in c) => c[SetMsrFilter.Registers] > n[Registers]),
                Refuse(EFAULT, "msr-filter.bitmap", (in n, in c) => c[SetMsrFilter.Registers] != 0
                    && Pointer.Of(c[SetMsrFilter.Bitmap]).FaultsReading(DirtyLogs.BitmapBytes(c[SetMsrFilter.Registers]))),
                Accept("msr-filter.set"),
            ],
            Alphabet = Alphabets.Of(
                (SetMsrFilter.Flags, [0, 0, 0, DefaultDeny, DefaultDeny, 2, 1UL << 31]),
                (SetMsrFilter.RangeFlags, [1, 2, 3, 3, 0, 4]),
                (SetMsrFilter.Registers, [0, 1, 1, 64, 65, .. Sample.Around(Registers), uint.MaxValue]),
                (SetMsrFilter.Base, [0, 0x10, 0xc0000080]),
                (SetMsrFilter.Bitmap, Alphabets.Pointers)),
        },
        new()
        {
            Ioctl = SetTscFrequency.Ioctl,
            On = DescriptorKind.Vm,
            Weight = 3,
            Rules =
            [
                .. Gates.Virtual,
                Limited,
                Refuse(EINVAL, "tsc-frequency.before-vcpus", (in n, in c) => n.Vm.HasVcpus),
                Accept("tsc-frequency.set"),
            ],
            Alphabet = Alphabets.Of((SetTscFrequency.Kilohertz, [0, 1, 1_000_000, 2_500_000, new(0, TscFrequency), new(1, TscFrequency), uint.MaxValue, 1UL << 32])),
        },
        new()
        {
            Ioctl = SetTscFrequency.Ioctl,
            On = DescriptorKind.Vcpu,
            Weight = 2,
            Rules =
            [
                .. Gates.Virtual,
                Limited,
                Accept("tsc-frequency.host", null, (in n, in c) => (uint)c[SetTscFrequency.Kilohertz] == 0),
                LeaveOpen("tsc-frequency.vcpu"),
            ],
            Alphabet = Alphabets.Of((SetTscFrequency.Kilohertz, [0, 0, 0, 1UL << 32, uint.MaxValue])),
        },
    ];

    private static Rule Limited => Refuse(EINVAL, "tsc-frequency.limit", (in n, in c) =>
        (uint)c[SetTscFrequency.Kilohertz] >= n[TscFrequency] && n.Host.System(Uapi.Capabilities.VM_TSC_CONTROL) != 0);
}
