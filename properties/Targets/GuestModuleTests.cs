using System.Text;
using System.Text.RegularExpressions;
using KvmSpec.Runners.Guests;
using KvmSpec.Runners.Spec;
using KvmSpec.Runners.Targets;
using Xunit;

namespace KvmSpec.Properties.Targets;

/// <summary>The module that makes a guest answer as a GICv5 host: its text, its parameters, and what building it needs.</summary>
public sealed partial class GuestModuleTests
{
    private static readonly Guest[] WithModule = [.. GuestTable.Guests.Where(g => g.Module is not null)];

    public static TheoryData<string> Names => [.. WithModule.Select(g => g.Name)];

    [Fact]
    public void Two_guests_differ_in_what_stands_beside_the_vGICv5() =>
        Assert.Equal(("legacy=1", "legacy=0"), (GuestName.Parse("arm64-gicv5").Guest.Module!.Parameters, GuestName.Parse("arm64-gicv5-only").Guest.Module!.Parameters));

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_source_is_free_and_short_and_has_the_parameters_that_it_is_given(string name)
    {
        GuestModule module = GuestName.Parse(name).Guest.Module!;
        string source = Source(module);
        Assert.StartsWith("// SPDX-License-Identifier: GPL-2.0-only\n", source, StringComparison.Ordinal);
        Assert.Contains("MODULE_LICENSE(\"GPL\");", source, StringComparison.Ordinal);
        Assert.InRange(source.Count(c => c == '\n'), 50, 199);
        string[] known = [.. Parameter().Matches(source).Select(m => m.Groups[1].Value)];
        Assert.Equal("ppis pmu legacy", string.Join(' ', known));
        Assert.All(module.Parameters.Split(' '), p => Assert.Contains(p.Split('=')[0], known));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_it_cannot_show_is_a_clause_and_stands_beside_it(string name)
    {
        GuestModule module = GuestName.Parse(name).Guest.Module!;
        string page = Encoding.UTF8.GetString(GuestCache.Source("gicv5.md"));
        Assert.NotEmpty(module.CannotShow);
        Assert.All(module.CannotShow, c =>
        {
            Assert.NotNull(SpecFile.Embedded.Find(c.Clause));
            Assert.Contains($"| {c.Clause} | {c.Reason}", page, StringComparison.Ordinal);
        });
        Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal);
        Assert.Contains($"`{module.Parameters}`", page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_built_for_releases_that_the_guest_starts(string name)
    {
        Guest guest = GuestName.Parse(name).Guest;
        Assert.Equal(guest.Module!.Releases, GuestTable.KernelsOf(guest).Select(k => k.Release));
        TargetException refused = Assert.Throws<TargetException>(() => GuestName.Parse(name + "@6.12"));
        Assert.Contains("there are 7.3, 7.2", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Building_needs_the_headers_of_that_very_kernel_and_programs_for_this_machine()
    {
        Guest guest = GuestName.Parse("arm64-gicv5").Guest;
        GuestKernel kernel = new("7.3", "trixie-backports", "arm64");
        Assert.Equal(
            new BuildPackage[]
            {
                new("arm64", "trixie-backports", "linux-headers-7.3.4+deb13-cloud-arm64"),
                new("arm64", "trixie-backports", "linux-headers-7.3.4+deb13-common"),
                new("amd64", "trixie-backports", "linux-kbuild-7.3.4+deb13"),
                new("amd64", "trixie", "libc6"),
            },
            ModuleBuild.Plan(guest.Architecture, kernel, "7.3.4+deb13-cloud-arm64", "amd64"));
    }

    [Fact]
    public void A_kernel_that_is_not_Debians_is_refused_in_a_line()
    {
        Guest guest = GuestName.Parse("arm64-gicv5").Guest;
        TargetException refused = Assert.Throws<TargetException>(() => ModuleBuild.Plan(guest.Architecture, GuestTable.Kernels[0], "7.3.0-rc7", "amd64"));
        Assert.Contains("7.3.0-rc7", refused.Message, StringComparison.Ordinal);
        Assert.Contains("cloud-arm64", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_tells_its_release()
    {
        string image = Path.GetTempFileName();
        try
        {
            KernelFiles files = new("7.3", image, []);
            File.WriteAllBytes(image, [0xff, .. "Linux version %s\0Linux version 7.3.4+deb13-cloud-arm64 (debian) (gcc)"u8, 0xfe]);
            Assert.Equal("7.3.4+deb13-cloud-arm64", files.Release());
            File.WriteAllBytes(image, [1, 2, 3]);
            Assert.Contains(image, Assert.Throws<TargetException>(files.Release).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(image);
        }
    }

    [Fact]
    public void A_module_that_was_not_built_is_refused_with_what_builds_it()
    {
        GuestModule module = GuestName.Parse("arm64-gicv5").Guest.Module!;
        Assert.False(ModuleBuild.IsBuilt(module, "0.0.0-none"));
        Assert.Contains("kvmspec guest fetch", Assert.Throws<TargetException>(() => ModuleBuild.Built(module, "0.0.0-none")).Message, StringComparison.Ordinal);
    }

    private static string Source(GuestModule module) => Encoding.UTF8.GetString(GuestCache.Source(module.Name + ".c"));

    [GeneratedRegex(@"^module_param\((\w+),", RegexOptions.Multiline)]
    private static partial Regex Parameter();
}
