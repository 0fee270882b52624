using System.Numerics.Tensors;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// What is left of an image to compare it with others pixel by pixel: a stretched thumbnail of 24x24 pixels, RGB, 1728 bytes.
/// </summary>
internal sealed class ImageSample
{
    internal const int Side = 24;

    /// <summary>Below this standard deviation, in levels of 255, a thumbnail is one color, and its correlation would be that of noise.</summary>
    private const double Flat = 2;

    /// <summary>The greatest mean difference of two flat thumbnails of the same picture, in levels of 255.</summary>
    private const double FlatDifference = 4;

    /// <summary>Without any alignment, two versions of a picture agree at least so much; others need no search.</summary>
    private const double WorthAligning = 0.4;

    /// <summary>Pictures that agree so well need no search either.</summary>
    private const double Same = 0.99;

    /// <summary>The parts of a side that a crop may leave.</summary>
    private static readonly double[] s_scales = [0.975, 0.95, 0.925, 0.9];

    private static readonly double[] s_offsets = [0, 0.5, 1];

    private readonly byte[] _rgb;

    /// <param name="rgb">The thumbnail, <c>[24,24,3]</c>.</param>
    internal ImageSample(byte[] rgb) => _rgb = rgb;

    /// <summary>The thumbnail, <c>[24,24,3]</c>.</summary>
    internal ReadOnlySpan<byte> Rgb => _rgb;

    /// <summary>
    /// How well two thumbnails agree, in [-1, 1]: the greatest correlation of their pixels, each color channel about its own mean (normalized
    /// cross-correlation, Lewis 1995), over the ways in which one picture may be a crop of the other (up to 10 % of a side) or its mirror image.
    /// </summary>
    internal double Agreement(ImageSample other)
    {
        var (mine, theirs) = (Full(_rgb, mirrored: false), Full(other._rgb, mirrored: false));
        if (Deviation(mine) < Flat || Deviation(theirs) < Flat) return FlatAgreement(other);
        var (plain, mirror) = (Correlation(mine, theirs), Correlation(mine, Full(other._rgb, mirrored: true)));
        var best = Math.Max(plain, mirror);
        if (best is < WorthAligning or > Same) return best;
        var flip = mirror > plain;
        var aligned = Full(other._rgb, flip);
        foreach (var scale in s_scales)
        {
            foreach (var x in s_offsets)
            {
                foreach (var y in s_offsets)
                {
                    best = Math.Max(best, Correlation(Crop(_rgb, scale, x, y, mirrored: false), aligned));
                    best = Math.Max(best, Correlation(mine, Crop(other._rgb, scale, x, y, flip)));
                }
            }
        }

        return best;
    }

    private double FlatAgreement(ImageSample other)
    {
        var difference = 0.0;
        for (var i = 0; i < _rgb.Length; i++) difference += Math.Abs(_rgb[i] - other._rgb[i]);
        return difference / _rgb.Length <= FlatDifference ? 1 : 0;
    }

    private static double Deviation(float[] pixels) => Math.Sqrt(TensorPrimitives.SumOfSquares<float>(pixels) / pixels.Length);

    private static double Correlation(float[] a, float[] b)
    {
        var lengths = Math.Sqrt((double)TensorPrimitives.SumOfSquares<float>(a) * TensorPrimitives.SumOfSquares<float>(b));
        return lengths > 0 ? TensorPrimitives.Dot<float>(a, b) / lengths : 0;
    }

    private static float[] Full(byte[] rgb, bool mirrored)
    {
        var pixels = new float[rgb.Length];
        Span<float> sums = stackalloc float[3];
        for (var row = 0; row < Side; row++)
        {
            for (var column = 0; column < Side; column++)
            {
                var from = At(mirrored ? Side - 1 - column : column, row);
                var to = At(column, row);
                for (var channel = 0; channel < 3; channel++)
                {
                    pixels[to + channel] = rgb[from + channel];
                    sums[channel] += rgb[from + channel];
                }
            }
        }

        Center(pixels, sums);
        return pixels;
    }

    private static void Center(float[] pixels, ReadOnlySpan<float> sums)
    {
        for (var i = 0; i < pixels.Length; i += 3)
        {
            for (var channel = 0; channel < 3; channel++) pixels[i + channel] -= sums[channel] / (Side * Side);
        }
    }

    private static int At(int column, int row) => 3 * ((row * Side) + column);

    /// <summary>A part of the thumbnail, brought to its size by linear interpolation, each channel about its mean.</summary>
    /// <param name="rgb">The thumbnail.</param>
    /// <param name="scale">The part of each side.</param>
    /// <param name="x">Where the rest is cut off: 0 on the right, 1 on the left.</param>
    /// <param name="y">0 at the bottom, 1 at the top.</param>
    /// <param name="mirrored">Whether left and right are exchanged first.</param>
    private static float[] Crop(byte[] rgb, double scale, double x, double y, bool mirrored)
    {
        var pixels = new float[rgb.Length];
        var rest = (1 - scale) * Side;
        Span<float> sums = stackalloc float[3];
        for (var row = 0; row < Side; row++)
        {
            var (y0, y1, fy) = Between((scale * (row + 0.5)) + (y * rest) - 0.5);
            for (var column = 0; column < Side; column++)
            {
                var (x0, x1, fx) = Between((scale * (column + 0.5)) + (x * rest) - 0.5);
                if (mirrored) (x0, x1) = (Side - 1 - x0, Side - 1 - x1);
                for (var channel = 0; channel < 3; channel++)
                {
                    var top = (rgb[At(x0, y0) + channel] * (1 - fx)) + (rgb[At(x1, y0) + channel] * fx);
                    var bottom = (rgb[At(x0, y1) + channel] * (1 - fx)) + (rgb[At(x1, y1) + channel] * fx);
                    var value = (top * (1 - fy)) + (bottom * fy);
                    pixels[At(column, row) + channel] = value;
                    sums[channel] += value;
                }
            }
        }

        Center(pixels, sums);
        return pixels;
    }

    private static (int Low, int High, float Part) Between(double at)
    {
        at = Math.Clamp(at, 0, Side - 1);
        var low = (int)at;
        return (low, Math.Min(low + 1, Side - 1), (float)(at - low));
    }
}
