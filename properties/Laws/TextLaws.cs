using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Sequences;

namespace KvmSpec.Properties.Laws;

/// <summary>What is printed is read back as the same value.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class TextLaws
{
    [Law("text.handle", "∀ handle h: parse(text h) = h ∧ from(word h) = h")]
    [Property(MaxTest = 2000)]
    public bool HandleRoundTrips(Handle handle) =>
        Handle.TryParse(handle.ToString(), out Handle read) && read == handle && Handle.TryFrom(handle.Word, out Handle decoded) && decoded == handle;

    [Law("text.handle-is-no-number", "∀ 32-bit n: n is no handle's word")]
    [Property(MaxTest = 2000)]
    public bool NumbersAreNoHandles(uint number) => !Handle.TryFrom(number, out _);

    [Law("text.pointer", "∀ pointer p: parse(text p) = p ∧ of(word p) = p")]
    [Property(MaxTest = 2000)]
    public bool PointerRoundTrips(Pointer pointer) =>
        Pointer.TryParse(pointer.ToString(), out Pointer read) && read == pointer && Pointer.Of(pointer.Word) == pointer;

    [Law("text.sequence-name", "∀ name q: parse(text q) = q")]
    [Property(MaxTest = 2000)]
    public bool SequenceNameRoundTrips(SequenceName name) => SequenceName.TryParse(name.ToString(), out SequenceName read) && read == name;

    [Law("text.number", "∀ word w: parse(text w) = w")]
    [Property(MaxTest = 2000)]
    public bool NumberRoundTrips(WildSeed word) =>
        new[] { word.Value, word.Value >> 40, word.Value >> 48 }.All(w => CallText.TryReadNumber(CallText.Number(w), out ulong read) && read == w);

    [Law("text.call", "∀ m, q, c ∈ q or wild: parse(text c) = c, up to words the kernel only writes")]
    [Property(MaxTest = 800)]
    public void CallRoundTrips(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (_, call) =>
        Reads(call) && setting.Generator.Generate(name with { Length = 1 }).Calls.ToArray().All(c => Reads(c)));

    /// <summary>Reads the line as a vector's reader does, the operation given.</summary>
    private static bool Reads(in Call call)
    {
        string text = call.ToString();
        Dictionary<string, string> entries = text[2..^2].Split(", ").Select(e => e.Split(": ")).ToDictionary(e => e[0], e => e[1]);
        Operation operation = call.Operation;
        if (!Handle.TryParse(entries["on"], out Handle on) || entries["ioctl"] != (operation.Ioctl?.Name ?? "close"))
        {
            return false;
        }

        Call read = new(operation, on) { Argument = operation.Ioctl is { TakesPointer: true } ? Pointer.Fine : call.Argument };
        foreach (Field field in operation.Ioctl?.Fields ?? [])
        {
            if (entries.TryGetValue(field.Name, out string? value))
            {
                if (!CallText.TryReadWord(field, value, out ulong word))
                {
                    return false;
                }

                read.Words[field.Index] = word;
            }
        }

        if (entries.TryGetValue("pointer", out string? pointer) && !Pointer.TryParse(pointer, out read.Argument))
        {
            return false;
        }

        return (!entries.TryGetValue("as", out string? name) || Handle.TryParse(name, out read.As)) && read == call;
    }
}
