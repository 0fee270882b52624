using SkiaSharp;

namespace OnnxTransfer.Tests;

/// <summary>Pictures of two kinds, drawn at random: disks on a ground that runs from light to dark, or stripes.</summary>
internal static class DrawnPhotos
{
    internal static readonly string[] Labels = ["disks", "stripes"];

    /// <param name="label">One of <see cref="Labels"/>.</param>
    /// <param name="seed">What draws the picture.</param>
    internal static SKBitmap Draw(string label, int seed)
    {
        var random = new Random((seed * 2) + Array.IndexOf(Labels, label));
        var bitmap = new SKBitmap(240, 180, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { IsAntialias = true };
        using (var ground = SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(random.Next(240), 180), [Color(), Color()], SKShaderTileMode.Clamp))
        {
            paint.Shader = ground;
            canvas.DrawRect(0, 0, 240, 180, paint);
            paint.Shader = null;
        }

        for (var i = 0; i < 9; i++)
        {
            paint.Color = Color();
            if (label == "disks")
            {
                canvas.DrawCircle(random.Next(240), random.Next(180), random.Next(12, 40), paint);
            }
            else
            {
                paint.StrokeWidth = random.Next(3, 14);
                canvas.DrawLine(random.Next(240), 0, random.Next(240), 180, paint);
            }
        }

        return bitmap;

        SKColor Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
    }

    internal static byte[] Png(SKBitmap bitmap)
    {
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    internal static byte[] Jpeg(SKBitmap bitmap, int quality)
    {
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, quality);
        return data.ToArray();
    }

    internal static SKBitmap Resized(SKBitmap bitmap, double factor) =>
        bitmap.Resize(new SKImageInfo((int)(bitmap.Width * factor), (int)(bitmap.Height * factor)), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));

    /// <summary>What is left when a share of each side is cut off, one half of it at each end.</summary>
    internal static SKBitmap Cropped(SKBitmap bitmap, double share)
    {
        var (x, y) = ((int)(share / 2 * bitmap.Width), (int)(share / 2 * bitmap.Height));
        using var part = new SKBitmap();
        bitmap.ExtractSubset(part, new SKRectI(x, y, bitmap.Width - x, bitmap.Height - y));
        return part.Copy();
    }

    internal static SKBitmap Mirrored(SKBitmap bitmap)
    {
        var mirrored = new SKBitmap(bitmap.Width, bitmap.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(mirrored);
        canvas.Scale(-1, 1, bitmap.Width / 2f, 0);
        canvas.DrawBitmap(bitmap, 0, 0);
        return mirrored;
    }

    internal static SKBitmap Blurred(SKBitmap bitmap, float sigma)
    {
        var blurred = new SKBitmap(bitmap.Width, bitmap.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(blurred);
        using var paint = new SKPaint();
        paint.ImageFilter = SKImageFilter.CreateBlur(sigma, sigma, SKShaderTileMode.Clamp);
        canvas.DrawBitmap(bitmap, 0, 0, paint);
        return blurred;
    }

    internal static SKBitmap Plain(int width, int height, byte level)
    {
        var plain = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        plain.Erase(new SKColor(level, level, level));
        return plain;
    }
}
