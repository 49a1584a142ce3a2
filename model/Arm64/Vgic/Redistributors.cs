namespace KvmSpec.Model.Arm64;

/// <summary>
/// Where a vGICv3's redistributors lie. A vCPU takes the first place that is free when it is created, or when a region is
/// added later; what is wrong with the places shows only then, or at the first KVM_RUN.
/// </summary>
public static class Redistributors
{
    /// <summary>Bytes of one redistributor: two frames of 64 KiB.</summary>
    public const ulong Size = 0x20000;

    private const ulong Frame = 0x10000;

    /// <summary>Bytes that a region covers; the one for all vCPUs grows with them.</summary>
    public static ulong SizeOf(in RedistributorRegion region, int vcpus) => (region.Count == 0 ? (ulong)vcpus : region.Count) * Size;

    /// <summary>The region added last; one of no redistributors where there is none.</summary>
    public static bool TryLast(VgicState vgic, out RedistributorRegion last)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        last = default;
        foreach (RedistributorRegion region in vgic.Regions)
        {
            last = region;
        }

        return vgic.Regions is not null;
    }

    /// <summary>True where some region has a place that nobody has taken.</summary>
    public static bool HasRoom(VgicState vgic)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        foreach (RedistributorRegion region in vgic.Regions)
        {
            if (region.HasRoom)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True where a range shares an address with a region.</summary>
    public static bool Overlaps(VgicState vgic, ulong start, ulong size, int vcpus)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        foreach (RedistributorRegion region in vgic.Regions)
        {
            if (start + size > region.Base && start < region.Base + SizeOf(region, vcpus))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True where a range shares an address with the distributor, if that has a place.</summary>
    public static bool MeetsDistributor(VgicState vgic, ulong start, ulong size)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        return vgic.Distributor != VgicState.NoAddress && start + size > vgic.Distributor && start < vgic.Distributor + Frame;
    }

    /// <summary>vgic_v3_check_base: no region reaches beyond the guest's addresses or into the distributor.</summary>
    public static bool Fit(VgicState vgic, ulong ipaEnd, int vcpus)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        foreach (RedistributorRegion region in vgic.Regions)
        {
            if (region.Base + SizeOf(region, vcpus) > ipaEnd)
            {
                return false;
            }
        }

        return vgic.Distributor == VgicState.NoAddress || !Overlaps(vgic, vgic.Distributor, Frame, vcpus);
    }

    /// <summary>The controller after one more place was taken, if there is one.</summary>
    public static VgicState Take(VgicState vgic)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        foreach (RedistributorRegion region in vgic.Regions)
        {
            if (region.HasRoom)
            {
                return vgic with { Regions = vgic.Regions.With(region with { Used = region.Used + 1 }) };
            }
        }

        return vgic;
    }

    /// <summary>The controller after every vCPU without a redistributor took a place, as far as there are any.</summary>
    public static VgicState Serve(VgicState vgic, int vcpus)
    {
        ArgumentNullException.ThrowIfNull(vgic);
        while (vgic.Redistributors < vcpus && HasRoom(vgic))
        {
            vgic = Take(vgic) with { Redistributors = vgic.Redistributors + 1 };
        }

        return vgic;
    }
}
