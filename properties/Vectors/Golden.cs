using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using KvmSpec.Model;
using KvmSpec.Runners.Targets;
using KvmSpec.Runners.Vectors;
using Xunit;

namespace KvmSpec.Properties.Vectors;

/// <summary>The project's vectors, read once, and the models that they are tried on.</summary>
internal static class Golden
{
    public static readonly string Directory = Beside("..", "..", "vectors");

    public static readonly ImmutableArray<VectorFile> Files = VectorFiles.Load(Directory);

    public static readonly ImmutableArray<Vector> Vectors = [.. Files.SelectMany(f => f.Cases)];

    /// <summary>Every release on every host, the hosts cut down to what the release may answer.</summary>
    public static readonly ImmutableArray<Model.Model> Models = ModelHosts.Models;

    /// <summary>One release on every host of an architecture.</summary>
    public static IEnumerable<Model.Model> ModelsOf(Revision revision, Architecture architecture) =>
        ModelHosts.All(revision, architecture).Select(h => new Model.Model(revision, h));

    /// <summary>Runs cases for what one model stands for on a kernel that another model plays; returns what failed.</summary>
    public static IEnumerable<VectorResult> Failures(IEnumerable<Vector> vectors, Model.Model model, Model.Model kernel)
    {
        using ModelTarget target = new("model", kernel);
        return [.. new VectorRunner(target, model).Run(vectors).Where(r => r.Status == VectorStatus.Failed)];
    }

    /// <summary>True where a case fails so; the cases after it are not run.</summary>
    public static bool AnyFails(IEnumerable<Vector> vectors, Model.Model model, Model.Model kernel)
    {
        using ModelTarget target = new("model", kernel);
        return new VectorRunner(target, model).Run(vectors).Any(r => r.Status == VectorStatus.Failed);
    }

    /// <summary>Fails with the first lines where there are any.</summary>
    public static void Empty(IEnumerable<string> lines)
    {
        string[] all = [.. lines];
        Assert.True(all.Length == 0, string.Join('\n', all.Take(100)));
    }

    /// <summary>A path from this file's directory.</summary>
    public static string Beside(params string[] parts) => Path.GetFullPath(Path.Combine([Here(), .. parts]));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
