using System.ComponentModel;
using System.Reflection;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>Finds the methods that carry a <see cref="PropertyAttribute"/>.</summary>
public sealed class PropertyDiscoverer(IMessageSink messages) : IXunitTestCaseDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new PropertyTestCase(messages, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

/// <summary>A property as a test case of xunit.</summary>
public sealed class PropertyTestCase : XunitTestCase
{
    /// <summary>For xunit, which reads test cases back from text.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called by xunit only", error: true)]
    public PropertyTestCase()
    {
    }

    public PropertyTestCase(IMessageSink messages, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method)
        : base(messages, display, options, method)
    {
    }

    /// <inheritdoc/>
    public override Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink, IMessageBus messageBus, object[] constructorArguments, ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new CaseRunner(this, constructorArguments, messageBus, aggregator, cancellationTokenSource).RunAsync();

    private sealed class CaseRunner(
        PropertyTestCase test, object[] constructorArguments, IMessageBus bus, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestCaseRunner(test, test.DisplayName, test.SkipReason, constructorArguments, new object[test.Method.GetParameters().Count()],
            bus, aggregator, cancellation)
    {
        protected override XunitTestRunner CreateTestRunner(
            ITest test, IMessageBus messageBus, Type testClass, object[] constructorArguments, MethodInfo testMethod, object[] testMethodArguments,
            string skipReason, IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes, ExceptionAggregator aggregator,
            CancellationTokenSource cancellationTokenSource) =>
            new Runner(test, messageBus, testClass, constructorArguments, testMethod, testMethodArguments, skipReason, beforeAfterAttributes,
                aggregator, cancellationTokenSource);
    }

    private sealed class Runner(
        ITest test, IMessageBus bus, Type testClass, object[] constructorArguments, MethodInfo method, object[] arguments, string skipReason,
        IReadOnlyList<BeforeAfterTestAttribute> around, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestRunner(test, bus, testClass, constructorArguments, method, arguments, skipReason, around, aggregator, cancellation)
    {
        private readonly TestOutputHelper output = constructorArguments.OfType<TestOutputHelper>().FirstOrDefault() ?? new TestOutputHelper();

        protected override async Task<Tuple<decimal, string>> InvokeTestAsync(ExceptionAggregator aggregator)
        {
            output.Initialize(MessageBus, Test);
            decimal time = await InvokeTestMethodAsync(aggregator).ConfigureAwait(false);
            string text = output.Output;
            output.Uninitialize();
            return Tuple.Create(time, text);
        }

        protected override Task<decimal> InvokeTestMethodAsync(ExceptionAggregator aggregator) =>
            new Invoker(output, Test, MessageBus, TestClass, ConstructorArguments, TestMethod, TestMethodArguments, BeforeAfterAttributes,
                aggregator, CancellationTokenSource).RunAsync();
    }

    private sealed class Invoker(
        TestOutputHelper output, ITest test, IMessageBus bus, Type testClass, object[] constructorArguments, MethodInfo method, object[] arguments,
        IReadOnlyList<BeforeAfterTestAttribute> around, ExceptionAggregator aggregator, CancellationTokenSource cancellation)
        : XunitTestInvoker(test, bus, testClass, constructorArguments, method, arguments, around, aggregator, cancellation)
    {
        protected override object? CallTestMethod(object? testClassInstance)
        {
            List<PropertyAttribute> attributes = [TestMethod.GetCustomAttribute<PropertyAttribute>()!];
            for (Type? type = TestClass; type is not null; type = type.DeclaringType)
            {
                attributes.AddRange(type.GetCustomAttributes<PropertiesAttribute>());
            }

            attributes.AddRange(TestClass.Assembly.GetCustomAttributes<PropertiesAttribute>());
            Recorder recorder = new();
            Config config = PropertyAttribute.Configure(attributes, recorder, output.WriteLine);
            Check.Method(config, TestMethod, testClassInstance is null ? FSharpOption<object>.None : FSharpOption<object>.Some(testClassInstance));
            TestResult result = recorder.Result ?? throw new InvalidOperationException("the property was not run");
            string text = FsCheck.Runner.onFinishedToString("", result);
            if (result is TestResult.Passed)
            {
                output.WriteLine(text);
                return null;
            }

            string replay = result is TestResult.Failed failed
                ? $"{Environment.NewLine}Replay = \"({failed.Item5.Seed},{failed.Item5.Gamma})\" runs this again."
                : "";
            throw new PropertyFailedException(text + replay, (result as TestResult.Failed)?.Item4 is Outcome.Failed outcome ? outcome.Item : null);
        }
    }

    private sealed class Recorder : IRunner
    {
        public TestResult? Result { get; private set; }

        public void OnStartFixture(Type value)
        {
        }

        public void OnArguments(int ntest, FSharpList<object> args, FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every) =>
            every.Invoke(ntest).Invoke(args);

        public void OnShrink(FSharpList<object> args, FSharpFunc<FSharpList<object>, string> everyShrink) => everyShrink.Invoke(args);

        public void OnFinished(string name, TestResult testResult) => Result = testResult;
    }
}

/// <summary>A property that does not hold: FsCheck's report with the shrunk arguments, and how to run it again.</summary>
public sealed class PropertyFailedException(string message, Exception? inner) : Exception(Environment.NewLine + message, inner);
