using System.Globalization;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Fuzz;

/// <summary>
/// Watches the memory that the process holds, after the garbage collector and the C library's allocator have given back
/// what they only keep for later: what remains and grows is lost.
/// </summary>
internal sealed partial class MemoryWatch
{
    /// <summary>
    /// The readers' tables, the just-in-time compiler's code and the pools fill for a while; after that there is nothing left
    /// that may grow but holes between the blocks that remain.
    /// </summary>
    private const double WarmUp = 0.2;

    private const long MostGrowthBytes = 16L << 20;

    private readonly int _inputs;
    private readonly int _step;
    private long _after;

    internal MemoryWatch(int inputs)
    {
        _inputs = inputs;
        // Even a short run is seen ten times.
        _step = Math.Clamp(inputs / 10, 1, 10_000);
        Console.WriteLine("inputs    held MiB   managed MiB   mapped MiB");
    }

    /// <summary>How much more is held than after the warm-up.</summary>
    internal long Growth { get; private set; }

    internal bool IsTooMuch => Growth > MostGrowthBytes;

    /// <summary>Prints a line every so many inputs.</summary>
    internal void Done(int inputs)
    {
        if (inputs % _step != 0 && inputs != _inputs) return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GiveBack();
        var held = Held();
        if (inputs <= _inputs * WarmUp) _after = held;
        Growth = held - _after;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{inputs,-9} {held / 1048576.0,8:f1} {GC.GetTotalMemory(false) / 1048576.0,13:f1} {Environment.WorkingSet / 1048576.0,12:f1}"));
    }

    /// <summary>The most memory that the process had at any time.</summary>
    internal static long Peak()
    {
        if (!OperatingSystem.IsLinux()) return System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64;
        // Two times of 16 bytes each, then the kibibytes.
        Span<long> usage = stackalloc long[18];
        return getrusage(0, usage) == 0 ? 1024 * usage[4] : 0;
    }

    /// <summary>Anonymous memory that lies in RAM; pages of files, such as libraries, come and go with the system's mood.</summary>
    private static long Held() => OperatingSystem.IsLinux() ? Status("RssAnon:") : Environment.WorkingSet;

    private static long Status(string name)
    {
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static void GiveBack()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = malloc_trim(0);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc: its allocator keeps what it keeps.
        }
    }

    [LibraryImport("libc")]
    private static partial int malloc_trim(nuint pad);

    [LibraryImport("libc")]
    private static partial int getrusage(int who, Span<long> usage);
}
