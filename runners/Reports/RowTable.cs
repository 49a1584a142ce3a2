using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace KvmSpec.Runners.Reports;

/// <summary>The figures of a report: what, and its value, a row each.</summary>
internal static class RowTable
{
    private const int Width = 120;

    /// <summary>How reports are written as JSON.</summary>
    public static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter text, IEnumerable<(string What, string Value)> rows)
    {
        Table table = new() { Border = TableBorder.Simple, ShowHeaders = false };
        table.AddColumn("").AddColumn("");
        foreach ((string what, string value) in rows)
        {
            table.AddRow(new Text(what), new Text(value));
        }

        StringWriter drawn = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(drawn) });
        console.Profile.Width = Width;
        console.Write(table);
        foreach (string line in drawn.ToString().Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0))
        {
            text.WriteLine(line);
        }
    }

    /// <summary>A number with its thousands apart.</summary>
    public static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
