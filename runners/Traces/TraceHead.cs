using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;
using KvmSpec.Runners.Commands;
using KvmSpec.Runners.Vectors;

namespace KvmSpec.Runners.Traces;

/// <summary>The first line of a trace: who answered, and the facts that were probed of it.</summary>
/// <param name="Target">What was asked, as the recorder calls it.</param>
/// <param name="Kernel">The kernel for people, such as <c>Linux 7.3.4 (kvm-amd)</c>.</param>
/// <param name="Host">The facts.</param>
public sealed record TraceHead(string Target, string Kernel, Host Host)
{
    private static readonly (string Key, Func<Host, ulong> Get, Func<Host, ulong, Host> Set, ulong Most)[] Numbers =
    [
        ("gpa_bits", h => (ulong)h.GpaBits, (h, n) => h with { GpaBits = (int)n }, 64),
        ("user_address_end", h => h.UserAddressEnd, (h, n) => h with { UserAddressEnd = n }, ulong.MaxValue),
        ("vcpu_mmap_size", h => (ulong)h.VcpuMapSize, (h, n) => h with { VcpuMapSize = (int)n }, int.MaxValue),
    ];

    private static readonly (string Key, Func<Host, ImmutableArray<int>> Get, Func<Host, ImmutableArray<int>, Host> Set)[] Answers =
    [
        ("system", h => h.OnSystem, (h, a) => h with { OnSystem = a }),
        ("vm", h => h.OnVm, (h, a) => h with { OnVm = a }),
    ];

    private static readonly string[] Texts = ["target", "kernel", "name", "architecture", "release", "back_end"];

    private static readonly string[] Required = ["trace", "architecture", "release", "system", "vm"];

    /// <summary>Every key of a head.</summary>
    public static IReadOnlyList<string> Keys { get; } = ["trace", .. Texts, .. Numbers.Select(n => n.Key), .. Answers.Select(a => a.Key), "facts", .. TraceHostParts.Keys];

    /// <summary>Writes the line, without its end.</summary>
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber(TraceKeys.Trace, TraceKeys.Version);
        string[] texts = [Target, Kernel, Host.Name, HostNeeds.NameOf(Host.Architecture), Host.Release, Host.BackEnd];
        for (int i = 0; i < Texts.Length; i++)
        {
            json.WriteString(Texts[i], texts[i]);
        }

        foreach ((string key, Func<Host, ulong> get, _, _) in Numbers)
        {
            json.WritePropertyName(key);
            TraceWriter.Number(json, get(Host));
        }

        foreach ((string key, Func<Host, ImmutableArray<int>> get, _) in Answers)
        {
            json.WriteStartObject(key);
            foreach ((int answer, int number) in get(Host).Select((a, n) => (a, n)).Where(a => a.a != 0))
            {
                json.WriteNumber(Capabilities.All.FirstOrDefault(c => c.Value == (ulong)number)?.Name ?? number.ToString(CultureInfo.InvariantCulture), answer);
            }

            json.WriteEndObject();
        }

        json.WriteStartObject("facts");
        foreach ((Fact fact, bool holds) in Host.Settled.OrderBy(s => s.Key.Name, StringComparer.Ordinal))
        {
            json.WriteBoolean(fact.Name, holds);
        }

