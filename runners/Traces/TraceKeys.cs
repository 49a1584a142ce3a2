using System.Text.Json;

namespace KvmSpec.Runners.Traces;

/// <summary>The words of the format that FORMAT.md describes.</summary>
internal static class TraceKeys
{
    /// <summary>The version that is written and read.</summary>
    public const int Version = 1;

    /// <summary>Larger numbers are written as text, for readers that keep numbers in floating point.</summary>
    public const ulong LargestNumber = 1UL << 53;

    public static readonly JsonEncodedText Trace = JsonEncodedText.Encode("trace");
    public static readonly JsonEncodedText Sequence = JsonEncodedText.Encode("sequence");
    public static readonly JsonEncodedText End = JsonEncodedText.Encode("end");
    public static readonly JsonEncodedText Calls = JsonEncodedText.Encode("calls");
    public static readonly JsonEncodedText Interrupted = JsonEncodedText.Encode("interrupted");

    public static readonly JsonEncodedText On = JsonEncodedText.Encode("on");
    public static readonly JsonEncodedText Ioctl = JsonEncodedText.Encode("ioctl");
    public static readonly JsonEncodedText In = JsonEncodedText.Encode("in");
    public static readonly JsonEncodedText Pointer = JsonEncodedText.Encode("pointer");
    public static readonly JsonEncodedText As = JsonEncodedText.Encode("as");
    public static readonly JsonEncodedText Result = JsonEncodedText.Encode("result");
    public static readonly JsonEncodedText Errno = JsonEncodedText.Encode("errno");
    public static readonly JsonEncodedText Ending = JsonEncodedText.Encode("ending");
    public static readonly JsonEncodedText Out = JsonEncodedText.Encode("out");

    /// <summary>The keys of a call, in the order in which they are written.</summary>
    public static readonly IReadOnlyList<JsonEncodedText> OfCall = [On, Ioctl, In, Pointer, As, Result, Errno, Ending, Out];

    /// <summary>What stands for an ending other than a return.</summary>
    public static readonly IReadOnlyList<(Model.Ending Ending, string Word)> Endings =
        [(Model.Ending.Crashed, "crashed"), (Model.Ending.Hung, "hung"), (Model.Ending.NotMade, "not-made"), (Model.Ending.Unsaid, "unsaid"),
        (Model.Ending.Spared, "spared")];
}
