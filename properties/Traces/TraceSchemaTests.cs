using System.Text.Json;
using System.Text.RegularExpressions;
using KvmSpec.Properties.Vectors;
using KvmSpec.Runners.Traces;
using Xunit;

namespace KvmSpec.Properties.Traces;

/// <summary>The schema for other tools and the page for people name what is read and written.</summary>
public sealed class TraceSchemaTests
{
    private static readonly string Folder = Golden.Beside("..", "..", "runners", "Traces");
    private static readonly string[] Texts = ["on", "as", "pointer"];
    private static readonly JsonElement Definitions = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "schema.json"))).RootElement.GetProperty("$defs");

    [Fact]
    public void The_schema_has_the_keys_that_are_read()
    {
        Assert.Equal(TraceHead.Keys.Order(StringComparer.Ordinal), Keys("head"));
        Assert.Equal(TraceReader.KeysOfCall.Order(StringComparer.Ordinal), Keys("call"));
        Assert.Equal(TraceHostParts.KeysOfArm64.Order(StringComparer.Ordinal), Keys("arm64"));
    }

    [Fact]
    public void The_page_explains_every_key()
    {
        string page = File.ReadAllText(Path.Combine(Folder, "FORMAT.md"));
        Assert.All(Keys("head").Concat(Keys("call")).Concat(Keys("arm64")), key => Assert.Contains($"`{key}`", page, StringComparison.Ordinal));
    }

    /// <summary>Keys and texts only: there is no validator of schemas here.</summary>
    [Fact]
    public void Written_lines_have_the_form_of_the_schema()
    {
        using TraceFiles files = new();
        string[] lines = [.. File.ReadLines(files.Record("planted:slot-limit", "--sequences", "60")), .. File.ReadLines(TraceFiles.Example)];
        Assert.All(lines, line =>
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            string kind = root.TryGetProperty("trace", out _) ? "head" : root.TryGetProperty("sequence", out _) ? "sequence" : root.TryGetProperty("end", out _) ? "end" : "call";
            Assert.Subset(Keys(kind).ToHashSet(), root.EnumerateObject().Select(p => p.Name).ToHashSet());
            foreach (string key in Texts.Where(k => root.TryGetProperty(k, out _)))
            {
                Assert.Matches(Pattern(key == "pointer" ? key : "handle"), root.GetProperty(key).GetString());
            }
        });
    }

    private static Regex Pattern(string name) => new(Definitions.GetProperty(name).GetProperty("pattern").GetString()!);

    private static IEnumerable<string> Keys(string name) =>
        Definitions.GetProperty(name).GetProperty("properties").EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal);
}
