using System.Globalization;
using KvmSpec.Model;

namespace KvmSpec.Runners.Reports;

/// <summary>An outcome in a vector's words: an errno, a number, or the kind of the new descriptor.</summary>
internal static class OutcomeText
{
    public static string Of(in Observation observed, in Call call)
    {
        if (observed.Ending != Ending.Returned || observed.Errno != Errno.None)
        {
            return observed.Summary;
        }

        return observed.Descriptor && call.Operation.Creates is { } kind ? Kind(kind) : observed.Result.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The word that handles of the kind begin with.</summary>
    public static string Kind(DescriptorKind kind) => new Handle(kind, 1).ToString().TrimEnd('1');
}
