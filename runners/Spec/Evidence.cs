using System.Text.Json;
using KvmSpec.Runners.Commands;

namespace KvmSpec.Runners.Spec;

/// <summary>On which kernels clauses were seen to hold, out of the reports of checks.</summary>
public static class Evidence
{
    /// <summary>What stands after <c>Evidence:</c>, for every clause that a check of a kernel decided without diverging.</summary>
    /// <param name="reports">Files that <c>check --format json --output</c> wrote.</param>
    /// <exception cref="RequestException">A file is no such report, or none of a kernel.</exception>
    public static IReadOnlyDictionary<string, string> Of(IEnumerable<string> reports)
    {
        SortedDictionary<string, List<string>> seen = new(StringComparer.Ordinal);
        foreach (string path in reports)
        {
            Read(path, seen);
        }

        return seen.ToDictionary(s => s.Key, s => $"seen on {string.Join(", ", s.Value.Distinct())}.");
    }

    private static void Read(string path, SortedDictionary<string, List<string>> seen)
    {
        try
        {
            using JsonDocument report = JsonDocument.Parse(File.ReadAllText(path));
            JsonElement root = report.RootElement;
            string kernel = root.GetProperty("kernel").GetString() ?? throw new RequestException($"{path}: a report of no kernel is no evidence");
            HashSet<string> diverging = [.. root.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("clause").GetString()!)];
            foreach (JsonProperty clause in root.GetProperty("decided").EnumerateObject().Where(c => c.Value.GetInt64() > 0 && !diverging.Contains(c.Name)))
            {
                if (!seen.TryGetValue(clause.Name, out List<string>? kernels))
                {
                    seen[clause.Name] = kernels = [];
                }

                kernels.Add(Short(kernel));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RequestException($"{path}: not a report of 'kvmspec check --format json' ({e.Message})");
        }
    }

    /// <summary>"Linux 7.3.4+deb13-cloud-amd64 (kvm-amd)" without the distribution's part.</summary>
    private static string Short(string kernel)
    {
        string[] words = kernel.Split(' ');
        return string.Join(' ', words.Select((w, i) => i == 1 ? w.Split('+', '-')[0] : w));
    }
}
