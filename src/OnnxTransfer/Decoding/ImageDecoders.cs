using OnnxTransfer.Decoding;

namespace OnnxTransfer;

/// <summary>The default decoder, and the registration of decoders for other formats.</summary>
public static class ImageDecoders
{
    /// <summary>
    /// The default decoder. SkiaSharp reads JPEG, PNG, WebP, GIF and ICO, and this library itself reads BMP. TIFF, AVIF and HEIC go to the
    /// decoders that the application has registered for them; without a registered decoder such an image is refused, and the message names
    /// the package to add. It is thread-safe and never disposed.
    /// </summary>
    public static IImageDecoder Default { get; } = new SkiaImageDecoder(DecoderRegistry.Shared);

    /// <summary>
    /// Registers a decoder for formats that <see cref="Default"/> does not read itself. Call it once, when the application starts. If two
    /// decoders are registered for one format, the later one counts; registering the same decoder again changes nothing. Thread-safe.
    /// </summary>
    /// <remarks>
    /// The packages <c>OnnxTransfer.Vips</c> (TIFF, AVIF) and <c>OnnxTransfer.Heic</c> (HEIC) have their own <c>Register</c> methods, which
    /// call this one. To read JPEG and the other formats with another decoder, set it as <see cref="FeatureExtractorOptions.Decoder"/>.
    /// </remarks>
    /// <param name="decoder">The decoder. None of its members is called before the first image in one of its formats.</param>
    /// <param name="formats">Its formats: <see cref="ImageFormat.Tiff"/>, <see cref="ImageFormat.Avif"/>, <see cref="ImageFormat.Heic"/>.</param>
    /// <exception cref="ArgumentException">
    /// The default decoder reads one of the formats itself, no format is given, or the decoder is the default decoder.
    /// </exception>
    public static void Register(IImageDecoder decoder, params ReadOnlySpan<ImageFormat> formats) =>
        DecoderRegistry.Shared.Register(decoder, formats);

    /// <summary>
    /// For each format, the name of the decoder that <see cref="Default"/> uses, or why that decoder cannot be loaded; null if there is
    /// none.
    /// </summary>
    internal static IReadOnlyDictionary<ImageFormat, string?> Describe() =>
        Enum.GetValues<ImageFormat>().Where(format => format != ImageFormat.Unknown).ToDictionary(format => format, format =>
        {
            try
            {
                return SkiaImageDecoder.Knows(format) ? Default.Name : DecoderRegistry.Shared.Find(format)?.Name;
            }
            catch (DllNotFoundException exception)
            {
                return exception.Message;
            }
        });

    /// <summary>
    /// The registered decoder that reads this image because the given decoder does not; null if the given decoder reads the image itself,
    /// or no decoder does.
    /// </summary>
    internal static IImageDecoder? HandedTo(this IImageDecoder decoder, ReadOnlySpan<byte> encoded) =>
        (decoder as IRowDecoder)?.HandsTo(ImageFormats.Detect(encoded));
}
