namespace KvmSpec.Runners.Commands;

/// <summary>A kernel of the user's own for a guest.</summary>
/// <param name="Image">What QEMU boots.</param>
/// <param name="Modules">The directory with its modules; <c>null</c> where KVM is built in.</param>
public sealed record OwnKernel(string Image, string? Modules)
{
    /// <summary>Reads --kernel and --modules.</summary>
    /// <param name="target">What boots it.</param>
    /// <param name="kernel">What was given as the image.</param>
    /// <param name="modules">What was given as the directory.</param>
    /// <param name="which">What stands before <c>kernel</c> and <c>modules</c> in the options' names.</param>
    /// <exception cref="RequestException">They stand beside a target that boots nothing, or modules without a kernel.</exception>
    public static OwnKernel? Of(string? target, string? kernel, string? modules, string which = "")
    {
        if (kernel is null)
        {
            return modules is null ? null : throw new RequestException($"--{which}modules: give the kernel they belong to with --{which}kernel");
        }

        return target?.StartsWith("guest:", StringComparison.Ordinal) == true ? new OwnKernel(kernel, modules)
            : throw new RequestException($"--{which}kernel: give the guest that boots it as {(which.Length > 0 ? "A" : "the target")}, guest:NAME");
    }
}
