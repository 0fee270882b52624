using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>
/// What libvips says while it decodes. Some damage it only warns of, when its reader closes, on the thread that decodes:
/// the warning marks that thread's image as suspicious, and no image writes to the console. The words of a warning are worth nothing: they
/// come from a text that all threads share, and that any failure on another thread empties.
/// </summary>
internal static class VipsLog
{
    private const Enums.LogLevelFlags Printed = Enums.LogLevelFlags.Critical | Enums.LogLevelFlags.Warning | Enums.LogLevelFlags.Message;

    /// <summary>Decodes under way, on any thread: some readers hand part of their work to libvips' own threads.</summary>
    private static int s_running;

    [ThreadStatic]
    private static bool t_decoding;

    [ThreadStatic]
    private static bool t_suspicious;

    /// <summary>From now to <see cref="EndDecode"/> this thread's warnings belong to one image.</summary>
    internal static void BeginDecode()
    {
        Interlocked.Increment(ref s_running);
        t_suspicious = false;
        t_decoding = true;
    }

    /// <summary>Whether there was a warning, which may mean wrong pixels.</summary>
    internal static bool EndDecode()
    {
        t_decoding = false;
        Interlocked.Decrement(ref s_running);
        return t_suspicious;
    }

    /// <summary>Takes the log of libvips, and of GObject when libvips hands it nonsense.</summary>
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
            t_suspicious |= (level & Enums.LogLevelFlags.Warning) != 0;
        }
        else if (Volatile.Read(ref s_running) == 0 && (level & Printed) != 0)
        {
            // Somebody else's use of libvips in this process: what GLib does where nobody listens.
            Console.Error.WriteLine($"{domain}-{(level & Printed).ToString().ToUpperInvariant()} **: {message}");
        }
    }
}
