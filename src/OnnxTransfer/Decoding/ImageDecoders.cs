using OnnxTransfer.Internals;

namespace OnnxTransfer.Decoding;

/// <summary>The decoders of this build.</summary>
public static class ImageDecoders
{
    private static readonly Lazy<IImageDecoder> s_libvips = new(() => new VipsImageDecoder());
    private static readonly Lazy<IImageDecoder> s_default = new(() => new SkiaImageDecoder(s_libvips));

    /// <summary>
    /// SkiaSharp where this build has it, else libvips. SkiaSharp hands the formats that it does not read, TIFF and AVIF, to
    /// libvips where there is one. Made on first use, thread-safe, never disposed.
    /// </summary>
    /// <exception cref="DllNotFoundException">The decoder's native library is missing.</exception>
    public static IImageDecoder Default => s_default.Value;

    /// <summary>
    /// libvips, from the packages <c>NetVips.Native.*</c> or installed: JPEG, PNG, WebP, GIF, TIFF and AVIF, and BMP by this
    /// library itself; HEIC where libvips was built with a decoder for it. Made on first use, thread-safe, never disposed.
    /// </summary>
    /// <remarks>
    /// libvips is one for the whole process: the first decode sets its operation cache and its worker threads to none, since
    /// every image is decoded once, on the thread that asks for it.
    /// </remarks>
    /// <exception cref="DllNotFoundException">There is no libvips; the message says which package brings it.</exception>
    public static IImageDecoder Libvips => s_libvips.Value;

    /// <summary>Reads and decodes one file.</summary>
    /// <exception cref="ImageDecodeException">
    /// The file is missing, unreadable, too large or no sound image; <see cref="ImageDecodeException.Path"/> and
    /// <see cref="ImageDecodeException.Reason"/> say which and why.
    /// </exception>
    internal static PixelBuffer DecodeFile(this IImageDecoder decoder, string path, DecodeOptions? options = null)
    {
        using var file = EncodedFile.Read(path, options ?? DecodeOptions.Default);
        try
        {
            return decoder.Decode(file.Bytes, options);
        }
        catch (ImageDecodeException exception)
        {
            throw Throw.ImageFile(path, exception);
        }
    }
}
