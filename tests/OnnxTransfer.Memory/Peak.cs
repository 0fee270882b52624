using System.Globalization;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Memory;

/// <summary>The most memory that the process held during an action above what it held before, as Linux counts it.</summary>
internal static partial class Peak
{
    /// <summary>Runs an action and returns the bytes.</summary>
    internal static long Of(Action action)
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        try
        {
            _ = malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: its allocator keeps what it keeps.
        }

        var before = Status("VmRSS");
        // Sets the peak to what is held now.
        File.WriteAllText("/proc/self/clear_refs", "5");
        action();
        return Status("VmHWM") - before;
    }

    /// <summary>A size that Linux states of this process, in bytes.</summary>
    internal static long Status(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith(field + ":", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);
}
