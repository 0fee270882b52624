using System.Globalization;
using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>
/// Error messages of libvips. All threads share its error buffer, so a decode that failed is run a second time while <see cref="Gate"/> is
/// held exclusively. Every line in the buffer is then about that image.
/// </summary>
internal static class VipsErrors
{
    private static readonly string[] s_damage =
        ["Corrupt JPEG data", "to avoid buffer overrun", "due to lack of data", "Premature EO", "Line length mismatch", "Bad code word"];

    /// <summary>Every decode holds this lock shared; code that needs the error buffer for itself holds it exclusively.</summary>
    internal static ReaderWriterLockSlim Gate { get; } = new();

    /// <summary>Empties the error buffer: NetVips moves its text into each exception that it creates.</summary>
    internal static string TakeText() => TextOf(new VipsException(""));

    /// <summary>The text of libvips, without the first line, which NetVips adds.</summary>
    internal static string TextOf(VipsException exception)
    {
        var end = exception.Message.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? "" : exception.Message[(end + 1)..];
    }

    /// <summary>The first error in short form, without the failed seeks before it; null if there is none.</summary>
    internal static string? FirstError(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!line.StartsWith("source: ", StringComparison.Ordinal)) return Shorten(line);
        }

        return null;
    }

    /// <summary>Whether a warning of libjpeg's or libtiff's (PackBits, fax) is about damaged codes.</summary>
    internal static bool SpeaksOfDamage(string text)
    {
        foreach (var words in s_damage)
        {
            if (text.Contains(words, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    /// <summary>Returns what a caller throws, so that the compiler sees where the flow ends.</summary>
    internal static DllNotFoundException NotLoaded(Exception? inner) => new(
        $"libvips could not be loaded: {FirstLine(inner)}; the package NetVips.Native, a dependency of OnnxTransfer.Vips, contains it for Windows, Linux and macOS: publish the application for its platform (`dotnet publish -r`), or install libvips 8.14 or newer.", inner);

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException ImageNeedsLibrary(ImageFormat format, DllNotFoundException inner) =>
        new($"The {format.ToString().ToUpperInvariant()} image cannot be read: {inner.Message}", inner);

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException SamplesNotSupported(ImageFormat format, Enums.BandFormat samples) => new(
        $"The {format.ToString().ToUpperInvariant()} image has samples of type '{samples.ToString().ToLowerInvariant()}', for which no value is defined as white: save it with 8 or 16 unsigned bits per channel.");

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException SpaceNotSupported(ImageFormat format, Enums.Interpretation space, int channels) => new(
        $"The {format.ToString().ToUpperInvariant()} image has {channels} channels in the color space '{space.ToString().ToLowerInvariant()}', which is not supported: save it as gray, RGB or CMYK.");

    /// <summary>Why a TIFF image is not supported that libvips would read wrongly or call damaged; null if it is supported.</summary>
    internal static ImageDecodeException? TiffNotSupported(TiffHeader header)
    {
        var kind = header.IsOldJpeg ? "compressed as old-style JPEG (compression 6)"
            : header.IsLab ? "stored as CIE L*a*b*"
            : header.IsFullChroma ? "stored as luma and chroma (YCbCr) without subsampling"
            : header.IsLzma ? "compressed as LZMA"
            : header.Bits is not (1 or 2 or 4 or 8 or 16 or 32 or 64) ? string.Create(CultureInfo.InvariantCulture, $"stored with {header.Bits} bits per sample")
            : header.IsTiledPlanes ? "stored with separate tiles for each channel (planar configuration 2)"
            : null;
        return kind is null ? null : new($"The TIFF image is {kind}, which is not supported: save it as 8-bit or 16-bit RGB with LZW or Deflate compression.");
    }

    private static string FirstLine(Exception? exception) => exception is null ? "NetVips gave no reason" : exception.Message.Split('\n')[0].Trim().TrimEnd('.');

    private static string Shorten(string line)
    {
        // "domain: message"
        var start = line.IndexOf(": ", StringComparison.Ordinal);
        var words = start < 0 ? line : line[(start + 2)..];
        return words.Length > 100 ? words[..100] + "..." : words;
    }
}
