namespace OnnxTransfer;

/// <summary>
/// Turns an encoded image into upright sRGB pixels. Every implementation is thread-safe and follows one contract. The orientation of the
/// file is applied. Embedded profiles are converted to sRGB. Alpha is composited over <see cref="DecodeOptions.Background"/>. Images with
/// 1, 8 or 16 bits, gray, palette or CMYK become RGB24.
/// </summary>
public interface IImageDecoder
{
    /// <summary>
    /// The name and version of the decoder, for example <c>libvips 8.18.7</c>. The feature cache stores vectors separately for each name,
    /// so change the name whenever the same file would give other pixels.
    /// </summary>
    string Name { get; }

    /// <summary>Decodes an image in memory.</summary>
    /// <param name="encoded">The bytes of the file.</param>
    /// <param name="options">Limits and options; null for the defaults.</param>
    /// <returns>The pixels <c>[H,W,3]</c>; the caller disposes them.</returns>
    /// <exception cref="ImageDecodeException">This decoder does not support the format, the image is damaged, or it exceeds a
    /// limit.</exception>
    PixelBuffer Decode(ReadOnlySpan<byte> encoded, DecodeOptions? options = null);
}
