namespace OnnxTransfer.Decoding;

/// <summary>Writes pixels as image files, with the library that decodes by default.</summary>
internal static class ImageEncoder
{
    /// <summary>A JPEG file, for photographs.</summary>
    /// <param name="pixels">The picture <c>[H,W,3]</c>.</param>
    /// <param name="quality">1 to 100.</param>
    internal static byte[] Jpeg(PixelBuffer pixels, int quality) =>
        SkiaImageEncoder.Encode(pixels, SkiaSharp.SKEncodedImageFormat.Jpeg, quality);

    /// <summary>A PNG file, which keeps every pixel as it is.</summary>
    /// <param name="pixels">The picture <c>[H,W,3]</c>.</param>
    internal static byte[] Png(PixelBuffer pixels) =>
        SkiaImageEncoder.Encode(pixels, SkiaSharp.SKEncodedImageFormat.Png, quality: 100);
}
