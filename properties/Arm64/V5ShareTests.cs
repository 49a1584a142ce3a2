using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Sequences;
using Xunit;

namespace KvmSpec.Properties.Arm64;

/// <summary>What sequences are about on a host that can make a vGICv5.</summary>
public sealed class V5ShareTests
{
    private const int Sequences = 2000;
    private const int Length = 30;

    [Fact]
    public void Half_of_the_calls_on_a_GICv5_host_are_about_vGICv5()
    {
        Generator generator = new(new Model.Model(Revisions.Linux73, Arm64Hosts.Gicv5));
        Dictionary<string, int> counts = [];
        int own = 0;
        for (ulong seed = 0; seed < Sequences; seed++)
        {
            foreach (Call call in generator.Generate(new SequenceName(seed, Length)).Calls)
            {
                own += VgicEmphasis.Concerns(call.Operation) ? 1 : 0;
                counts[call.Operation.FullName] = counts.GetValueOrDefault(call.Operation.FullName) + 1;
            }
        }

        Assert.True(own * 2 >= Sequences * Length, $"{own} of {Sequences * Length}: " + string.Join("; ", counts.OrderByDescending(c => c.Value).Take(30).Select(c => $"{c.Key} {c.Value}")));
    }
}
