using System.Runtime.InteropServices;

namespace OnnxTransfer.Internals;

/// <summary>The C library's memory, which the image codecs and ONNX Runtime take theirs from.</summary>
internal static class NativeHeap
{
    /// <summary>The size from which a block goes back to the system when it is freed, once memory has become scarce.</summary>
    private const int LargeBytes = 4 << 20;

    /// <summary>What people set to say otherwise.</summary>
    private static readonly string[] s_settings = ["GLIBC_TUNABLES", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"];

    private static readonly Lock s_lock = new();
    private static bool s_isGlibc = OperatingSystem.IsLinux();
    private static bool s_isSet;

    /// <summary>
    /// Gives back to the system what is free: glibc keeps up to 64 MB for every thread, and more between the blocks that are in use. Takes
    /// milliseconds. Other C libraries give large blocks back by themselves.
    /// </summary>
    internal static void Trim() => Trim(keepsLittle: false);

    /// <summary>
    /// Gives back to the system what is free, also what a thread keeps at the end of its heap, which <see cref="Trim()"/> does not reach: the first
    /// call sets glibc to keep little there, for the whole process, which costs the page faults of large blocks from then on.
    /// </summary>
    internal static void TrimAll() => Trim(keepsLittle: true);

    private static void Trim(bool keepsLittle)
    {
        lock (s_lock)
        {
            if (!s_isGlibc) return;
            try
            {
                if (keepsLittle && !s_isSet && !Array.Exists(s_settings, name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name)))) KeepLittle();
                s_isSet |= keepsLittle;
                _ = malloc_trim(0);
            }
            catch (Exception exception) when (exception is EntryPointNotFoundException or DllNotFoundException)
            {
                s_isGlibc = false;
            }
        }
    }

    private static void KeepLittle()
    {
        const int trimThreshold = -1, mappingThreshold = -3;
        _ = mallopt(trimThreshold, LargeBytes);
        _ = mallopt(mappingThreshold, LargeBytes);
    }

    [DllImport("libc.so.6")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int malloc_trim(nuint pad);

    [DllImport("libc.so.6")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mallopt(int parameter, int value);
}
