using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using KvmSpec.Properties.Listing;
using VerifyTests;

namespace VerifyXunit;

/// <summary>
/// Compares a value with the snapshot beside the test's source file. A stand-in for Verify.Xunit's class of the same
/// name, for registries that lack the package: texts and plain values only, no scrubbing, no diff tools.
/// </summary>
public static class Verifier
{
    /// <summary>Compares a text with <c>Class.Method.verified.txt</c>; the class is named as its file.</summary>
    public static SettingsTask Verify(
        string? target, VerifySettings? settings = null, [CallerFilePath] string sourceFile = "", [CallerMemberName] string method = "") =>
        new(settings, at => Compare(target ?? "null", at, sourceFile, method));

    /// <summary>Compares a plain value's text.</summary>
    public static SettingsTask Verify(
        object? target, VerifySettings? settings = null, [CallerFilePath] string sourceFile = "", [CallerMemberName] string method = "") =>
        Verify(Plain(target), settings, sourceFile, method);

    private static string Plain(object? target) => target switch
    {
        null => "null",
        string or StringBuilder => target.ToString()!,
        IFormattable plain when target.GetType().IsPrimitive || target is Enum or decimal => plain.ToString(null, CultureInfo.InvariantCulture),
        bool truth => truth ? "true" : "false",
        _ => throw new NotSupportedException($"verify a text: {target.GetType().Name} needs Verify's serializer"),
    };

    private static async Task Compare(string received, VerifySettings settings, string sourceFile, string method)
    {
        string source = SourceFiles.Find(sourceFile);
        string directory = Path.Combine(Path.GetDirectoryName(source)!, settings.Directory ?? "");
        string prefix = Path.Combine(directory, settings.FileName ?? $"{settings.TypeName ?? Path.GetFileNameWithoutExtension(source)}.{settings.MethodName ?? method}");
        string verifiedFile = prefix + ".verified.txt";
        string receivedFile = prefix + ".received.txt";
        string text = received.ReplaceLineEndings("\n");
        string? verified = File.Exists(verifiedFile) ? (await File.ReadAllTextAsync(verifiedFile).ConfigureAwait(false)).ReplaceLineEndings("\n") : null;
        if (text == verified)
        {
            File.Delete(receivedFile);
            return;
        }

        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(receivedFile, text).ConfigureAwait(false);
        throw new VerifyException(verified is null
            ? $"{Path.GetFileName(verifiedFile)} does not exist; rename {Path.GetFileName(receivedFile)} if it is right"
            : $"{Path.GetFileName(receivedFile)} differs from {Path.GetFileName(verifiedFile)}; rename it if it is right\n{LineDifference.Of(verified, text)}");
    }
}

/// <summary>A received text that is not the verified one.</summary>
public sealed class VerifyException(string message) : Exception(message);
