using System.Globalization;
using NetVips;

namespace OnnxTransfer.Vips;

/// <summary>
/// The words of libvips. Its error buffer is one for all threads, so a decode that went wrong is run a second time with
/// <see cref="Gate"/> held alone: then every line in the buffer is about that image.
/// </summary>
internal static class VipsErrors
{
    /// <summary>Every decode holds it shared; whoever needs the error buffer to itself holds it alone.</summary>
    internal static ReaderWriterLockSlim Gate { get; } = new();

    /// <summary>Empties the error buffer: NetVips moves it into each exception that it makes.</summary>
    internal static string TakeText() => TextOf(new VipsException(""));

    /// <summary>What libvips said, without NetVips' own line before it.</summary>
    internal static string TextOf(VipsException exception)
    {
        var end = exception.Message.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? "" : exception.Message[(end + 1)..];
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

    /// <summary>Returns what a caller throws, so that the compiler sees where the flow ends.</summary>
    internal static DllNotFoundException NotLoaded(Exception? inner) => new(
        $"libvips could not be loaded: {FirstLine(inner)}; the package NetVips.Native, on which OnnxTransfer.Vips depends, has it for Windows, Linux and macOS: publish the application for its platform (`dotnet publish -r`), or install libvips 8.14 or newer.", inner);

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException ImageNeedsLibrary(ImageFormat format, DllNotFoundException inner) =>
        new($"The {format.ToString().ToUpperInvariant()} image cannot be read: {inner.Message}", inner);

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException SamplesNotSupported(ImageFormat format, Enums.BandFormat samples) => new(
        $"The {format.ToString().ToUpperInvariant()} image has samples of the type '{samples.ToString().ToLowerInvariant()}', whose white has no fixed value: save it with 8 or 16 unsigned bits a channel.");

    /// <inheritdoc cref="NotLoaded"/>
    internal static ImageDecodeException SpaceNotSupported(ImageFormat format, Enums.Interpretation space, int channels) => new(
        $"The {format.ToString().ToUpperInvariant()} image has {channels} channels in the color space '{space.ToString().ToLowerInvariant()}', which is not read: save it as gray, RGB or CMYK.");

    /// <summary>Why a TIFF image cannot be read that libvips would misread, or call damaged; null for others.</summary>
    internal static ImageDecodeException? TiffNotSupported(TiffHeader header)
    {
        var kind = header.IsOldJpeg ? "compressed as old-style JPEG (compression 6)"
            : header.IsLab ? "stored as CIE L*a*b*"
            : header.IsFullChroma ? "stored as luma and chroma (YCbCr) without subsampling"
            : header.IsLzma ? "compressed as LZMA"
            : header.Bits is not (1 or 2 or 4 or 8 or 16 or 32 or 64) ? string.Create(CultureInfo.InvariantCulture, $"stored with {header.Bits} bits a sample")
            : header.IsTiledPlanes ? "stored in tiles of one channel each (planar configuration 2)"
            : null;
        return kind is null ? null : new($"The TIFF image is {kind}, which no decoder here reads: save it as RGB of 8 or 16 bits with the compression LZW or Deflate.");
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
