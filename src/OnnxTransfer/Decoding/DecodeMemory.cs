using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Decoding;

/// <summary>
/// The memory that the decode of an image takes, from its header alone. The numbers were measured with SkiaSharp, libvips and, for HEIC,
/// Magick.NET, and rounded up; where the codecs differ, the larger counts. A test holds them against every decoder.
/// </summary>
internal static class DecodeMemory
{
    /// <summary>What every decode takes, whatever its size.</summary>
    private const long Fixed = 4 << 20;

    /// <summary>Of a low image all rows are held, several times over: stored, converted, and in the buffers between.</summary>
    private const int CopiesOfLowImage = 6;

    /// <summary>A decoder of a user's gives the image as a whole, and has at least as much of its own.</summary>
    private const int WholeImageBytes = 8;

    /// <summary>An image that is stored turned or mirrored is collected as RGB before it is resized.</summary>
    private const int CollectedBytes = 3;

    /// <summary>Bytes of a profile's table, which has numbers of one byte or two, and of what it is read by way of.</summary>
    private const int ProfileBytes = 8;

    /// <summary>The bytes that decoding takes, the copies of the encoded bytes included.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="decoder">The decoder that is asked.</param>
    /// <param name="options">The limit that a file without a readable size is taken for.</param>
    internal static long Of(ReadOnlySpan<byte> encoded, IImageDecoder decoder, DecodeOptions options)
    {
        var format = ImageFormats.Detect(encoded);
        // Nothing is decoded.
        if (format == ImageFormat.Unknown) return encoded.Length;
        var reader = (decoder as IRowDecoder)?.HandsTo(format) ?? decoder;
        var header = ImageHeader.Read(encoded, format);
        // Whoever is refused for its header need not wait for memory, and must not make others wait.
        return DecodeChecks.Refuses(header, encoded, options) ? encoded.Length : (Copies(header, options) * (long)encoded.Length) + Of(header, reader as IRowDecoder, options);
    }

    /// <summary>
    /// How often the encoded bytes are held: by the codec, by what leaves out metadata and mends the end, by the second decode of a damaged
    /// JPEG, by what collects the pixels of a damaged PNG, by the check of a TIFF's deflated pixels, and by the codecs of a JPEG's inks and a PNG's 16 bits.
    /// </summary>
    private static int Copies(in ImageHeader header, DecodeOptions options) => header.Format switch
    {
        ImageFormat.Jpeg => HasInks(header) ? 9 : 3,
        ImageFormat.Png => IsConvertedDeep(header, options) ? 4 : 3,
        ImageFormat.Ico => 3,
        ImageFormat.Gif or ImageFormat.Webp or ImageFormat.Tiff => 2,
        _ => 1,
    };

    /// <summary>Whether the image is CMYK with a profile, which takes three codecs.</summary>
    private static bool HasInks(in ImageHeader header) => header is { Format: ImageFormat.Jpeg, Channels: 4, ProfileBytes: > 0 };

    /// <summary>Whether a PNG image keeps its 16 bits until they are converted.</summary>
    private static bool IsConvertedDeep(in ImageHeader header, DecodeOptions options) =>
        header is { Format: ImageFormat.Png, Bits: 16 } && (header.ProfileBytes > 0 || options.Levels == SampleLevels.Data);

    private static long Of(in ImageHeader header, IRowDecoder? decoder, DecodeOptions options)
    {
        // A size that is not found may be any, and one above the limits is refused.
        var pixels = header.Pixels == 0 ? options.MaxPixels : Math.Min(header.Pixels, options.MaxPixels);
        var width = header.Pixels == 0 ? ushort.MaxValue : Math.Min(header.Width, DecodeChecks.MaxSide);
        var channels = Math.Clamp(header.Channels, 1, 4);
        var stored = channels * Math.Max(1, header.Bits / 8);
        var whole = header.Format switch
        {
            // Coefficients of 2 bytes each, of all channels, and a bit for each while the codes are followed.
            ImageFormat.Jpeg => header.IsBuffered ? (2 * channels * (HasInks(header) ? 3 : 1)) + 1 : 0,
            ImageFormat.Png => (IsConvertedDeep(header, options) ? 8 : 4) + (header.IsBuffered ? stored : 0),
            ImageFormat.Gif => 6,
            ImageFormat.Ico => 10,
            ImageFormat.Webp => 10,
            ImageFormat.Bmp => header.IsBuffered ? 1 : 0,
            ImageFormat.Tiff => 0,
            _ => 24,
        };
        if (header.MayBeTurned) whole += CollectedBytes;
        if (decoder is null) whole += WholeImageBytes;
        var rows = Math.Min(width * (decoder?.RowsHeld ?? 0), pixels * CopiesOfLowImage) * channels;
        var block = Math.Min(header.BlockPixels, options.MaxPixels) * (stored + 4);
        // A damaged one is written anew without compression, and then held as often as the file is otherwise.
        var mended = header.Format == ImageFormat.Png ? Math.Min(pixels * stored, PngMending.MostBytes) * (Copies(header, options) - 1) : 0;
        return Fixed + (pixels * whole) + rows + block + mended + (ProfileBytes * header.ProfileBytes);
    }
}
