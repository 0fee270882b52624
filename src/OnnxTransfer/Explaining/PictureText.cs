using SkiaSharp;

namespace OnnxTransfer.Explaining;

/// <summary>Writes a line of text into a picture, in a font of the system. Where the system has none with these letters, nothing is written.</summary>
internal static class PictureText
{
    private static readonly string[] s_families = ["Segoe UI", "Helvetica Neue", "DejaVu Sans", "Noto Sans", "Liberation Sans", "Arial"];

    /// <summary>The width of a text in pixels; 0 where it cannot be written.</summary>
    internal static int Width(string text, float size)
    {
        using var font = FontFor(text, size);
        return font is null ? 0 : (int)Math.Ceiling(font.MeasureText(text));
    }

    /// <summary>Writes a text.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="x">Its left edge in pixels.</param>
    /// <param name="baseline">The line that the letters stand on, in pixels from the top.</param>
    /// <param name="text">One line.</param>
    /// <param name="size">The size of the font in pixels.</param>
    /// <param name="gray">The color, from 0, black, to 255, white.</param>
    internal static void Write(PixelBuffer picture, int x, int baseline, string text, float size, byte gray)
    {
        using var font = FontFor(text, size);
        if (font is null) return;
        using var bitmap = new SKBitmap(new SKImageInfo((int)Math.Ceiling(font.MeasureText(text)) + 1, (int)Math.Ceiling(2 * size), SKColorType.Alpha8));
        bitmap.Erase(SKColors.Transparent);
        using (var canvas = new SKCanvas(bitmap))
        using (var paint = new SKPaint { Color = SKColors.Black, IsAntialias = true })
        {
            canvas.DrawText(text, 0, 1.5f * size, font, paint);
        }

        var coverage = bitmap.GetPixelSpan();
        var top = baseline - (int)(1.5f * size);
        for (var row = 0; row < bitmap.Height; row++)
        {
            if (top + row < 0 || top + row >= picture.Height) continue;
            for (var column = Math.Max(0, -x); column < Math.Min(bitmap.Width, picture.Width - x); column++)
            {
                var alpha = coverage[(row * bitmap.RowBytes) + column];
                if (alpha == 0) continue;
                var pixel = picture.Pixels.Slice(3 * (((top + row) * picture.Width) + x + column), 3);
                for (var c = 0; c < 3; c++) pixel[c] = (byte)(((pixel[c] * (255 - alpha)) + (gray * alpha) + 127) / 255);
            }
        }
    }

    private static SKFont? FontFor(string text, float size)
    {
        foreach (var family in s_families)
        {
            if (SKFontManager.Default.MatchFamily(family) is { } face && face.ContainsGlyphs(text)) return new SKFont(face, size);
        }

        // Letters of other scripts, or a system with other fonts.
        foreach (var letter in text.EnumerateRunes())
        {
            if (SKFontManager.Default.MatchCharacter(letter.Value) is { } face && face.ContainsGlyphs(text)) return new SKFont(face, size);
        }

        return null;
    }
}
