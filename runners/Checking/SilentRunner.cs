using FsCheck;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace KvmSpec.Runners.Checking;

/// <summary>Lets FsCheck run without printing: reports are the project's own.</summary>
internal sealed class SilentRunner : IRunner
{
    public static readonly SilentRunner Instance = new();

    public void OnArguments(int ntest, FSharpList<object> args, FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every)
    {
    }

    public void OnFinished(string name, TestResult testResult)
    {
    }

    public void OnShrink(FSharpList<object> args, FSharpFunc<FSharpList<object>, string> everyShrink)
    {
    }

    public void OnStartFixture(Type t)
    {
    }
}
