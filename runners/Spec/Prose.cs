using System.Text.RegularExpressions;

namespace KvmSpec.Runners.Spec;

/// <summary>Text of spec.md for a terminal: sentences, and lines of a given width.</summary>
public static partial class Prose
{
    /// <summary>How wide the lines of a report are.</summary>
    public const int Width = 120;

    /// <summary>The first sentences of a paragraph.</summary>
    public static string FirstSentences(string text, int count)
    {
        ArgumentNullException.ThrowIfNull(text);
        Match[] ends = [.. EndOfSentence().Matches(text).Cast<Match>()];
        return ends.Length < count ? text : text[..(ends[count - 1].Index + 1)];
    }

    /// <summary>A paragraph in lines of at most <see cref="Width"/> columns.</summary>
    /// <param name="text">Words with one space between them.</param>
    /// <param name="first">What the first line begins with.</param>
    /// <param name="indent">How many spaces the other lines begin with.</param>
    public static IEnumerable<string> Wrap(string text, string first, int indent)
    {
        ArgumentNullException.ThrowIfNull(text);
        string line = first;
        bool empty = true;
        foreach (string word in text.Split(' '))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                yield return line;
                line = new string(' ', indent);
                empty = true;
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        yield return line;
    }

    /// <summary>A text that fits on what is left of a line.</summary>
    public static string Cut(string text, int width)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= width ? text : text[..Math.Max(0, width - 3)].TrimEnd() + "...";
    }

    [GeneratedRegex(@"[.](?= [^a-z])")]
    private static partial Regex EndOfSentence();
}
