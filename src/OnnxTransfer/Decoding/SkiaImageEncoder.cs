using OnnxTransfer.Internals;
using SkiaSharp;

namespace OnnxTransfer.Decoding;

/// <summary>Pixels to the bytes of an image file through SkiaSharp.</summary>
internal static class SkiaImageEncoder
{
    internal static byte[] Encode(PixelBuffer pixels, SKEncodedImageFormat format, int quality)
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
        if (data is null) Throw.ImageNotEncoded(format.ToString().ToUpperInvariant(), pixels.Width, pixels.Height, "Skia gave no reason.");
        return data.ToArray();
    }
}
