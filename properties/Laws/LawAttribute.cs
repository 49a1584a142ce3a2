namespace KvmSpec.Properties.Laws;

/// <summary>What a test claims, as one line of maths: a row of the table in properties/README.md.</summary>
/// <param name="id">Lower-case kebab, unique, never reused.</param>
/// <param name="statement">The claim: s is a state, c a call, m the model of a revision on a host, q a sequence.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LawAttribute(string id, string statement) : Attribute
{
    public string Id => id;

    public string Statement => statement;
}
