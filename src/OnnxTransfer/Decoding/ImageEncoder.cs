using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>Writes pixels as image files with SkiaSharp.</summary>
internal static class ImageEncoder
{
    /// <summary>Encodes a picture as JPEG, for photographs.</summary>
    /// <param name="pixels">The picture <c>[H,W,3]</c>.</param>
    /// <param name="quality">The quality, 1 to 100.</param>
    internal static byte[] Jpeg(PixelBuffer pixels, int quality) => Encode(pixels, SKEncodedImageFormat.Jpeg, quality);

    /// <summary>Encodes a picture as PNG, without loss.</summary>
    /// <param name="pixels">The picture <c>[H,W,3]</c>.</param>
    internal static byte[] Png(PixelBuffer pixels) => Encode(pixels, SKEncodedImageFormat.Png, quality: 100);

    private static byte[] Encode(PixelBuffer pixels, SKEncodedImageFormat format, int quality)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(pixels.Width, pixels.Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        var source = pixels.Pixels;
        var target = bitmap.GetPixelSpan();
        for (var y = 0; y < pixels.Height; y++)
        {
            for (var x = 0; x < pixels.Width; x++)
            {
                var to = target.Slice((y * bitmap.RowBytes) + (4 * x), 4);
                source.Slice(3 * ((y * pixels.Width) + x), 3).CopyTo(to);
                to[3] = byte.MaxValue;
            }
        }

        using var data = bitmap.Encode(format, quality);
        if (data is null) Throw.ImageNotEncoded(format.ToString().ToUpperInvariant(), pixels.Width, pixels.Height);
        return data.ToArray();
    }
}
