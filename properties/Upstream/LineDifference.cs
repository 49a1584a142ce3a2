using System.Text;

namespace VerifyTests;

/// <summary>What differs between two texts, in a few lines: what both begin and end with is left out.</summary>
internal static class LineDifference
{
    private const int Shown = 12;

    public static string Of(string verified, string received)
    {
        string[] before = verified.Split('\n');
        string[] after = received.Split('\n');
        int same = 0;
        while (same < before.Length && same < after.Length && before[same] == after[same])
        {
            same++;
        }

        int end = 0;
        while (end < before.Length - same && end < after.Length - same && before[^(end + 1)] == after[^(end + 1)])
        {
            end++;
        }

        StringBuilder text = new($"from line {same + 1}:\n");
        Append(text, '-', before[same..^end]);
        Append(text, '+', after[same..^end]);
        return text.ToString();
    }

    private static void Append(StringBuilder text, char mark, string[] lines)
    {
        foreach (string line in lines.Take(Shown))
        {
            text.Append(mark).Append(' ').Append(line).Append('\n');
        }

        if (lines.Length > Shown)
        {
            text.Append($"{mark} ... {lines.Length - Shown} more lines\n");
        }
    }
}
