using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KvmSpec.Model.Riscv.Walks;

namespace KvmSpec.Runners.Walks;

/// <summary>A walk for people and for programs: every step with address, entry, decision and clause.</summary>
internal static class WalkText
{
    /// <summary>Machines' form: one line.</summary>
    public static readonly JsonSerializerOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter output, WalkCase walk, bool all)
    {
        WalkRecorder recorder = WalkRecorder.Follow(walk, out WalkResult result, out Dictionary<ulong, ulong> after);
        output.WriteLine($"{Kind(walk.Access)} of {walk.Access.Bytes} {(walk.Access.Bytes == 1 ? "byte" : "bytes")} at {walk.Access.Address} in {walk.Access.Privilege.ToString().ToUpperInvariant()}-mode, "
            + $"vsatp {walk.Registers.VsMode}, hgatp {walk.Registers.Hgatp.Mode}");
        foreach (WalkStep step in recorder.Steps)
        {
            string indent = new string(' ', 2 + (2 * step.Depth));
            switch (step.What)
            {
                case "begin":
                    output.WriteLine($"{indent}{Name(step.Stage)}: {step.As} at {WalkReader.Address(step.Address)}");
                    break;
                case "read":
                    output.WriteLine($"{indent}  level {step.Level}: entry at {(step.Stage == Stage.VsStage ? $"{WalkReader.Address(step.Address)}, in memory {step.At}" : step.At.ToString())}"
                        + $" is {step.Entry} {step.Entry.Flags}{Points(step.Entry)}");
                    break;
                case "stored":
                    output.WriteLine($"{indent}  meanwhile another hart stores {step.Entry} at {step.At}");
                    break;
                case "updated":
                    output.WriteLine($"{indent}  level {step.Level}: entry at {step.At} becomes {step.Entry} {step.Entry.Flags}");
                    break;
                case "end":
                    output.WriteLine($"{indent}  gives {WalkReader.Address(step.Address)}");
                    break;
                default:
                    if (all || step.Holds)
                    {
                        output.WriteLine($"{indent}  {(all ? step.Holds ? "yes " : "no  " : "")}{step.Clause!.Id}{(step.Holds && step.Clause == result.Clause ? ": " + Refusal(step) : "")}");
                    }

                    break;
            }
        }

        foreach (string line in Result(walk, result, after))
        {
            output.WriteLine(line);
        }
    }

    /// <summary>What came of it, in lines.</summary>
    public static IEnumerable<string> Result(WalkCase walk, WalkResult result, Dictionary<ulong, ulong> after)
    {
        if (result.IsTrap)
        {
            yield return $"trap: cause {(int)result.Cause} ({Words(result.Cause)}) by {result.Clause}, tval {result.Tval}"
                + (result.IsGuestPageFault ? $", gpa {result.Gpa}, htval {WalkReader.Address(result.Htval)} or 0, htinst {Pseudo(result.Pseudo)}" : "");
        }
        else
        {
            yield return $"goes to {result.Spa}, gpa {result.Gpa}, memory type {result.Type.ToString().ToLowerInvariant()}";
        }

        IReadOnlyDictionary<ulong, ulong> unwalked = walk.Unwalked;
        foreach ((ulong address, ulong word) in Changed(unwalked, after))
        {
            yield return $"leaves {WalkReader.Address(address)}: {WalkReader.Address(unwalked.GetValueOrDefault(address))} -> {WalkReader.Address(word)}";
        }
    }

    /// <summary>The whole walk as one line of JSON.</summary>
    public static string Json(WalkCase walk)
    {
        WalkRecorder recorder = WalkRecorder.Follow(walk, out WalkResult result, out Dictionary<ulong, ulong> after);
        JsonObject json = new()
        {
            ["result"] = ResultJson(result),
            ["clause"] = result.Clause?.Id,
            ["after"] = new JsonObject(Changed(walk.Unwalked, after)
                .Select(w => KeyValuePair.Create(WalkReader.Address(w.Key), (JsonNode?)WalkReader.Address(w.Value)))),
            ["steps"] = new JsonArray([.. recorder.Steps.Select(StepJson)]),
        };
        return json.ToJsonString(OneLine);
    }

    /// <summary>The words that the walk itself has changed.</summary>
    private static IEnumerable<KeyValuePair<ulong, ulong>> Changed(IReadOnlyDictionary<ulong, ulong> unwalked, Dictionary<ulong, ulong> after) =>
        after.Where(w => unwalked.GetValueOrDefault(w.Key) != w.Value).OrderBy(w => w.Key);

    private static JsonObject ResultJson(WalkResult result)
    {
        JsonObject json = [];
        if (!result.IsTrap)
        {
            json["spa"] = result.Spa.ToString();
            json["gpa"] = result.Gpa.ToString();
            json["type"] = result.Type.ToString().ToLowerInvariant();
            return json;
        }

        json["cause"] = (int)result.Cause;
        json["tval"] = result.Tval.ToString();
        if (result.IsGuestPageFault)
        {
            json["gpa"] = result.Gpa.ToString();
            json["htval"] = WalkReader.Address(result.Htval);
            json["htinst"] = WalkReader.Address(result.Pseudo);
        }

        return json;
    }

    private static JsonNode StepJson(WalkStep step)
    {
        JsonObject json = new() { ["step"] = step.What, ["stage"] = Name(step.Stage) };
        if (step.Depth > 0)
        {
            json["implicit"] = true;
        }

        switch (step.What)
        {
            case "begin":
                json["as"] = step.As;
                json["address"] = WalkReader.Address(step.Address);
                break;
            case "end":
                json["address"] = WalkReader.Address(step.Address);
                break;
            case "asked":
                json["clause"] = step.Clause!.Id;
                json["holds"] = step.Holds;
                if (step.Bytes > 0)
                {
                    json["at"] = step.At.ToString();
                    json["bytes"] = step.Bytes;
                    json["needs"] = WalkVectorFormatter.Allowed(step.Needed);
                }

                break;
            case "stored":
                json["at"] = step.At.ToString();
                json["word"] = step.Entry.ToString();
                break;
            default:
                json["level"] = step.Level;
                json["at"] = step.At.ToString();
                json["entry"] = step.Entry.ToString();
                break;
        }

        return json;
    }

    private static string Refusal(WalkStep step) => step.Clause!.Effect == ClauseEffect.PageFault
        ? step.Stage == Stage.GStage ? "guest-page fault" : "page fault"
        : $"access fault, {WalkVectorFormatter.Allowed(step.Needed)} of {step.Bytes} {(step.Bytes == 1 ? "byte" : "bytes")} at {step.At} is not allowed";

    private static string Pseudo(ushort pseudo) => pseudo == 0 ? "0 or the transformed instruction"
        : $"{WalkReader.Address(pseudo)} where htval is not 0, the pseudoinstruction of a {((pseudo & Walker.PseudoWrite) != 0 ? "write" : "read")} of a VS-stage table";

    private static string Points(Pte entry) => !entry.IsValid ? "" : $", {(entry.IsLeaf ? "page" : "table")} {WalkReader.Address(entry.Ppn << Paging.OffsetBits)}";

    private static string Name(Stage stage) => stage == Stage.GStage ? "G-stage" : "VS-stage";

    private static string Kind(Access access) => access.Hlvx ? "HLVX" : access.Kind.ToString();

    private static string Words(TrapCause cause) =>
        string.Concat(cause.ToString().Select((c, i) => char.IsAsciiLetterUpper(c) && i > 0 ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()))
            .Replace("guest page", "guest-page", StringComparison.Ordinal);
}
