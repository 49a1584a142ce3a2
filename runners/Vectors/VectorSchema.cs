using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Vectors;

/// <summary>The JSON Schema of vector files, made from the names that the reader knows.</summary>
public static class VectorSchema
{
    /// <summary>The version of the contract in vectors/README.md; it changes when a file of one version means something else in another.</summary>
    public const int Version = 1;

    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema's text.</summary>
    public static string Text()
    {
        JsonObject schema = new()
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "KvmSpec vectors",
            ["description"] = $"Contract version {Version}. What a file means is said in README.md; numbers are exact up to 64 bits.",
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["topic"] = Pattern("^[a-z0-9]+(-[a-z0-9]+)*$"),
                ["title"] = Reference("text"),
                ["cases"] = ListOf(Reference("case")),
            },
            ["required"] = Strings("topic", "title", "cases"),
            ["additionalProperties"] = false,
            ["$defs"] = Definitions(),
        };
        return schema.ToJsonString(Layout) + "\n";
    }

    private static JsonObject Definitions() => new()
    {
        ["text"] = new JsonObject { ["type"] = "string", ["minLength"] = 1 },
        ["number"] = new JsonObject { ["type"] = "integer", ["minimum"] = 0, ["maximum"] = ulong.MaxValue },
        ["clause"] = Pattern("^[a-z0-9]+(-[a-z0-9]+)*(\\.[a-z0-9]+(-[a-z0-9]+)*){1,3}$"),
        ["handle"] = Pattern("^(kvm|(kvm|vm|vcpu|device|memfd|file)[0-9]{1,3})$"),
        ["pointer"] = Pattern("^(fine|unmapped|read-only|faults-after-[0-9]{1,5})$"),
        ["revision"] = Choice(Revisions.All.Select(r => r.Name)),
        ["release"] = Choice(Revisions.Releases.Select(r => r.Name)),
        ["posting"] = Choice(Revisions.All.Where(r => !r.IsRelease).Select(r => r.Name)),
        ["outcome"] = AnyOf(
            Reference("number"),
            Choice(Enum.GetNames<Errno>().Where(n => n != nameof(Errno.None))),
            Choice(Enum.GetValues<DescriptorKind>().Where(k => k is > DescriptorKind.System and < DescriptorKind.Foreign).Select(Outcome.NameOf)),
            Pattern("^([0-9]+|0x[0-9a-f]+)\\.\\.([0-9]+|0x[0-9a-f]+)$")),
        ["numbers"] = new JsonObject { ["type"] = "object", ["additionalProperties"] = Reference("number") },
        ["revisions"] = AnyOf(
            new JsonObject { ["const"] = "all" },
            ListOf(Reference("revision")),
            new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["since"] = Reference("release"), ["until"] = Reference("release"), ["except"] = ListOf(Reference("posting")) },
                ["minProperties"] = 1,
                ["additionalProperties"] = false,
            }),
        ["architecture"] = Choice(Vocabulary.Known.Select(HostNeeds.NameOf)),
        ["host"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["architecture"] = AnyOf(Reference("architecture"), ListOf(Reference("architecture"))),
                ["capabilities"] = new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = Pattern("^KVM_CAP_[A-Z0-9_]+$"),
                    ["additionalProperties"] = Reference("number"),
                },
                ["facts"] = new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = Choice(Fact.All.Select(f => f.Name).Order(StringComparer.Ordinal)),
                    ["additionalProperties"] = new JsonObject { ["type"] = "boolean" },
                },
                ["limits"] = new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = Choice(Vocabulary.Known.SelectMany(a => Vocabulary.Of(a)!.Limits.Keys).Distinct().Order(StringComparer.Ordinal)),
                    ["additionalProperties"] = Reference("number"),
                },
                ["registers"] = new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = Choice(IdRegisterTable.Symbols.Select(s => s.Name)),
                    ["additionalProperties"] = Reference("number"),
                },
                ["devices"] = new JsonObject
                {
                    ["type"] = "object",
                    ["propertyNames"] = Choice(DeviceTypes.All.Select(t => t.Name)),
                    ["additionalProperties"] = new JsonObject { ["type"] = "boolean" },
                },
            },
            ["required"] = Strings("architecture"),
            ["additionalProperties"] = false,
        },
        ["case"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["id"] = Pattern("^[a-z0-9-]+(/[a-z0-9-]+)+$"),
                ["title"] = Reference("text"),
                ["note"] = Reference("text"),
                ["clauses"] = ListOf(Reference("clause")),
                ["revisions"] = Reference("revisions"),
                ["host"] = Reference("host"),
                ["calls"] = ListOf(Reference("call")),
            },
            ["required"] = Strings("id", "title", "clauses", "revisions", "host", "calls"),
            ["additionalProperties"] = false,
        },
        ["call"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject
            {
                ["on"] = Reference("handle"),
                ["ioctl"] = Choice(Words().Select(w => w.Ioctl)),
                ["as"] = Reference("handle"),
                ["pointer"] = Reference("pointer"),
                ["must"] = AnyOf(Reference("outcome"), new JsonObject { ["const"] = Outcome.Open.ToString() }),
                ["may"] = ListOf(Reference("outcome")),
                ["by"] = Reference("clause"),
                ["after"] = Reference("numbers"),
            },
            ["required"] = Strings("on", "ioctl"),
            ["oneOf"] = new JsonArray(new JsonObject { ["required"] = Strings("must") }, new JsonObject { ["required"] = Strings("may") }),
            ["additionalProperties"] = new JsonObject { ["type"] = Strings("integer", "string") },
            ["allOf"] = new JsonArray([.. Words().Select(w => (JsonNode)new JsonObject
            {
                ["if"] = new JsonObject { ["properties"] = new JsonObject { ["ioctl"] = new JsonObject { ["const"] = w.Ioctl } } },
                ["then"] = new JsonObject
                {
                    ["propertyNames"] = Choice(["on", "ioctl", "must", "may", "by", .. w.Takes]),
                },
            })]),
        },
    };

    /// <summary>The keys that a call of each ioctl may have beside those that all have.</summary>
    private static IEnumerable<(string Ioctl, IEnumerable<string> Takes)> Words() =>
        Vocabulary.Known.SelectMany(a => Vocabulary.Of(a)!.Operations).GroupBy(o => o.Key, o => o.Value).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (g.Key, TakenBy([.. g.SelectMany(o => o)])));

    private static IEnumerable<string> TakenBy(Operation[] operations)
    {
        if (operations.Any(o => o.Creates is not null))
        {
            yield return "as";
        }

        if (operations.Any(o => o.Ioctl is { TakesPointer: true }))
        {
            yield return "pointer";
        }

        if (operations.Any(o => o.Ioctl?.Fields.Any(f => f.Place != Place.Argument) == true))
        {
            yield return "after";
        }

        foreach (string field in operations.SelectMany(o => o.Ioctl?.Fields ?? []).Select(f => f.Name).Distinct())
        {
            yield return field;
        }
    }

    private static JsonObject Reference(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    private static JsonObject Choice(IEnumerable<string> names) => new() { ["enum"] = Strings([.. names]) };

    private static JsonObject ListOf(JsonObject items) => new() { ["type"] = "array", ["items"] = items, ["minItems"] = 1 };

    private static JsonObject AnyOf(params JsonObject[] choices) => new() { ["anyOf"] = new JsonArray([.. choices]) };

    private static JsonArray Strings(params string[] strings) => [.. strings.Select(s => (JsonNode)s)];
}
