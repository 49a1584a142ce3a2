namespace KvmSpec.Runners.Spec;

/// <summary>One clause of spec.md, as it is written there.</summary>
/// <param name="Id">The name that the rule in the code has too.</param>
/// <param name="Errno">The errno, or <c>accepts</c>.</param>
/// <param name="Where">The calls in which the rule stands.</param>
/// <param name="Range">The releases that have it.</param>
/// <param name="Text">What must be so: one paragraph without line breaks.</param>
/// <param name="Source">Where it was read, and what the documentation says.</param>
/// <param name="Evidence">Which kernels showed it.</param>
/// <param name="Chapter">The title of its chapter.</param>
/// <param name="Line">The line of its heading, counted from 1.</param>
public sealed record Clause(
    string Id, string Errno, string Where, string Range, string Text, string Source, string Evidence, string Chapter, int Line);

/// <summary>A spec.md that cannot be read: one line that says where and what.</summary>
public sealed class SpecFormatException(string file, int line, string problem) : Exception($"{file}:{line}: {problem}");
