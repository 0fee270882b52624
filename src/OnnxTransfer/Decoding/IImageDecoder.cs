namespace OnnxTransfer;

/// <summary>
/// Turns an encoded image into upright sRGB pixels. Implementations are thread-safe and keep one contract: the EXIF
/// orientation is applied, embedded profiles are converted to sRGB, alpha is composited over
/// <see cref="DecodeOptions.Background"/>, and 1-, 8- and 16-bit, gray, palette and CMYK images all arrive as RGB24.
/// </summary>
public interface IImageDecoder
{
    /// <summary>
    /// The decoder and its version, for example <c>libvips 8.18.7</c>. The feature cache keeps the vectors of each name
    /// apart, so change it whenever the same file would give other pixels.
    /// </summary>
    string Name { get; }

    /// <summary>Decodes an image held in memory.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="options">Limits and background; null for the defaults.</param>
    /// <returns>The pixels <c>[H,W,3]</c>; the caller disposes them.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no image this decoder knows, are damaged, or exceed a limit.</exception>
    PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null);
}
