namespace KvmSpec.Runners.Walks.Server;

/// <summary>What runs the walk server's program, with RAM that it shares with this process.</summary>
internal interface IWalkMachine : IDisposable
{
    /// <summary>Whose walkers it has.</summary>
    SecondOpinion Opinion { get; }

    /// <summary>Why it runs no longer; <c>null</c> while it does.</summary>
    string? Ended { get; }

    /// <summary>The program as it lies at the beginning of RAM.</summary>
    /// <param name="directory">A directory of its own for what is made on the way.</param>
    byte[] Build(string directory);

    /// <summary>Starts with RAM that holds the program.</summary>
    /// <param name="ram">The file that is RAM.</param>
    void Start(string ram);
}
