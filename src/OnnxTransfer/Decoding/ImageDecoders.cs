using OnnxTransfer.Decoding;

namespace OnnxTransfer;

/// <summary>The default decoder, and the decoders that it hands other formats to.</summary>
public static class ImageDecoders
{
    /// <summary>
    /// SkiaSharp: JPEG, PNG, WebP and GIF, and BMP by this library itself. TIFF, AVIF and HEIC go to the decoders that the
    /// application has registered for them; without one such an image is refused, with the package to add in the message.
    /// Thread-safe, never disposed.
    /// </summary>
    public static IImageDecoder Default { get; } = new SkiaImageDecoder(DecoderRegistry.Shared);

    /// <summary>
    /// Registers a decoder for formats that <see cref="Default"/> does not read itself. Call it once, when the application
    /// starts. Of two decoders for one format the later one counts; registering the same again changes nothing. Thread-safe.
    /// </summary>
    /// <remarks>
    /// The packages <c>OnnxTransfer.Vips</c> (TIFF, AVIF) and <c>OnnxTransfer.Heic</c> (HEIC) have a <c>Register</c> of
    /// their own, which calls this. To have JPEG and the others read by another decoder, give it as
    /// <see cref="FeatureExtractorOptions.Decoder"/>.
    /// </remarks>
    /// <param name="decoder">The decoder. Nothing of it is called before there is an image of its formats.</param>
    /// <param name="formats">Its formats: <see cref="ImageFormat.Tiff"/>, <see cref="ImageFormat.Avif"/>, <see cref="ImageFormat.Heic"/>.</param>
    /// <exception cref="ArgumentException">
    /// A format is read by the default decoder itself, there is no format, or the decoder is the default decoder.
    /// </exception>
    public static void Register(IImageDecoder decoder, params ReadOnlySpan<ImageFormat> formats) =>
        DecoderRegistry.Shared.Register(decoder, formats);

    /// <summary>Each format and the name of the decoder that <see cref="Default"/> has read it, or why that decoder cannot; null for none.</summary>
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
    /// The other decoder that an image goes to, because the given one does not read its format; null where that decoder reads
    /// the image itself, or nobody does.
    /// </summary>
    internal static IImageDecoder? HandedTo(this IImageDecoder decoder, ReadOnlySpan<byte> encoded) =>
        (decoder as IRowDecoder)?.HandsTo(ImageFormats.Detect(encoded));
}
