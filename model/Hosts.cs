using KvmSpec.Model.Arm64;
using KvmSpec.Model.Riscv;
using KvmSpec.Model.X86;

namespace KvmSpec.Model;

/// <summary>Every host that the model can stand in for without a kernel.</summary>
public static class Hosts
{
    /// <summary>By architecture; the first of each is the one that stands for it.</summary>
    public static readonly IReadOnlyList<Host> All = [.. X86Hosts.All, .. RiscvHosts.All, .. Arm64Hosts.All];

    /// <summary>Hosts that answer what no kernel does, made of an architecture's first one.</summary>
    private static readonly Dictionary<Architecture, Func<Host, Host>> Imagined = new() { [Architecture.X86] = X86Hosts.Imagine, [Architecture.Arm64] = Arm64Hosts.Imagine };

    /// <summary>The hosts of one architecture.</summary>
    public static IEnumerable<Host> Of(Architecture architecture) => All.Where(h => h.Architecture == architecture);

    /// <summary>The host of that name.</summary>
    public static Host? Find(string name) => All.FirstOrDefault(h => h.Name == name);

    /// <summary>A host with answers that no kernel gives, for rules that a usual one does not reach; <c>null</c> where none is needed.</summary>
    public static Host? Imagine(Host first)
    {
        ArgumentNullException.ThrowIfNull(first);
        return Imagined.TryGetValue(first.Architecture, out Func<Host, Host>? imagine) ? imagine(first) : null;
    }
}
