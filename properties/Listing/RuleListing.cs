using System.Text;
using KvmSpec.Model;
using KvmSpec.Properties.Laws;
using VerifyXunit;
using Xunit;

namespace KvmSpec.Properties.Listing;

/// <summary>
/// The newest release's rules in their order, the limits, and what the older releases do otherwise: a change of a rule is
/// a line in the diff.
/// </summary>
public sealed class RuleListing
{
    [Law("listing.rules", "the listing of all rules, limits and edits = rules.verified.txt")]
    [Fact]
    public async Task Rules()
    {
        StringBuilder text = new();
        foreach (Architecture architecture in Enum.GetValues<Architecture>())
        {
            if (Revisions.Linux73.Book(architecture) is { } book)
            {
                Append(text, architecture, book);
            }
        }

        foreach (Revision revision in Revisions.All.Where(r => r.Parent is not null))
        {
            text.Append($"{revision}, from {revision.Parent}\n");
            foreach (Edit edit in revision.Edits)
            {
                text.Append($"  {edit.Words}{(edit.Only is null ? "" : $", in {edit.Only} only")}\n");
            }
        }

        await Verifier.Verify(text.ToString()).UseFileName("rules");
    }

    private static void Append(StringBuilder text, Architecture architecture, Book book)
    {
        text.Append($"{architecture.ToString().ToLowerInvariant()}, limits\n");
        foreach ((Limit limit, Bound bound) in book.Limits.OrderBy(l => l.Key.Name, StringComparer.Ordinal))
        {
            text.Append($"  {limit}: {bound.Text}\n");
        }

        foreach (Operation operation in book.Operations)
        {
            Append(text, architecture, operation.FullName, operation);
        }

        foreach (Operation operation in book.Unknown)
        {
            Append(text, architecture, $"{operation.On.ToString().ToLowerInvariant()}/unknown ioctl", operation);
        }
    }

    private static void Append(StringBuilder text, Architecture architecture, string name, Operation operation)
    {
        text.Append($"{architecture.ToString().ToLowerInvariant()}, {name}\n");
        for (int i = 0; i < operation.Rules.Length; i++)
        {
            Rule rule = operation.Rules[i];
            text.Append($"  {i + 1} {rule.Answer} {rule.Id}");
            text.Append(rule.Given is null ? "" : $", given {rule.Given}");
            text.Append(rule.Stops && !rule.Accepts && !rule.Open && rule.When is not null ? ", stops" : "");
            text.Append(rule.Writes.IsEmpty ? "" : $", writes {string.Join(' ', rule.Writes.Select(w => w.Field.Name))}");
            text.Append(rule.Leaves is null ? "" : $", leaves: {rule.Leaves}");
            text.Append('\n');
        }
    }
}
