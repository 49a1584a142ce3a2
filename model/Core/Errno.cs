namespace KvmSpec.Model;

/// <summary>The error numbers that KVM's ioctls answer with, by Linux's asm-generic values.</summary>
public enum Errno : byte
{
    None = 0,
    EPERM = 1,
    ENOENT = 2,
    EINTR = 4,
    EIO = 5,
    ENXIO = 6,
    E2BIG = 7,
    ENOEXEC = 8,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EBUSY = 16,
    EEXIST = 17,
    ENODEV = 19,
    EINVAL = 22,
    ENFILE = 23,
    EMFILE = 24,
    ENOTTY = 25,
    EFBIG = 27,
    ENOSPC = 28,
    ENOSYS = 38,
    EOPNOTSUPP = 95,
}

/// <summary>What an errno tells about its cause.</summary>
public static class ErrnoClasses
{
    /// <summary>
    /// True for errnos that the machine's resources cause, not the call: allowed at any time, counted, they end the
    /// sequence and decide nothing.
    /// </summary>
    public static bool IsEnvironment(this Errno errno) =>
        errno is Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE or Errno.EINTR;
}
