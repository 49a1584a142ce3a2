using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using FsCheck.Xunit;
using KvmSpec.Model.Sequences;
using KvmSpec.Properties.Laws;
using Xunit;

namespace KvmSpec.Properties.Listing;

/// <summary>The table of all laws in properties/README.md: generated from the attributes, kept in step here.</summary>
public sealed class LawTable
{
    private const string Begin = "<!-- laws: generated -->\n";
    private const string End = "<!-- end of laws -->\n";
    private const int LeastSequences = 100_000;

    [Law("table.in-step", "the table of laws in properties/README.md = the laws that the tests state")]
    [Fact]
    public void TableIsInStep()
    {
        string readme = Path.Combine(SourceDirectory(), "..", "README.md");
        string before = File.ReadAllText(readme);
        int begin = before.IndexOf(Begin, StringComparison.Ordinal);
        int end = before.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, "properties/README.md has no place for the table of laws");
        string after = before[..(begin + Begin.Length)] + Table() + before[end..];
        string received = Path.Combine(Path.GetDirectoryName(readme)!, "README.received.md");
        if (after == before)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, after);
        Assert.Fail("the table of laws is not what the tests state: take README.received.md for README.md");
    }

    [Law("table.ids-unique", "∀ laws l ≠ l': id(l) ≠ id(l'); every [Property] states a law")]
    [Fact]
    public void IdsAreUnique()
    {
        Assert.Distinct(Laws.Select(l => l.Law.Id));
        Assert.All(Methods.Where(m => m.GetCustomAttribute<PropertyAttribute>() is not null), m => Assert.NotNull(m.GetCustomAttribute<LawAttribute>()));
    }

    [Law("table.sequences", "Σ over laws on sequences of the number of sequences drawn ≥ 100000")]
    [Fact]
    public void EnoughSequencesAreDrawn() => Assert.True(
        Laws.Where(l => l.Method.GetParameters().Any(p => p.ParameterType == typeof(SequenceName))).Sum(l => Runs(l.Method)) >= LeastSequences);

    private static string Table()
    {
        StringBuilder text = new("\n| law | statement | drawn | test |\n|---|---|---|---|\n");
        foreach ((LawAttribute law, MethodInfo method) in Laws.OrderBy(l => l.Law.Id, StringComparer.Ordinal))
        {
            FactAttribute test = method.GetCustomAttribute<FactAttribute>()!;
            string drawn = test.Skip is not null ? "skipped" : test is PropertyAttribute ? Runs(method).ToString() : "all";
            text.Append($"| `{law.Id}` | {law.Statement.Replace("|", "\\|", StringComparison.Ordinal)} | {drawn} | {method.DeclaringType!.Name}.{method.Name} |\n");
        }

        return text.Append('\n').ToString();
    }

    private static int Runs(MethodInfo method) =>
        method.GetCustomAttribute<FactAttribute>() is PropertyAttribute { Skip: null } property ? property.MaxTest : 0;

    private static IEnumerable<MethodInfo> Methods => typeof(LawTable).Assembly.GetExportedTypes().SelectMany(t => t.GetMethods());

    private static IEnumerable<(LawAttribute Law, MethodInfo Method)> Laws =>
        Methods.Select(m => (m.GetCustomAttribute<LawAttribute>()!, m)).Where(l => l.Item1 is not null);

    private static string SourceDirectory([CallerFilePath] string file = "") => Path.GetDirectoryName(SourceFiles.Find(file))!;
}
