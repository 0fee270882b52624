using OnnxTransfer.Internals;

namespace OnnxTransfer;

/// <summary>
/// What the pixels of an image say about its quality. All numbers but the size are measured on the image stretched to 96x96 pixels. The
/// measures follow cleanvision (its image properties, 2023 to 2024); brightness is the perceived brightness of
/// <c>sqrt(0.241·R² + 0.691·G² + 0.068·B²) / 255</c>, in [0, 1].
/// </summary>
/// <param name="Width">Width in pixels as the file states it, before any rotation; 0 if the file's header does not say.</param>
/// <param name="Height">Height in pixels, likewise.</param>
/// <param name="Brightest">The 99th percentile of the brightness, in [0, 1]. It is low for a dark image.</param>
/// <param name="Darkest">The 5th percentile of the brightness, in [0, 1]. It is high for a light image.</param>
/// <param name="Entropy">The entropy of the gray levels in bits, 0 (one level) to 8. It is low for an image with little information.</param>
/// <param name="Sharpness">
/// The standard deviation of the edges in levels, at least 0: gray minus its eight neighbors, times eight, cut to 0 to 255. It is low for a
/// blurred image.
/// </param>
public sealed record ImageStatistics(int Width, int Height, double Brightest, double Darkest, double Entropy, double Sharpness)
{
    /// <summary>The shorter side divided by the longer one, in (0, 1]; null if the size is not known.</summary>
    public double? Aspect => Width > 0 && Height > 0 ? (double)Math.Min(Width, Height) / Math.Max(Width, Height) : null;

    /// <summary>The geometric mean of the sides, <c>sqrt(Width·Height)</c> in pixels; null if the size is not known.</summary>
    public double? Side => Width > 0 && Height > 0 ? Math.Sqrt((double)Width * Height) : null;

    /// <param name="rgb"><c>[side,side,3]</c>.</param>
    /// <param name="side">The side of the picture.</param>
    /// <param name="width">Of the file.</param>
    /// <param name="height">Of the file.</param>
    internal static ImageStatistics Of(ReadOnlySpan<byte> rgb, int side, int width, int height)
    {
        var count = side * side;
        var (brightness, gray) = (new double[count], new byte[count]);
        var levels = new int[256];
        for (var i = 0; i < count; i++)
        {
            double r = rgb[3 * i], g = rgb[(3 * i) + 1], b = rgb[(3 * i) + 2];
            brightness[i] = Math.Sqrt((0.241 * r * r) + (0.691 * g * g) + (0.068 * b * b)) / 255;
            // The luma of ITU-R BT.601.
            gray[i] = (byte)Math.Round((0.299 * r) + (0.587 * g) + (0.114 * b));
            levels[gray[i]]++;
        }

        Array.Sort(brightness);
        return new ImageStatistics(width, height, Quantile.Of(brightness, 0.99), Quantile.Of(brightness, 0.05), Bits(levels, count), Edges(gray, side));
    }

    private static double Bits(int[] levels, int count)
    {
        var bits = 0.0;
        foreach (var level in levels)
        {
            if (level > 0) bits -= (double)level / count * Math.Log2((double)level / count);
        }

        return bits;
    }

    private static double Edges(byte[] gray, int side)
    {
        double sum = 0, squares = 0;
        for (var y = 1; y < side - 1; y++)
        {
            for (var x = 1; x < side - 1; x++)
            {
                var at = (y * side) + x;
                var around = gray[at - side - 1] + gray[at - side] + gray[at - side + 1] + gray[at - 1] + gray[at + 1] + gray[at + side - 1] + gray[at + side] + gray[at + side + 1];
                double edge = Math.Clamp((8 * gray[at]) - around, 0, 255);
                sum += edge;
                squares += edge * edge;
            }
        }

        var count = (side - 2) * (side - 2);
        return Math.Sqrt(Math.Max(0, (squares / count) - (sum / count * (sum / count))));
    }
}
