using KvmSpec.Runners.Commands;

namespace KvmSpec.Properties.Commands;

/// <summary>One run of the program in this process: its exit status and what it wrote.</summary>
internal sealed record Invocation(int Status, string Output, string Errors)
{
    /// <summary>Runs the program.</summary>
    public static Invocation Of(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter errors = new();
        int status = CommandLine.Run(args, output, errors);
        return new Invocation(status, output.ToString(), errors.ToString());
    }
}
