using System.Globalization;
using System.Text;
using KvmSpec.Model;
using KvmSpec.Model.Uapi;

namespace KvmSpec.Runners.Vectors;

/// <summary>
/// What a runner of another language needs of the UAPI, as Markdown for vectors/README.md: the ioctls with their words, and
/// the numbers behind names.
/// </summary>
public static class IoctlTable
{
    private const string Begin = "<!-- ioctls: generated -->\n";
    private const string End = "<!-- end of ioctls -->";

    /// <summary>The text between the marks replaced by what the model says.</summary>
    /// <exception cref="VectorFileException">The marks are not there.</exception>
    public static string Update(string path, string readme)
    {
        ArgumentNullException.ThrowIfNull(readme);
        int begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        int end = readme.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? readme[..(begin + Begin.Length)] + Text() + readme[end..]
            : throw new VectorFileException([$"{path}: the marks around the table of ioctls are missing: write '{Begin.TrimEnd()}' and '{End}'"]);
    }

    private static string Text()
    {
        StringBuilder text = new("\n| ioctl | number | struct | words |\n|---|---|---|---|\n");
        foreach (Ioctl ioctl in Ioctls().Where(i => i != Raw.Ioctl).OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            string words = string.Join("; ", ioctl.Fields.Select(f => Describe(ioctl, f)));
            text.Append(CultureInfo.InvariantCulture, $"| {ioctl.Name} | 0x{ioctl.Request.Value:x} | {(ioctl.Size == 0 ? "-" : ioctl.Size)} | {words} |\n");
        }

        Append(text, "Capabilities", Capabilities.All.Select(s => (s.Name["KVM_CAP_".Length..], s.Value)), "each with KVM_CAP_ before it");
        Append(text, "Types of devices", DeviceTypes.All.Select(s => (s.Name["KVM_DEV_TYPE_".Length..], s.Value)), "each with KVM_DEV_TYPE_ before it");
        Append(text, "Errnos", Enum.GetValues<Errno>().Where(e => e != Errno.None).Select(e => (e.ToString(), (ulong)e)), "as on Linux");
        return text.Append('\n').ToString();
    }

    private static void Append(StringBuilder text, string title, IEnumerable<(string Name, ulong Value)> names, string note) =>
        text.Append(CultureInfo.InvariantCulture, $"\n{title} ({note}): {string.Join(", ", names.Select(n => $"{n.Name} {n.Value}"))}.\n");

    private static IEnumerable<Ioctl> Ioctls() =>
        Vocabulary.Known.SelectMany(a => Vocabulary.Of(a)!.Operations.Values).SelectMany(o => o).Select(o => o.Ioctl).OfType<Ioctl>().Distinct();

    private static string Describe(Ioctl ioctl, Field field)
    {
        string type = field.Meaning switch
        {
            Meaning.Pointer => "pointer",
            Meaning.Descriptor => "descriptor, s32",
            _ => $"u{8 * field.Width}",
        };
        string place = field.Place switch
        {
            Place.Argument => "the argument",
            Place.Struct => $"at {field.Offset}",
            Place.Pointee => $"at {field.Offset} behind `{field.Through!.Name}`",
            _ => $"at {field.Offset} of the run page",
        };
        string direction = field.Direction switch
        {
            Direction.Out => ", written",
            Direction.InOut => ", read or written",
            _ => "",
        };
        return $"`{field.Name}` {type} {place}{direction}{(field == ioctl.Selector ? ", a name or a number" : "")}";
    }
}
