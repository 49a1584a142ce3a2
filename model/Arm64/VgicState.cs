namespace KvmSpec.Model.Arm64;

/// <summary>What the in-kernel interrupt controller of a VM keeps that later calls can tell.</summary>
public sealed record VgicState
{
    /// <summary>The device type it was made as: 5, 7 or 16.</summary>
    public required ushort Model { get; init; }

    /// <summary>True once it was initialised, by an attribute or lazily.</summary>
    public bool Initialized { get; init; }
}
