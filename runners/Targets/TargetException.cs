namespace KvmSpec.Runners.Targets;

/// <summary>A target that is not there or stopped working: one line that says what, and what to do.</summary>
public sealed class TargetException(string message) : Exception(message);
