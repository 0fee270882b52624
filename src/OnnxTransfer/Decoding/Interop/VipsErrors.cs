using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Decoding.Interop;

/// <summary>
/// What libvips says of an image. Its error buffer is one for all threads, so a decode that went wrong is run a second time
/// with <see cref="Gate"/> held alone: then every line in the buffer is about that image.
/// </summary>
internal static unsafe class VipsErrors
{
    private const int Critical = 1 << 3;
    private const int Warning = 1 << 4;
    private const int Message = 1 << 5;
    private const int Info = 1 << 6;
    private const int Debug = 1 << 7;

    /// <summary>The buffer holds 10,000 characters and drops what is more.</summary>
    private const int NearlyFull = 4096;

    /// <summary>Decodes under way, on any thread: some readers hand part of their work to libvips' own threads.</summary>
    private static int s_running;

    [ThreadStatic]
    private static bool t_decoding;

    [ThreadStatic]
    private static bool t_suspicious;

    /// <summary>Every decode holds it shared; whoever needs the error buffer to itself holds it alone.</summary>
    internal static ReaderWriterLockSlim Gate { get; } = new();

    /// <summary>From now to <see cref="EndDecode"/> this thread's warnings belong to one image.</summary>
    internal static void BeginDecode()
    {
        Interlocked.Increment(ref s_running);
        t_suspicious = false;
        t_decoding = true;
    }

    /// <summary>Whether a warning may mean wrong pixels, which the text of a second run decides.</summary>
    internal static bool EndDecode()
    {
        t_decoding = false;
        Interlocked.Decrement(ref s_running);
        return t_suspicious;
    }

    /// <summary>Sends the log of libvips, and of GObject when libvips hands it nonsense, here: no image writes to the console.</summary>
    internal static void ListenToWarnings()
    {
        const int levels = Critical | Warning | Message | Info | Debug;
        _ = VipsNative.g_log_set_handler(VipsOperation.Literal("VIPS"u8), levels, &OnLog, null);
        _ = VipsNative.g_log_set_handler(VipsOperation.Literal("GLib-GObject"u8), levels, &OnLog, null);
    }

    /// <summary>Empties the error buffer.</summary>
    internal static string TakeText()
    {
        var copy = VipsNative.vips_error_buffer_copy();
        var text = Marshal.PtrToStringUTF8((nint)copy) ?? "";
        VipsNative.g_free(copy);
        return text;
    }

    /// <summary>The first error in short form, but for the seeks that fail before it; null when there is none.</summary>
    internal static string? FirstError(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!line.StartsWith("source: ", StringComparison.Ordinal)) return Shorten(line);
        }

        return null;
    }

    /// <summary>Whether libheif names a codec that it was built without.</summary>
    internal static bool TellsOfMissingCodec(string text) => text.Contains("has not been built in", StringComparison.Ordinal);

    /// <summary>
    /// The first of libjpeg's warnings that means wrong pixels: those on corrupt data, but for bytes too many before a
    /// marker, which many cameras and editors leave.
    /// </summary>
    internal static string? FirstDamage(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.Contains("Corrupt JPEG data", StringComparison.Ordinal) && !line.Contains("extraneous bytes", StringComparison.Ordinal))
                return Shorten(line);
        }

        return null;
    }

    private static string Shorten(string line)
    {
        // "domain: message"
        var start = line.IndexOf(": ", StringComparison.Ordinal);
        var words = start < 0 ? line : line[(start + 2)..];
        return words.Length > 100 ? words[..100] + "..." : words;
    }

    /// <summary>
    /// Called on the thread that decodes. libjpeg's warnings come when its reader closes, as the whole error buffer: if that
    /// names no damage, the image has none.
    /// </summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(byte* domain, int level, byte* message, void* data)
    {
        if (!t_decoding)
        {
            // Somebody else's use of libvips in this process.
            if (Volatile.Read(ref s_running) == 0) VipsNative.g_log_default_handler(domain, level, message, data);
            return;
        }

        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(message);
        t_suspicious |= text.Length > NearlyFull;
        for (int at; (at = text.IndexOf("Corrupt JPEG data"u8)) >= 0 && !t_suspicious;)
        {
            text = text[(at + 1)..];
            var end = text.IndexOf((byte)'\n');
            t_suspicious = (end < 0 ? text : text[..end]).IndexOf("extraneous bytes"u8) < 0;
        }
    }
}
