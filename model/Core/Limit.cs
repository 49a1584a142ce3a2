namespace KvmSpec.Model;

/// <summary>A named bound that rules compare with: data of a revision, so that revisions edit it and mutants move it.</summary>
public sealed class Limit
{
    private static readonly List<Limit> Registry = [];

    /// <param name="name">Lower-case kebab, unique.</param>
    /// <param name="meaning">What it bounds and in which unit.</param>
    public Limit(string name, string meaning)
    {
        Name = name;
        Meaning = meaning;
        lock (Registry)
        {
            Index = Registry.Count;
            Registry.Add(this);
        }
    }

    public string Name { get; }

    public string Meaning { get; }

    /// <summary>A number of this process for tables indexed by limit.</summary>
    public int Index { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What a limit is on a given host: a constant of the release, or something the host was asked for.</summary>
/// <param name="Of">The value on that host.</param>
/// <param name="Text">How people read it: the number, or where it comes from.</param>
/// <param name="Constant">True where no host changes it.</param>
public sealed record Bound(Func<Host, ulong> Of, string Text, bool Constant)
{
    public static Bound Fixed(ulong value) => new(_ => value, value.ToString(), true);

    public static Bound Probed(Func<Host, ulong> of, string text) => new(of, text, false);

    /// <summary>The bound moved by a number: what mutants do.</summary>
    public Bound Moved(long by) => this with { Of = host => Of(host) + (ulong)by, Text = $"{Text} {(by < 0 ? "-" : "+")} {Math.Abs(by)}" };
}
