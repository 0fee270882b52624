using OnnxTransfer.Decoding.Containers;

namespace OnnxTransfer.Decoding;

/// <summary>
/// Estimates the memory for decoding an image from its header. The numbers were measured with SkiaSharp, libvips and, for HEIC, Magick.NET,
/// and rounded up; if the codecs differ, the larger number counts. A test compares them with the measured memory of every decoder.
/// </summary>
internal static class DecodeMemory
{
    /// <summary>The memory of every decode, whatever the size of the image.</summary>
    private const long Fixed = 4 << 20;

    /// <summary>
    /// The number of times that a low image is in memory: all its rows are stored, converted, and in intermediate buffers.
    /// </summary>
    private const int CopiesOfLowImage = 6;

    /// <summary>
    /// The bytes per pixel for a decoder of the application: it returns the whole image and needs at least as much memory of its own.
    /// </summary>
    private const int WholeImageBytes = 8;

    /// <summary>
    /// The bytes per pixel of an image that is stored rotated or mirrored: its RGB pixels are collected before they are resized.
    /// </summary>
    private const int CollectedBytes = 3;

    /// <summary>
    /// The memory of a profile's table, per byte of the profile. The table holds numbers of one or two bytes, and reading it needs copies.
    /// </summary>
    private const int ProfileBytes = 8;

    /// <summary>The memory in bytes for decoding an image, including copies of the encoded bytes.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="decoder">The decoder that will be called.</param>
    /// <param name="options">The limits; a file without a readable size counts as one of the largest allowed size.</param>
    internal static long Of(ReadOnlySpan<byte> encoded, IImageDecoder decoder, DecodeOptions options)
    {
        var format = ImageFormats.Detect(encoded);
        // This image is not decoded.
        if (format == ImageFormat.Unknown) return encoded.Length;
        var reader = (decoder as IRowDecoder)?.HandsTo(format) ?? decoder;
        var header = ImageHeader.Read(encoded, format);
        // An image that is refused because of its header needs no memory and must not make other images wait.
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

    /// <summary>Whether the image is CMYK with a profile, which needs three codecs.</summary>
    private static bool HasInks(in ImageHeader header) => header is { Format: ImageFormat.Jpeg, Channels: 4, ProfileBytes: > 0 };

    /// <summary>Whether the 16 bits of a PNG image stay in memory until they are converted.</summary>
    private static bool IsConvertedDeep(in ImageHeader header, DecodeOptions options) =>
        header is { Format: ImageFormat.Png, Bits: 16 } && (header.ProfileBytes > 0 || options.Levels == SampleLevels.Data);

    private static long Of(in ImageHeader header, IRowDecoder? decoder, DecodeOptions options)
    {
        // A size that is not found may be anything up to the limits; a size above the limits is refused.
        var pixels = header.Pixels == 0 ? options.MaxPixels : Math.Min(header.Pixels, options.MaxPixels);
        var width = header.Pixels == 0 ? ushort.MaxValue : Math.Min(header.Width, DecodeChecks.MaxSide);
        var channels = Math.Clamp(header.Channels, 1, 4);
        var stored = channels * Math.Max(1, header.Bits / 8);
        var whole = header.Format switch
        {
            // Coefficients of 2 bytes for all channels, and a bit for each coefficient while the codes are followed.
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
        // A damaged PNG is rewritten without compression, and that copy is held as often as the file would be.
        var mended = header.Format == ImageFormat.Png ? Math.Min(pixels * stored, PngMending.MostBytes) * (Copies(header, options) - 1) : 0;
        return Fixed + (pixels * whole) + rows + block + mended + (ProfileBytes * header.ProfileBytes);
    }
}
