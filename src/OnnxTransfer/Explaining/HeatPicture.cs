using OnnxTransfer.Preprocessing;

namespace OnnxTransfer.Explaining;

/// <summary>Draws a map of heat over the photo it belongs to.</summary>
internal static class HeatPicture
{
    /// <summary>How much of the hottest color covers the photo.</summary>
    private const double Strength = 0.78;

    /// <summary>The heat up to which the photo stays uncolored, and from which the color has its full strength: little heat is no veil.</summary>
    private const double ColdUpTo = 0.15;
    private const double StrongFrom = 0.6;

    /// <summary>The gray of a photo that the scale is drawn over.</summary>
    private const byte MiddleGray = 128;

    /// <summary>How far the photo is brought to gray, so that what is colored is heat.</summary>
    private const double Graying = 0.6;

    /// <summary>Draws an overlay.</summary>
    /// <param name="photo">The photo.</param>
    /// <param name="map"><c>[height,width]</c>; the greatest value is the hottest, and what is not above zero is cold.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    /// <param name="window">The part of the photo that the map covers, in shares of its sides.</param>
    /// <returns>A picture of the photo's size, which the caller disposes.</returns>
    internal static PixelBuffer Draw(PixelBuffer photo, ReadOnlySpan<float> map, int height, int width, ImageWindow window)
    {
        var picture = PixelBuffer.Rent(photo.Width, photo.Height);
        var source = photo.Pixels;
        var target = picture.Pixels;
        var hottest = Math.Max(float.Epsilon, Max(map));
        for (var y = 0; y < photo.Height; y++)
        {
            for (var x = 0; x < photo.Width; x++)
            {
                var (u, v) = window.Inside((x + 0.5) / photo.Width, (y + 0.5) / photo.Height);
                var heat = u is >= 0 and <= 1 && v is >= 0 and <= 1 ? Math.Max(0, Bilinear(map, height, width, v, u) / hottest) : 0;
                var at = 3 * ((y * photo.Width) + x);
                Blend(source.Slice(at, 3), heat, target.Slice(at, 3));
            }
        }

        return picture;
    }

    /// <summary>The colors from cold to hot as they look on a gray photo, as a picture one pixel high: a legend.</summary>
    internal static PixelBuffer Scale(int width)
    {
        var scale = PixelBuffer.Rent(width, 1);
        for (var x = 0; x < width; x++) Blend([MiddleGray, MiddleGray, MiddleGray], x / (width - 1.0), scale.Pixels.Slice(3 * x, 3));
        return scale;
    }

    private static void Blend(ReadOnlySpan<byte> photo, double heat, Span<byte> target)
    {
        // ITU-R BT.601's luma.
        var gray = (0.299 * photo[0]) + (0.587 * photo[1]) + (0.114 * photo[2]);
        var color = HeatColors.At(heat);
        var cover = Strength * Math.Clamp((heat - ColdUpTo) / (StrongFrom - ColdUpTo), 0, 1);
        for (var c = 0; c < 3; c++)
        {
            var dull = photo[c] + (Graying * (gray - photo[c]));
            target[c] = (byte)Math.Round(dull + (cover * (color[c] - dull)));
        }
    }

    /// <summary>The value between the four nearest centers; beyond the outermost ones the edge goes on.</summary>
    private static double Bilinear(ReadOnlySpan<float> map, int height, int width, double v, double u)
    {
        var y = Math.Clamp((v * height) - 0.5, 0, height - 1);
        var x = Math.Clamp((u * width) - 0.5, 0, width - 1);
        var (top, left) = ((int)y, (int)x);
        var (bottom, right) = (Math.Min(top + 1, height - 1), Math.Min(left + 1, width - 1));
        var (down, across) = (y - top, x - left);
        var above = (map[(top * width) + left] * (1 - across)) + (map[(top * width) + right] * across);
        var below = (map[(bottom * width) + left] * (1 - across)) + (map[(bottom * width) + right] * across);
        return (above * (1 - down)) + (below * down);
    }

    private static float Max(ReadOnlySpan<float> map)
    {
        var max = map[0];
        foreach (var value in map) max = Math.Max(max, value);
        return max;
    }
}

/// <summary>The part of an image that a network sees, in shares of the image's sides.</summary>
internal readonly record struct ImageWindow(double Left, double Top, double Width, double Height)
{
    /// <summary>What preprocessing leaves of an image of a size: all of it, or the crop.</summary>
    internal static ImageWindow Of(PreprocessSpec spec, int imageWidth, int imageHeight)
    {
        var geometry = ResizeGeometry.For(spec, imageWidth, imageHeight);
        return new ImageWindow(
            (double)geometry.Left / geometry.ResizedWidth, (double)geometry.Top / geometry.ResizedHeight,
            (double)geometry.Width / geometry.ResizedWidth, (double)geometry.Height / geometry.ResizedHeight);
    }

    /// <summary>From shares of the image to shares of the window; outside of 0 to 1 is outside of the window.</summary>
    internal (double U, double V) Inside(double x, double y) => ((x - Left) / Width, (y - Top) / Height);
}