        json.WriteEndObject();
        TraceHostParts.Write(json, Host.Part);
        json.WriteEndObject();
    }

    /// <summary>Reads the line.</summary>
    /// <exception cref="RequestException">It is no head, or one of another version.</exception>
    internal static TraceHead Read(string place, ReadOnlySpan<byte> line)
    {
        using JsonDocument document = Parse(place, line);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("trace", out JsonElement version))
        {
            throw Wrong(place, "this is no head: begin with {\"trace\": 1, ...} as runners/Traces/FORMAT.md says");
        }

        if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != TraceKeys.Version)
        {
            throw Wrong(place, $"version {TraceText.Shown(version.ToString())}: this program reads version {TraceKeys.Version}");
        }

        Dictionary<string, JsonElement> entries = [];
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (!Keys.Contains(entry.Name))
            {
                throw Wrong(place, $"a head has no {TraceText.Shown(entry.Name)}; it has {string.Join(", ", Keys)}");
            }

            if (!entries.TryAdd(entry.Name, entry.Value))
            {
                throw Wrong(place, $"{entry.Name} stands here twice");
            }
        }

        if (Required.FirstOrDefault(k => !entries.ContainsKey(k)) is { } missing)
        {
            throw Wrong(place, $"the head lacks {missing}; it has to have {string.Join(", ", Required)}");
        }

        string[] texts = [.. Texts.Select(k => Text(place, k, entries))];
        if (!Vocabulary.TryArchitecture(texts[3], out Architecture architecture))
        {
            throw Wrong(place, $"no revision has rules for architecture {texts[3]}: write one of {string.Join(", ", Vocabulary.Known.Select(HostNeeds.NameOf))}");
        }

        Host host = new()
        {
            Name = texts[2].Length > 0 ? texts[2] : "trace",
            Architecture = architecture,
            Release = texts[4],
            BackEnd = texts[5],
            OnSystem = [],
            OnVm = [],
            Settled = Facts(place, entries),
            Part = TraceHostParts.Read(architecture, entries, problem => Wrong(place, problem)),
        };
        foreach ((string key, _, Func<Host, ulong, Host> set, ulong most) in Numbers)
        {
            host = entries.TryGetValue(key, out JsonElement value) ? set(host, Number(place, key, value, most)) : host;
        }

        foreach ((string key, _, Func<Host, ImmutableArray<int>, Host> set) in Answers)
        {
            host = set(host, AnswersOf(place, key, entries[key]));
        }

        string kernel = texts[1].Length > 0 ? texts[1] : $"Linux {host.Release}{(host.BackEnd.Length > 0 ? $" ({host.BackEnd})" : "")}";
        return new TraceHead(texts[0].Length > 0 ? texts[0] : "trace", kernel, host);
    }

    private static JsonDocument Parse(string place, ReadOnlySpan<byte> line)
    {
        try
        {
            Utf8JsonReader reader = new(line);
            JsonDocument document = JsonDocument.ParseValue(ref reader);
            // Throws where something stands behind the object.
            _ = reader.Read();
            return document;
        }
        catch (JsonException e)
        {
            throw Wrong(place, $"not JSON, column {e.BytePositionInLine + 1}");
        }
    }

    private static string Text(string place, string key, Dictionary<string, JsonElement> entries) =>
        !entries.TryGetValue(key, out JsonElement value) ? ""
        : value.ValueKind == JsonValueKind.String ? TraceText.Shown(value.GetString()!)
        : throw Wrong(place, $"{key}: give a text");

    private static ulong Number(string place, string key, JsonElement value, ulong most) =>
        TryNumber(value, out ulong number) && number <= most ? number
            : throw Wrong(place, $"{key} is {TraceText.Shown(value.ToString())}: give a whole number from 0 to {most}, or one as text such as \"0xfffff000\"");

    /// <summary>A number of 64 bits, plain or as text.</summary>
    internal static bool TryNumber(JsonElement value, out ulong number)
    {
        number = 0;
        return value.ValueKind switch
        {
            JsonValueKind.Number => value.TryGetUInt64(out number),
            JsonValueKind.String => CallText.TryReadNumber(value.GetString()!, out number),
            _ => false,
        };
    }

    private static ImmutableArray<int> AnswersOf(string place, string key, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(place, $"{key}: give an object of capabilities, by name or number, with what KVM_CHECK_EXTENSION answered");
        }

        int[] answers = new int[Host.Capabilities];
        foreach (JsonProperty entry in value.EnumerateObject())
        {
            ulong number = Vocabulary.TryCapability(entry.Name, out Symbol? capability) ? capability!.Value
                : CallText.TryReadNumber(entry.Name, out ulong given) && given < Host.Capabilities ? given
                : throw Wrong(place, $"{key}: no capability is called {TraceText.Shown(entry.Name)}: write its name in linux/kvm.h or a number from 0 to {Host.Capabilities - 1}"
                    + Vocabulary.Nearest(entry.Name, Vocabulary.CapabilityNames));
            answers[number] = (int)Number(place, $"{key}: {entry.Name}", entry.Value, int.MaxValue);
        }

        return [.. answers];
    }

    private static ImmutableDictionary<Fact, bool> Facts(string place, Dictionary<string, JsonElement> entries)
    {
        ImmutableDictionary<Fact, bool> facts = ImmutableDictionary<Fact, bool>.Empty;
        if (!entries.TryGetValue("facts", out JsonElement value))
        {
            return facts;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(place, "facts: give an object of facts with true or false");
        }

        foreach (JsonProperty entry in value.EnumerateObject())
        {
            Fact fact = Fact.All.FirstOrDefault(f => f.Name == entry.Name)
                ?? throw Wrong(place, $"no fact is called {TraceText.Shown(entry.Name)}: write one of {string.Join(", ", Fact.All.Select(f => f.Name).Order(StringComparer.Ordinal))}");
            facts = entry.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? facts.SetItem(fact, entry.Value.GetBoolean())
                : throw Wrong(place, $"{entry.Name}: write true or false");
        }

        return facts;
    }

    private static RequestException Wrong(string place, string problem) => new($"{place}: {problem}");
}
