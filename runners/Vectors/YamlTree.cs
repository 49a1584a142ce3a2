using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace KvmSpec.Runners.Vectors;

/// <summary>A YAML node with the line it stands on: a scalar, a list or a mapping.</summary>
internal sealed class YamlTree
{
    /// <summary>Vectors nest six deep.</summary>
    private const int Deepest = 16;

    private YamlTree(int line) => Line = line;

    public int Line { get; }

    public string? Scalar { get; private init; }

    public List<YamlTree>? Items { get; private init; }

    public List<KeyValuePair<YamlTree, YamlTree>>? Entries { get; private init; }

    /// <summary>What it is, for messages.</summary>
    public string Kind => Scalar is not null ? "a scalar" : Items is not null ? "a list" : "a mapping";

    /// <summary>Reads one document; what is no plain tree is a problem and gives <c>null</c>.</summary>
    public static YamlTree? Read(string text, Action<int, string> problem)
    {
        Parser parser = new(new Scanner(new StringReader(text), skipComments: false));
        try
        {
            Next<StreamStart>(parser);
            if (parser.Current is StreamEnd)
            {
                problem(1, "the file is empty: begin with topic, title and cases");
                return null;
            }

            Next<DocumentStart>(parser);
            YamlTree root = ReadNode(parser, 0);
            Next<DocumentEnd>(parser);
            return parser.Current is StreamEnd ? root : throw Unplain(parser.Current!, "a second document: split it into files");
        }
        catch (UnplainException e)
        {
            problem(e.Line, e.Message);
        }
        catch (YamlException e)
        {
            problem((int)e.Start.Line, "not YAML: " + (e.InnerException ?? e).Message.ReplaceLineEndings(" "));
        }

        return null;
    }

    private static YamlTree ReadNode(Parser parser, int depth)
    {
        ParsingEvent at = parser.Current!;
        int line = (int)at.Start.Line;
        if (depth > Deepest)
        {
            throw Unplain(at, $"nested deeper than {Deepest.ToString(CultureInfo.InvariantCulture)}: no part of a vector is");
        }

        if (at is NodeEvent { Anchor.IsEmpty: false } or NodeEvent { Tag.IsEmpty: false })
        {
            throw Unplain(at, "anchors and tags are not read: write the value out");
        }

        switch (at)
        {
            case Scalar scalar:
                Advance(parser);
                return new YamlTree(line) { Scalar = scalar.Value };
            case SequenceStart:
                List<YamlTree> items = [];
                for (Advance(parser); parser.Current is not SequenceEnd;)
                {
                    items.Add(ReadNode(parser, depth + 1));
                }

                Advance(parser);
                return new YamlTree(line) { Items = items };
            case MappingStart:
                List<KeyValuePair<YamlTree, YamlTree>> entries = [];
                for (Advance(parser); parser.Current is not MappingEnd;)
                {
                    YamlTree key = ReadNode(parser, depth + 1);
                    entries.Add(new(key, ReadNode(parser, depth + 1)));
                }

                Advance(parser);
                return new YamlTree(line) { Entries = entries };
            default:
                throw Unplain(at, "aliases are not read: write the value out");
        }
    }

    private static void Next<T>(Parser parser)
        where T : ParsingEvent
    {
        if (parser.Current is null)
        {
            Advance(parser);
        }

        if (parser.Current is not T)
        {
            throw Unplain(parser.Current!, $"unexpected {parser.Current!.GetType().Name}: a file holds one mapping");
        }

        Advance(parser);
    }

    private static void Advance(Parser parser)
    {
        if (parser.MoveNext() && parser.Current is Comment comment)
        {
            throw Unplain(comment, "a comment would be lost when the file is formatted: make it the case's note");
        }
    }

    private static UnplainException Unplain(ParsingEvent at, string message) => new((int)at.Start.Line, message);

    private sealed class UnplainException(int line, string message) : Exception(message)
    {
        public int Line { get; } = line;
    }
}
