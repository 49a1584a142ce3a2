using System.Collections.Immutable;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Traces;

/// <summary>What a trace's head says of a host that only one architecture asks: an object under the architecture's name.</summary>
internal static class TraceHostParts
{
    private const string Arm64 = "arm64";

    private static readonly (string Key, Func<Arm64Host, ulong> Get, Func<Arm64Host, ulong, Arm64Host> Set, ulong Most)[] Numbers =
    [
        ("target", h => h.Target, (h, n) => h with { Target = (uint)n }, uint.MaxValue),
        ("implemented_ppis", h => h.ImplementedPpis, (h, n) => h with { ImplementedPpis = n }, ulong.MaxValue),
        ("vector_lengths", h => h.VectorLengths, (h, n) => h with { VectorLengths = n }, ulong.MaxValue),
    ];

    private static readonly (string Key, Func<Arm64Host, ImmutableArray<ulong>> Get, Func<Arm64Host, ImmutableArray<ulong>, Arm64Host> Set)[] Registers =
    [
        ("registers", h => h.Registers, (h, r) => h with { Registers = r }),
        ("nested_registers", h => h.NestedRegisters, (h, r) => h with { NestedRegisters = r }),
        ("hardware_fields", h => h.HardwareFields, (h, r) => h with { HardwareFields = r }),
    ];

    private static readonly (string Name, VgicKinds Kind)[] Controllers =
        [.. Enum.GetValues<VgicKinds>().Where(k => k != VgicKinds.None).Select(k => (k.ToString().ToLowerInvariant(), k))];

    private const string Vgics = "vgics";

    /// <summary>The keys of the parts in a head.</summary>
    public static IReadOnlyList<string> Keys { get; } = [Arm64];

    /// <summary>The keys within arm64's part.</summary>
    public static IReadOnlyList<string> KeysOfArm64 { get; } = [.. Numbers.Select(n => n.Key), Vgics, .. Registers.Select(r => r.Key)];

    /// <summary>Writes a host's part with its key; nothing where it has none.</summary>
    public static void Write(Utf8JsonWriter json, HostPart? part)
    {
        if (part is not Arm64Host host)
        {
            return;
        }

        json.WriteStartObject(Arm64);
        foreach ((string key, Func<Arm64Host, ulong> get, _, _) in Numbers)
        {
            json.WritePropertyName(key);
            TraceWriter.Number(json, get(host));
        }

        json.WriteStartArray(Vgics);
        foreach ((string name, VgicKinds kind) in Controllers.Where(c => host.Vgics.HasFlag(c.Kind)))
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        foreach ((string key, Func<Arm64Host, ImmutableArray<ulong>> get, _) in Registers)
        {
            if (get(host).IsDefaultOrEmpty)
            {
                continue;
            }

            json.WriteStartObject(key);
            foreach ((ulong value, int index) in get(host).Select((v, i) => (v, i)).Where(r => r.v != 0))
            {
                json.WritePropertyName(IdRegisterTable.All[index].Symbol.Name);
                TraceWriter.Number(json, value);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>The part that a head gives for an architecture; <c>null</c> where it gives none.</summary>
    /// <exception cref="RequestException">It is a part of another architecture, or something in it is wrong.</exception>
    public static HostPart? Read(Architecture architecture, Dictionary<string, JsonElement> entries, Func<string, RequestException> wrong)
    {
        if (!entries.TryGetValue(Arm64, out JsonElement given))
        {
            return null;
        }

        if (architecture != Architecture.Arm64)
        {
            throw wrong($"{Arm64}: only a host of that architecture has this part");
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            throw wrong($"{Arm64}: give an object of {string.Join(", ", KeysOfArm64)}");
        }

        Arm64Host host = new() { Vgics = VgicKinds.None };
        HashSet<string> seen = [];
        foreach (JsonProperty entry in given.EnumerateObject())
        {
            host = seen.Add(entry.Name) ? With(host, entry, wrong) : throw wrong($"{Arm64}: {entry.Name} stands here twice");
        }

        return host;
    }

    private static Arm64Host With(Arm64Host host, JsonProperty entry, Func<string, RequestException> wrong)
    {
        if (Numbers.FirstOrDefault(n => n.Key == entry.Name) is { Key: not null } number)
        {
            return number.Set(host, Number(entry, number.Most, wrong));
        }

        if (Registers.FirstOrDefault(r => r.Key == entry.Name) is { Key: not null } registers)
        {
            return registers.Set(host, RegistersOf(entry, wrong));
        }

        return entry.Name == Vgics ? host with { Vgics = VgicsOf(entry.Value, wrong) }
            : throw wrong($"{Arm64} has no {TraceText.Shown(entry.Name)}; it has {string.Join(", ", KeysOfArm64)}");
    }

    private static VgicKinds VgicsOf(JsonElement value, Func<string, RequestException> wrong)
    {
        VgicKinds kinds = VgicKinds.None;
        foreach (JsonElement name in value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value })
        {
            string text = name.ValueKind == JsonValueKind.String ? name.GetString()! : "";
            kinds |= Controllers.FirstOrDefault(c => c.Name == text) is { Name: not null } controller ? controller.Kind
                : throw wrong($"{Arm64}: {Vgics}: give a list of {string.Join(", ", Controllers.Select(c => c.Name))}");
        }

        return kinds;
    }

    private static ImmutableArray<ulong> RegistersOf(JsonProperty entry, Func<string, RequestException> wrong)
    {
        if (entry.Value.ValueKind != JsonValueKind.Object)
        {
            throw wrong($"{Arm64}: {entry.Name}: give an object of ID registers with their values");
        }

        ulong[] values = new ulong[IdRegisterTable.All.Length];
        foreach (JsonProperty register in entry.Value.EnumerateObject())
        {
            IdRegister named = IdRegisterTable.All.FirstOrDefault(r => r.Symbol.Name == register.Name)
                ?? throw wrong($"{Arm64}: {entry.Name}: no ID register is called {TraceText.Shown(register.Name)}: write the manual's name"
                    + Vectors.Vocabulary.Nearest(register.Name, IdRegisterTable.Symbols.Select(s => s.Name)));
            values[(int)named.Index] = Number(register, ulong.MaxValue, wrong);
        }

        return [.. values];
    }

    private static ulong Number(JsonProperty entry, ulong most, Func<string, RequestException> wrong) =>
        TraceHead.TryNumber(entry.Value, out ulong number) && number <= most ? number
            : throw wrong($"{Arm64}: {entry.Name} is {TraceText.Shown(entry.Value.ToString())}: give a whole number from 0 to {most}, or one as text such as \"0x3000\"");
}
