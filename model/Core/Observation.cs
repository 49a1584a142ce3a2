namespace KvmSpec.Model;

/// <summary>How a call ended.</summary>
public enum Ending : byte
{
    /// <summary>It returned.</summary>
    Returned,

    /// <summary>The kernel crashed, or the process did.</summary>
    Crashed,

    /// <summary>It did not return within its time limit.</summary>
    Hung,

    /// <summary>The target refused to make it, because an earlier call crashed or hung.</summary>
    NotMade,

    /// <summary>It returned, but the kernel printed what it prints only where something is wrong in the kernel.</summary>
    Warned,

    /// <summary>A model that stands in for a kernel says nothing of it.</summary>
    Unsaid,

    /// <summary>The target did not make it, since the machine has not the memory that the kernel might set aside for it.</summary>
    Spared,
}

/// <summary>What a kernel, or a model standing in for one, answered to a call.</summary>
public struct Observation
{
    public Ending Ending;

    /// <summary>The errno, or none where the call succeeded.</summary>
    public Errno Errno;

    /// <summary>True where a new descriptor was made, as the result or inside the struct.</summary>
    public bool Descriptor;

    /// <summary>The result; 0 where it is a descriptor.</summary>
    public long Result;

    /// <summary>Every word as it stands after the call; a pointer's and a descriptor's word stays what it was.</summary>
    public Words After;

    /// <summary>
    /// True where the machine ran out of something or was about to, or a signal came: that decides nothing, nor does anything after it. With
    /// immediate_exit an EINTR is KVM_RUN's answer.
    /// </summary>
    public readonly bool IsEnvironment(in Call call) => Ending == Ending.Spared || (Ending == Ending.Returned && Errno.IsEnvironment()
        && !(Errno == Errno.EINTR && call.Operation.Ioctl == Uapi.Ioctls.Run.Ioctl && call[Uapi.Ioctls.Run.ImmediateExit] != 0));

    /// <summary>True where both have one <see cref="Summary"/>, told without writing it.</summary>
    public readonly bool SaysAs(in Observation other) => Ending == other.Ending
        && (Ending != Ending.Returned || (Errno == other.Errno && (Errno != Errno.None || (Descriptor == other.Descriptor && (Descriptor || Result == other.Result)))));

    /// <summary>What is compared first: the errno, a descriptor, or a number.</summary>
    public readonly string Summary => Ending switch
    {
        Ending.Crashed => "crash",
        Ending.Hung => "hang",
        Ending.NotMade => "not made",
        Ending.Warned => "a kernel warning",
        Ending.Unsaid => "nothing said",
        Ending.Spared => "not made: too little memory",
        _ when Errno != Errno.None => Errno.ToString(),
        _ when Descriptor => "a descriptor",
        _ => Result.ToString(),
    };
}
