using FsCheck.Xunit;
using KvmSpec.Model;
using KvmSpec.Model.Arm64;
using KvmSpec.Model.Sequences;
using KvmSpec.Model.Uapi;
using Xunit;

namespace KvmSpec.Properties.Laws;

/// <summary>A model judges what a model answers.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)], QuietOnSuccess = true, Replay = Arbitraries.Replay)]
public sealed class JudgementLaws
{
    [Law("judge.self", "∀ m, s, c: judge(m, s, c, answer(m, s, c)) = as expected, or open where the rule is, with the same rule and next state, but for answers of a newer host that an older revision forbids")]
    [Property(MaxTest = 15000)]
    public void JudgesItselfAsExpected(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        World next = setting.Model.Answer(step.Before, step.Call, out Observation observed, out Rule decided);
        Judgement judgement = setting.Model.Judge(step.Before, step.Call, observed);
        return (judgement.Detail is { } detail && IsForbidden(setting, decided, detail))
            || (judgement.Finding == (decided.Open ? Finding.Open : Finding.AsExpected) && ReferenceEquals(judgement.Rule, step.Decided)
                && judgement.Next.Equals(next) && next.Equals(step.After) && judgement.Settled.IsEmpty);
    });

    [Law("judge.self-wild", "∀ m, s, c of any words: judge(m, s, c, answer(m, s, c)) = as expected, with the same exception")]
    [Property(MaxTest = 4000)]
    public void JudgesItselfOnWildCalls(Setting setting, SequenceName name, WildSeed wild) => Walks.EachWild(setting, name, wild, (world, call) =>
    {
        setting.Model.Answer(world, call, out Observation observed, out Rule decided);
        Judgement judgement = setting.Model.Judge(world, call, observed);
        return judgement.Finding == (decided.Open ? Finding.Open : Finding.AsExpected) || (judgement.Detail is { } detail && IsForbidden(setting, decided, detail));
    });

    [Law("judge.other-errno", "∀ m, s, c, e ∉ errnos(envelope(m, s, c)), e no environment's, nothing left open: judge(m, s, c, e) diverges and leaves s")]
    [Property(MaxTest = 1000)]
    public void OtherErrnoDiverges(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        var envelope = setting.Model.Envelope(step.Before, step.Call);
        foreach (Errno errno in Errnos)
        {
            Judgement judgement = setting.Model.Judge(step.Before, step.Call, new Observation { Errno = errno, After = step.Call.Words });
            if (!step.Decided.Open && !envelope.Any(r => r.Errno == errno) && (!judgement.Finding.Diverges() || !ReferenceEquals(judgement.Next, step.Before)))
            {
                return false;
            }
        }

        return true;
    });

    [Law("judge.environment", "∀ m, s, c, o of the machine (ENOMEM, EMFILE, ENFILE, spared), nothing left open: judge(m, s, c, o) = environment, leaves s and settles nothing")]
    [Property(MaxTest = 500)]
    public void TheMachineDecidesNothing(Setting setting, SequenceName name) => Walks.Each(setting, name, step =>
    {
        foreach (Observation machine in OfTheMachine)
        {
            Judgement judgement = setting.Model.Judge(step.Before, step.Call, machine with { After = step.Call.Words });
            if (!step.Decided.Open && (judgement.Finding != Finding.Environment || !ReferenceEquals(judgement.Next, step.Before) || !judgement.Settled.IsEmpty))
            {
                return false;
            }
        }

        return true;
    });

    /// <summary>The attribute of a device, asked as one of a vCPU: what is written lies at the same place.</summary>
    [Fact]
    public void A_call_in_another_shape_is_judged_by_what_lies_where()
    {
        Model.Model model = new(Revisions.Linux73, Arm64Hosts.Full);
        Arm64Calls make = new(model.Book);
        Handle device = new(DescriptorKind.Device, 0);
        World world = World.Initial;
        foreach (Call call in new[] { make.Vm(), make.Device(DeviceTypes.ArmVgicV3) })
        {
            world = model.Step(world, call, out _);
        }

        Operation ofVcpu = model.Book.Operations.Single(o => o.Ioctl == Ioctls.DeviceAttribute.Get.Ioctl && o.On == DescriptorKind.Vcpu);
        Call get = new Call(ofVcpu, device).With(Ioctls.DeviceAttribute.Get.Group, VgicGroups.InterruptCount.Value);
        model.Answer(world, get, out Observation observed, out Rule decided);
        Assert.Equal("vgic.interrupts.get", decided.Id);
        Assert.Equal(32UL, observed.After[Ioctls.DeviceAttribute.Get.Content.Index]);
        Assert.Equal(Finding.AsExpected, model.Judge(world, get, observed).Finding);
        observed.After[Ioctls.DeviceAttribute.Get.Content.Index] = 33;
        Assert.Equal(Finding.OtherValue, model.Judge(world, get, observed).Finding);
    }

    /// <summary>True where a host answers what an older revision than its own does not allow.</summary>
    private static bool IsForbidden(Setting setting, Rule decided, string detail) =>
        setting.Revision.Name != setting.Host.Release && decided.Allows is not null && detail.EndsWith("is not a value the API allows", StringComparison.Ordinal);

    private static readonly Observation[] OfTheMachine =
        [new() { Errno = Errno.ENOMEM }, new() { Errno = Errno.EMFILE }, new() { Errno = Errno.ENFILE }, new() { Ending = Ending.Spared }];

    private static readonly Errno[] Errnos = [.. Enum.GetValues<Errno>().Where(e => e != Errno.None && !e.IsEnvironment())];
}
