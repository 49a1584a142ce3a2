using System.Text.Json;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Reports;

/// <summary>What a report of <c>check --format json</c> says of each clause.</summary>
/// <param name="Target">What was checked.</param>
/// <param name="Kernel">Which kernel, for people.</param>
/// <param name="Revision">Against which revision.</param>
/// <param name="Decided">How often each clause of the revision decided a call.</param>
/// <param name="Diverging">The clauses that the kernel did not keep.</param>
/// <param name="Made">What was made: vectors and sequences, in words.</param>
/// <param name="VectorsFailed">How many vectors failed.</param>
/// <param name="Deviations">By clause how what was checked is known to deviate, in walks.</param>
internal sealed record ReportFile(
    string Target, string Kernel, string Revision, IReadOnlyDictionary<string, long> Decided, IReadOnlySet<string> Diverging, string Made, int VectorsFailed,
    IReadOnlyDictionary<string, Deviation> Deviations)
{
    /// <summary>"kvm-amd 7.3.4" for "Linux 7.3.4+deb13-cloud-amd64 (kvm-amd)"; what is no Linux stays as it is, such as "QEMU 10.0.2".</summary>
    public string ShortKernel => Kernel.Split(' ') is ["Linux", var release, var kind] ? $"{kind.Trim('(', ')')} {release.Split('+', '-')[0]}" : Kernel;

    /// <summary>Reads a file.</summary>
    /// <exception cref="RequestException">It is no such report, or one of no kernel.</exception>
    public static ReportFile Read(string path) => Parse(path, File.ReadAllText(path));

    /// <summary>Reads a report's text.</summary>
    /// <exception cref="RequestException">It is no such report, or one of no kernel.</exception>
    public static ReportFile Parse(string path, string text)
    {
        try
        {
            using JsonDocument report = JsonDocument.Parse(text);
            JsonElement root = report.RootElement;
            string kernel = root.GetProperty("kernel").GetString() ?? throw new RequestException($"{path}: a report of no kernel is no evidence");
            JsonElement? vectors = root.TryGetProperty("vectors", out JsonElement tally) && tally.ValueKind == JsonValueKind.Object ? tally : null;
            int failed = vectors?.GetProperty("failed").GetArrayLength() ?? 0;
            string made = vectors is { } some
                ? $"{some.GetProperty("passed").GetInt64()} vectors passed, {failed} failed, {some.GetProperty("skipped").EnumerateArray().Sum(s => s.GetProperty("count").GetInt64())} skipped; "
                : "";
            made += Number(root, "sequences") is { } sequences ? $"{RowTable.Number(sequences)} sequences" : "";
            made += Number(root, "seed") is { } seed ? $" of seed {seed}" : "";
            made += root.TryGetProperty("interrupted", out JsonElement interrupted) && interrupted.GetBoolean() ? ", interrupted" : "";
            return new ReportFile(
                Text(root, "target"), kernel, Text(root, "revision"),
                root.GetProperty("decided").EnumerateObject().ToDictionary(c => c.Name, c => c.Value.GetInt64()),
                root.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("clause").GetString()!).ToHashSet(), made, failed, DeviationsOf(root));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new RequestException($"{path}: not a report of 'kvmspec check --format json' ({e.Message.ReplaceLineEndings(" ")})");
        }
    }

    private static Dictionary<string, Deviation> DeviationsOf(JsonElement root) => !root.TryGetProperty("deviations", out JsonElement all) ? []
        : all.EnumerateArray().ToDictionary(d => d.GetProperty("clause").GetString()!, d => new Deviation(d.GetProperty("reason").GetString()!, d.GetProperty("otherwiseKept").GetBoolean()));

    private static string Text(JsonElement root, string key) => root.TryGetProperty(key, out JsonElement value) ? value.GetString() ?? "" : "";

    private static long? Number(JsonElement root, string key) =>
        root.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
}

/// <summary>How a clause is not kept.</summary>
/// <param name="Reason">What is done instead.</param>
/// <param name="OtherwiseKept">True where the clause was seen to be kept in other accesses.</param>
internal sealed record Deviation(string Reason, bool OtherwiseKept);
