using System.Reflection;
using FsCheck.Fluent;
using FsCheck.Xunit;
using VerifyXunit;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace KvmSpec.Properties.Upstream;

/// <summary>The stand-ins do what tests rely on in the packages they stand for.</summary>
public sealed class StandInTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("kvmspec-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    /// <summary>A property that does not hold fails with seed, shrunk value and a token that runs it again to the same report.</summary>
    [Fact]
    public async Task FailingPropertyReports()
    {
        string report = await Run(nameof(Sample.SmallerThanTen));
        Assert.Equal(report, await Run(nameof(Sample.SmallerThanTen)));
        Assert.Contains("Falsifiable, after ", report, StringComparison.Ordinal);
        Assert.Contains("Shrunk:", report, StringComparison.Ordinal);
        Assert.Contains("10", report, StringComparison.Ordinal);
        Assert.Contains("Replay = \"(1,3)\" runs this again.", report, StringComparison.Ordinal);
    }

    /// <summary>MaxTest, Arbitrary and skipping are obeyed; a throwing property fails with its exception.</summary>
    [Fact]
    public async Task SettingsAreObeyed()
    {
        Sample.Calls = 0;
        Assert.Equal("passed", await Run(nameof(Sample.CountsSevens)));
        Assert.Equal(17, Sample.Calls);
        Assert.Equal("skipped: not now", await Run(nameof(Sample.Skipped)));
        Assert.Contains("thrown on purpose", await Run(nameof(Sample.Throws)), StringComparison.Ordinal);
    }

    /// <summary>A snapshot that is missing or differs fails, writes what was received and shows the lines; an equal one passes.</summary>
    [Fact]
    public async Task SnapshotsAreCompared()
    {
        string source = Path.Combine(directory, "Sample.cs");
        await File.WriteAllTextAsync(source, "");
        await Assert.ThrowsAsync<VerifyException>(async () => await Verifier.Verify("one\ntwo\n", null, source, "Method"));
        string received = Path.Combine(directory, "Sample.Method.received.txt");
        File.Move(received, Path.Combine(directory, "Sample.Method.verified.txt"));
        await Verifier.Verify("one\r\ntwo\r\n", null, source, "Method");
        VerifyException different = await Assert.ThrowsAsync<VerifyException>(async () => await Verifier.Verify("one\nthree\n", null, source, "Method"));
        Assert.Contains("from line 2:\n- two\n+ three\n", different.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(received));
        await Verifier.Verify("one\ntwo\n", null, source, "Method");
        Assert.False(File.Exists(received));
        await Assert.ThrowsAsync<VerifyException>(async () => await Verifier.Verify(12, null, source, "Method").UseFileName("other"));
        Assert.Equal("12", await File.ReadAllTextAsync(Path.Combine(directory, "other.received.txt")));
    }

    private static async Task<string> Run(string name)
    {
        TestAssembly assembly = new(Reflector.Wrap(typeof(Sample).Assembly));
        TestClass type = new(new TestCollection(assembly, null, "stand-ins"), Reflector.Wrap(typeof(Sample)));
        MethodInfo method = typeof(Sample).GetMethod(name)!;
        using PropertyTestCase test = new(new NullMessageSink(), TestMethodDisplay.Method, TestMethodDisplayOptions.None, new TestMethod(type, Reflector.Wrap(method)));
        using Outcomes outcomes = new();
        using CancellationTokenSource cancellation = new();
        await test.RunAsync(new NullMessageSink(), outcomes, [], new ExceptionAggregator(), cancellation);
        return outcomes.Text;
    }

    /// <summary>Keeps how a test ended.</summary>
    private sealed class Outcomes : IMessageBus
    {
        internal string Text { get; private set; } = "";

        public bool QueueMessage(IMessageSinkMessage message)
        {
            Text = message switch
            {
                ITestPassed => "passed",
                ITestSkipped skipped => $"skipped: {skipped.Reason}",
                ITestFailed failed => string.Join('\n', failed.Messages),
                _ => Text,
            };
            return true;
        }

        public void Dispose()
        {
        }
    }

    /// <summary>Not public, so that no runner finds these.</summary>
#pragma warning disable xUnit1000
    private sealed class Sample
    {
        internal static int Calls { get; set; }

        [Property(Replay = "(1,3)", QuietOnSuccess = true)]
        public bool SmallerThanTen(int number) => number < 10;

        [Property(MaxTest = 17, Arbitrary = [typeof(Sevens)])]
        public bool CountsSevens(int number)
        {
            Calls++;
            return number == 7;
        }

        [Property(Skip = "not now")]
        public bool Skipped(int number) => number == 0;

        [Property]
        public void Throws(int number) => throw new InvalidOperationException($"thrown on purpose at {number}");
    }

#pragma warning restore xUnit1000

    private static class Sevens
    {
        public static FsCheck.Arbitrary<int> Numbers() => Gen.Constant(7).ToArbitrary();
    }
}
