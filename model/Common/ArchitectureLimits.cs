namespace KvmSpec.Model.Common;

/// <summary>Bounds that every architecture has, each for reasons of its own.</summary>
public static class ArchitectureLimits
{
    /// <summary>The end of the guest-physical addresses that a memslot may use, in bytes.</summary>
    public static readonly Limit GpaEnd = new("gpa-end", "a memslot ends here at the latest, in bytes of guest-physical address");
}
