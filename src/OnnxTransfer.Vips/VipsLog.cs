using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>
/// Receives the log of libvips during a decode. libvips reports some damage only as a warning, on the decoding thread, when its reader
/// closes. The text of a warning comes from a buffer that all threads share, so a failure on another thread can empty it: the warning itself
/// is certain, its words are not. No image writes to the console.
/// </summary>
internal static class VipsLog
{
    private const Enums.LogLevelFlags Printed = Enums.LogLevelFlags.Critical | Enums.LogLevelFlags.Warning | Enums.LogLevelFlags.Message;

    /// <summary>libvips builds a warning in a buffer of 10,000 characters and drops the rest.</summary>
    private const int NearlyFull = 4096;

    /// <summary>The number of decodes in progress on all threads: some readers give part of their work to threads of libvips.</summary>
    private static int s_running;

    [ThreadStatic]
    private static bool t_decoding;

    [ThreadStatic]
    private static VipsWarning t_warning;

    /// <summary>Assigns this thread's warnings to one image until <see cref="EndDecode"/> is called.</summary>
    internal static void BeginDecode()
    {
        Interlocked.Increment(ref s_running);
        t_warning = VipsWarning.None;
        t_decoding = true;
    }

    /// <summary>Ends the decode and returns what was warned of.</summary>
    internal static VipsWarning EndDecode()
    {
        t_decoding = false;
        Interlocked.Decrement(ref s_running);
        return t_warning;
    }

    /// <summary>Handles the log of libvips, and of GObject, which logs invalid calls from libvips.</summary>
    internal static void Listen()
    {
        const Enums.LogLevelFlags levels = Printed | Enums.LogLevelFlags.Info | Enums.LogLevelFlags.Debug;
        _ = Log.SetLogHandler("VIPS", levels, OnLog);
        _ = Log.SetLogHandler("GLib-GObject", levels, OnLog);
    }

    private static void OnLog(string domain, Enums.LogLevelFlags level, string message)
    {
        if (t_decoding)
        {
            if (message.Length > NearlyFull || VipsErrors.SpeaksOfDamage(message)) t_warning = VipsWarning.OfDamage;
            else if ((level & Enums.LogLevelFlags.Warning) != 0 && t_warning == VipsWarning.None) t_warning = VipsWarning.OfSomething;
        }
        else if (Volatile.Read(ref s_running) == 0 && (level & Printed) != 0)
        {
            // Another part of the application uses libvips: do what GLib does when no handler is set.
            Console.Error.WriteLine($"{domain}-{(level & Printed).ToString().ToUpperInvariant()} **: {message}");
        }
    }
}

/// <summary>What libvips warned of during a decode.</summary>
internal enum VipsWarning
{
    None,

    /// <summary>Nothing that is known to be damage.</summary>
    OfSomething,

    /// <summary>Damaged codes, or more words than the buffer takes.</summary>
    OfDamage,
}
