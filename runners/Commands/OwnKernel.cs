namespace KvmSpec.Runners.Commands;

/// <summary>A kernel of the user's own for a guest.</summary>
/// <param name="Image">What QEMU boots.</param>
/// <param name="Modules">The directory with its modules; <c>null</c> where KVM is built in.</param>
public sealed record OwnKernel(string Image, string? Modules)
{
    /// <summary>Reads --kernel and --modules.</summary>
    /// <exception cref="RequestException">They stand beside a target that boots nothing, or modules without a kernel.</exception>
    public static OwnKernel? Of(string? target, string? kernel, string? modules)
    {
        if (kernel is null)
        {
            return modules is null ? null : throw new RequestException("--modules: give the kernel they belong to with --kernel");
        }

        return target?.StartsWith("guest:", StringComparison.Ordinal) == true ? new OwnKernel(kernel, modules)
            : throw new RequestException("--kernel: give the guest that boots it as the target, guest:NAME");
    }
}
