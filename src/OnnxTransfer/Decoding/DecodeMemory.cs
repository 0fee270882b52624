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

    /// <summary>The bytes that decoding takes, the codec's copy of the encoded bytes included.</summary>
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
        return encoded.Length + (DecodeChecks.Refuses(header, encoded, options) ? 0 : Of(header, reader as IRowDecoder, options));
    }

    private static long Of(in ImageHeader header, IRowDecoder? decoder, DecodeOptions options)
    {
        // A size that is not found may be any, and one above the limits is refused.
        var pixels = header.Pixels == 0 ? options.MaxPixels : Math.Min(header.Pixels, options.MaxPixels);
        var width = header.Pixels == 0 ? ushort.MaxValue : Math.Min(header.Width, DecodeChecks.MaxSide);
        var channels = Math.Clamp(header.Channels, 1, 4);
        var stored = channels * Math.Max(1, header.Bits / 8);
        var whole = header.Format switch
        {
            // Coefficients of 2 bytes each, of all channels.
            ImageFormat.Jpeg => header.IsBuffered ? 2 * channels : 0,
            ImageFormat.Png => header.IsBuffered ? 4 + stored : 4,
            ImageFormat.Gif => 6,
            ImageFormat.Webp => 10,
            ImageFormat.Bmp => header.IsBuffered ? 1 : 0,
            ImageFormat.Tiff => 0,
            _ => 24,
        };
        if (header.MayBeTurned) whole += CollectedBytes;
        if (decoder is null) whole += WholeImageBytes;
        var rows = Math.Min(width * (decoder?.RowsHeld ?? 0), pixels * CopiesOfLowImage) * channels;
        var block = Math.Min(header.BlockPixels, options.MaxPixels) * (stored + 4);
        return Fixed + (pixels * whole) + rows + block;
    }
}
