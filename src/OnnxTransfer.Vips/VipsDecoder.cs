using OnnxTransfer.Decoding;

namespace OnnxTransfer.Vips;

/// <summary>Decodes images with libvips: TIFF and AVIF, which SkiaSharp does not read, and JPEG, PNG, WebP, GIF and BMP.</summary>
/// <remarks>
/// libvips and its settings are shared by the whole process. The library is loaded when the first image needs it, or when
/// <see cref="IImageDecoder.Name"/> is read. Loading it changes these settings:
/// <list type="bullet">
/// <item>the operation cache is emptied and the number of worker threads is set to one, because each image is decoded once, on the calling
/// thread;</item>
/// <item>all loaders are blocked except those of JPEG, PNG, WebP, TIFF, GIF and AVIF;</item>
/// <item>the log goes to this library while an image is decoded.</item>
/// </list>
/// An application that uses NetVips itself reads <c>VipsDecoder.Instance.Name</c> first and then sets its own values, for example
/// <c>NetVips.Operation.Block("VipsForeignLoadSvg", false)</c>.
/// </remarks>
public static class VipsDecoder
{
    /// <summary>
    /// The decoder, for <see cref="FeatureExtractorOptions.Decoder"/>. It is the fastest way to read JPEG on x64. It passes HEIC to the
    /// decoder that is registered for HEIC. It is thread-safe and never disposed.
    /// </summary>
    public static IImageDecoder Instance { get; } = new VipsImageDecoder(DecoderRegistry.Shared);

    /// <summary>
    /// Registers libvips for TIFF and AVIF, so that <see cref="ImageDecoders.Default"/> can read them. Call it when the application starts;
    /// calling it again changes nothing. The native library is loaded when the first such image is decoded.
    /// </summary>
    public static void Register() => ImageDecoders.Register(Instance, ImageFormat.Tiff, ImageFormat.Avif);
}
