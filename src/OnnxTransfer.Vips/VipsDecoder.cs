using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips;

/// <summary>
/// Decodes by libvips: TIFF and AVIF, which SkiaSharp does not read, and JPEG, PNG, WebP, GIF and BMP as well.
/// </summary>
/// <remarks>
/// libvips is one for the whole process, and so are its settings. It is loaded when the first image needs it (or
/// <see cref="IImageDecoder.Name"/> is read), and then
/// <list type="bullet">
/// <item>its operation cache is emptied and its worker threads are set to one, because each image is decoded once, on the thread that asks for it;</item>
/// <item>its loaders are blocked, except those of JPEG, PNG, WebP, TIFF, GIF and AVIF;</item>
/// <item>its log goes to this library while an image is being decoded.</item>
/// </list>
/// An application that uses NetVips itself sets these again after it has read <c>VipsDecoder.Instance.Name</c>, for example
/// <c>NetVips.Operation.Block("VipsForeignLoadSvg", false)</c>.
/// </remarks>
public static class VipsDecoder
{
    /// <summary>
    /// The decoder, for <see cref="FeatureExtractorOptions.Decoder"/>: the fastest way to read JPEG on x64. HEIC goes to the
    /// decoder that is registered for it. Thread-safe, never disposed.
    /// </summary>
    public static IImageDecoder Instance { get; } = new VipsImageDecoder(DecoderRegistry.Shared);

    /// <summary>
    /// Lets <see cref="ImageDecoders.Default"/> read TIFF and AVIF by libvips. Call it when the application starts; calling it
    /// again changes nothing. Nothing is loaded before the first such image.
    /// </summary>
    public static void Register() => ImageDecoders.Register(Instance, ImageFormat.Tiff, ImageFormat.Avif);
}
