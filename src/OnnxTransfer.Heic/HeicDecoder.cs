namespace OnnxTransfer.Heic;

/// <summary>Decodes HEIC images, which phones write, by Magick.NET and the HEVC decoder inside it.</summary>
/// <remarks>
/// <para>
/// ImageMagick reads HEIC from files alone. An image is therefore written to the folder for temporary files while it is decoded, readable
/// by its owner alone, and deleted afterward, also when the decode failed. It stays if the process is killed in between. The environment
/// variable <c>TMPDIR</c> (<c>TMP</c> on Windows) names the folder; one in memory works too.
/// </para>
/// <para>
/// ImageMagick is one for the whole process, and so is its security policy. The first HEIC image sets one that lets it read HEIC and
/// nothing else, no side longer than 65,535 pixels, and pixels in memory alone. It does not where ImageMagick is in use already, or where
/// the environment variable <c>MAGICK_CONFIGURE_PATH</c> names the folder of another policy. An application that uses Magick.NET for other formats
/// calls <c>ImageMagick.MagickNET.Initialize()</c> when it starts (without arguments, after all that it configures itself): its own policy then
/// stays, and this decoder works under it.
/// </para>
/// <para>
/// The HEVC decoder conceals damage in the compressed data as films want it: a file that is cut off is refused and one with a hole of zeros
/// used with a warning, but changed bytes may give wrong pixels without one.
/// </para>
/// </remarks>
public static class HeicDecoder
{
    /// <summary>
    /// The decoder. It reads HEIC alone, so it serves as <see cref="FeatureExtractorOptions.Decoder"/> only where every image is one;
    /// otherwise use <see cref="Register"/>. Thread-safe, never disposed.
    /// </summary>
    public static IImageDecoder Instance { get; } = new HeicImageDecoder();

    /// <summary>
    /// Lets <see cref="ImageDecoders.Default"/> and libvips (<c>OnnxTransfer.Vips</c>) hand HEIC images to this decoder. Call it
    /// when the application starts; calling it again changes nothing. Nothing is loaded before the first such image.
    /// </summary>
    public static void Register() => ImageDecoders.Register(Instance, ImageFormat.Heic);
}
