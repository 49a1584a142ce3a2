namespace KvmSpec.Model;

/// <summary>What a file descriptor stands for; each kind answers its own set of ioctls.</summary>
public enum DescriptorKind : byte
{
    /// <summary>An open /dev/kvm.</summary>
    System,

    /// <summary>What KVM_CREATE_VM returned.</summary>
    Vm,

    /// <summary>What KVM_CREATE_VCPU returned.</summary>
    Vcpu,

    /// <summary>What KVM_CREATE_DEVICE wrote into its struct.</summary>
    Device,

    /// <summary>What KVM_CREATE_GUEST_MEMFD returned.</summary>
    GuestMemory,

    /// <summary>A file that is not KVM's: /dev/null, opened before each sequence.</summary>
    Foreign,
}

/// <summary>
/// A name for a descriptor within one sequence (<c>vm0</c>, <c>vcpu1</c>). A name nobody has bound goes out as fd -1.
/// Binding a name anew works like dup2: the descriptor it stood for is closed once the creating call has succeeded.
/// </summary>
public readonly record struct Handle
{
    private static readonly string[] Names = ["kvm", "vm", "vcpu", "device", "memfd", "file"];

    /// <summary>Both parts in one number, so that a handle is written and read at once.</summary>
    private readonly ushort both;

    public Handle(DescriptorKind kind, byte number) => both = (ushort)(((uint)kind << 8) | number);

    public DescriptorKind Kind => (DescriptorKind)(both >> 8);

    public byte Number => (byte)both;

    /// <summary>Handles in the order of their kinds, then of their numbers.</summary>
    internal int Order => both;

    /// <summary>How many kinds of descriptor there are.</summary>
    public const int Kinds = 6;

    /// <summary>The descriptor of /dev/kvm that is open when a sequence begins.</summary>
    public static Handle Kvm => new(DescriptorKind.System, 0);

    /// <summary>The handle as one word: what a descriptor-valued argument holds.</summary>
    public ulong Word => NotAHandle | both;

    /// <summary>A mark in the upper half that keeps handles apart from descriptor numbers given raw, such as -1.</summary>
    private const ulong NotAHandle = 0x48414e44_0000_0000;

    /// <summary>The handle in a descriptor-valued argument, or false where the word is a raw descriptor number.</summary>
    public static bool TryFrom(ulong word, out Handle handle)
    {
        handle = new Handle((DescriptorKind)((word >> 8) & 0xff), (byte)word);
        return (word & 0xffffffff_0000_0000) == NotAHandle && (int)handle.Kind < Kinds;
    }

    /// <inheritdoc/>
    public override string ToString() => Names[(int)Kind] + (this == Kvm ? "" : Number.ToString());

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out Handle handle)
    {
        ArgumentNullException.ThrowIfNull(text);
        handle = Kvm;
        if (text == "kvm")
        {
            return true;
        }

        string letters = text.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        int kind = Array.IndexOf(Names, letters);
        if (kind < 0 || !byte.TryParse(text.AsSpan(letters.Length), out byte number) || (kind == 0 && number == 0) || text != letters + number)
        {
            return false;
        }

        handle = new Handle((DescriptorKind)kind, number);
        return true;
    }
}
