using System.Runtime.InteropServices;

namespace OnnxTransfer.Internals;

/// <summary>The C library's memory, which the image codecs take theirs from.</summary>
internal static class NativeHeap
{
    private static volatile bool s_canTrim = OperatingSystem.IsLinux();

    /// <summary>
    /// Gives back to the system what is free: glibc keeps up to 64 MB for every thread, and more between the blocks that are in use.
    /// Takes milliseconds. Other C libraries give large blocks back by themselves.
    /// </summary>
    internal static void Trim()
    {
        if (!s_canTrim) return;
        try
        {
            _ = malloc_trim(0);
        }
        catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
        {
            s_canTrim = false;
        }
    }

    [DllImport("libc.so.6")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int malloc_trim(nuint pad);
}
