namespace OnnxTransfer.Heic;

/// <summary>Decodes HEIC images, the format that phones write, with Magick.NET and the HEVC decoder inside it.</summary>
/// <remarks>
/// <para>
/// ImageMagick can read HEIC only from files. The decoder therefore writes each image to a file in the folder for temporary files. Only the
/// owner can read this file, and it is deleted after the decode, even if the decode fails. The file remains if the process is killed during
/// the decode. The environment variable <c>TMPDIR</c> (<c>TMP</c> on Windows) sets the folder; a folder in memory works too.
/// </para>
/// <para>
/// ImageMagick has one security policy for the whole process. The first HEIC image sets a policy that allows only HEIC, sides of at most
/// 65,535 pixels, and pixels in memory. The decoder sets no policy if ImageMagick is already in use, or if the environment variable
/// <c>MAGICK_CONFIGURE_PATH</c> names a folder with another policy. An application that uses Magick.NET for other formats calls
/// <c>ImageMagick.MagickNET.Initialize()</c> (without arguments) when it starts, after its own configuration. Its own policy then stays,
/// and this decoder works under it.
/// </para>
/// <para>
/// The HEVC decoder conceals damage in the compressed data as films want it: a file that is cut off is refused and one with a hole of zeros
/// used with a warning, but changed bytes may give wrong pixels without one.
/// </para>
/// </remarks>
public static class HeicDecoder
{
    /// <summary>
    /// The decoder. It reads only HEIC, so set it as <see cref="FeatureExtractorOptions.Decoder"/> only if every image is HEIC; otherwise
    /// use <see cref="Register"/>. It is thread-safe and never disposed.
    /// </summary>
    public static IImageDecoder Instance { get; } = new HeicImageDecoder();

    /// <summary>
    /// Registers this decoder for HEIC images, so that <see cref="ImageDecoders.Default"/> and libvips (<c>OnnxTransfer.Vips</c>) pass them
    /// to it. Call it when the application starts; calling it again changes nothing. The native library is loaded when the first HEIC image
    /// is decoded.
    /// </summary>
    public static void Register() => ImageDecoders.Register(Instance, ImageFormat.Heic);
}
