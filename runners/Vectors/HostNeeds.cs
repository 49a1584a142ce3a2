using System.Collections.Immutable;
using System.Globalization;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;

namespace KvmSpec.Runners.Vectors;

/// <summary>What a vector needs of the machine under test.</summary>
public sealed record HostNeeds
{
    /// <summary>The architectures it holds for, in the order of their enumeration; at least one.</summary>
    public required ImmutableArray<Architecture> Architectures { get; init; }

    /// <summary>The one whose names the vector is written in.</summary>
    public Architecture Architecture => Architectures[0];

    /// <summary>What /dev/kvm must answer to KVM_CHECK_EXTENSION.</summary>
    public ImmutableArray<KeyValuePair<Symbol, int>> Capabilities { get; init; } = [];

    /// <summary>What must be so, or not so, though no ioctl tells.</summary>
    public ImmutableArray<KeyValuePair<Fact, bool>> Facts { get; init; } = [];

    /// <summary>What limits must be, where hosts differ in them.</summary>
    public ImmutableArray<KeyValuePair<Limit, ulong>> Limits { get; init; } = [];

    /// <summary>Which types of devices KVM_CREATE_DEVICE must make, or must not.</summary>
    public ImmutableArray<KeyValuePair<Symbol, bool>> Devices { get; init; } = [];

    /// <summary>What a VM with all of the host's features must read from ID registers of arm64 after its first INIT.</summary>
    public ImmutableArray<KeyValuePair<Symbol, ulong>> Registers { get; init; } = [];

    /// <summary>The first need that is not met, in words; <c>null</c> where all are.</summary>
    public string? Unmet(Model.Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Host host = model.Host;
        if (!Architectures.Contains(host.Architecture))
        {
            return $"needs {string.Join(" or ", Architectures.Select(NameOf))}, the host is {NameOf(host.Architecture)}";
        }

        foreach ((Symbol capability, int answer) in Capabilities)
        {
            if (host.System(capability) != answer)
            {
                return $"needs {capability.Name} {Text(answer)}, the host answers {Text(host.System(capability))}";
            }
        }

        foreach ((Fact fact, bool holds) in Facts)
        {
            if (!host.Settled.TryGetValue(fact, out bool settled))
            {
                return $"needs {fact.Name} {Text(holds)}, which nothing has told of this host";
            }

            if (settled != holds)
            {
                return $"needs {fact.Name} {Text(holds)}";
            }
        }

        foreach ((Limit limit, ulong value) in Limits)
        {
            if (!model.Book.Limits.ContainsKey(limit) || model[limit] != value)
            {
                return $"needs limit {limit.Name} {CallText.Number(value)}";
            }
        }

        foreach ((Symbol type, bool offered) in Devices)
        {
            if (model.Offers(type) != offered)
            {
                return $"needs {type.Name} {Text(offered)}";
            }
        }

        foreach ((Symbol register, ulong value) in Registers)
        {
            if (Arm64Host.Of(host).Register(IdRegisterTable.Find(register.Value)!, false) is var found && found != value)
            {
                return $"needs {register.Name} {CallText.Number(value)}, the host gives {CallText.Number(found)}";
            }
        }

        return null;
    }

    /// <summary>How vectors spell an architecture.</summary>
    public static string NameOf(Architecture architecture) => architecture.ToString().ToLowerInvariant();

    /// <inheritdoc/>
    public override string ToString()
    {
        string architectures = string.Join(", ", Architectures.Select(NameOf));
        List<string> parts = [$"architecture: {(Architectures.Length == 1 ? architectures : $"[{architectures}]")}"];
        Add(parts, "capabilities", Capabilities.Select(c => $"{c.Key.Name}: {CallText.Number((ulong)c.Value)}"));
        Add(parts, "facts", Facts.Select(f => $"{f.Key.Name}: {Text(f.Value)}"));
        Add(parts, "limits", Limits.Select(l => $"{l.Key.Name}: {CallText.Number(l.Value)}"));
        Add(parts, "devices", Devices.Select(d => $"{d.Key.Name}: {Text(d.Value)}"));
        Add(parts, "registers", Registers.Select(r => $"{r.Key.Name}: {CallText.Number(r.Value)}"));
        return "{ " + string.Join(", ", parts) + " }";
    }

    private static void Add(List<string> parts, string name, IEnumerable<string> entries)
    {
        string text = string.Join(", ", entries.Order(StringComparer.Ordinal));
        if (text.Length > 0)
        {
            parts.Add($"{name}: {{ {text} }}");
        }
    }

    private static string Text(bool value) => value ? "true" : "false";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
