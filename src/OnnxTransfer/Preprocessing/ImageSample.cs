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
        Span<float> mine = stackalloc float[SampleCrops.Length], theirs = stackalloc float[SampleCrops.Length], mirrored = stackalloc float[SampleCrops.Length];
        Center(_rgb, mine);
        Center(other._rgb, theirs);
        var (mySquares, theirSquares) = (TensorPrimitives.SumOfSquares<float>(mine), TensorPrimitives.SumOfSquares<float>(theirs));
        if (Deviation(mySquares) < Flat || Deviation(theirSquares) < Flat) return FlatAgreement(other);
        Mirror(theirs, mirrored);
        var (length, plain, mirror) = (Math.Sqrt((double)mySquares * theirSquares), TensorPrimitives.Dot<float>(mine, theirs), TensorPrimitives.Dot<float>(mine, mirrored));
        var best = Math.Max(plain, mirror) / length;
        if (best is < WorthAligning or > Same) return best;
        var aligned = mirror > plain ? mirrored : theirs;
        return Math.Max(best, Math.Max(SampleCrops.GreatestCorrelation(mine, aligned, theirSquares), SampleCrops.GreatestCorrelation(aligned, mine, mySquares)));
    }

    private double FlatAgreement(ImageSample other)
    {
        var difference = 0.0;
        for (var i = 0; i < _rgb.Length; i++) difference += Math.Abs(_rgb[i] - other._rgb[i]);
        return difference / _rgb.Length <= FlatDifference ? 1 : 0;
    }

    private static double Deviation(double squares) => Math.Sqrt(squares / SampleCrops.Length);

    /// <summary>The three channels one after the other, each about its mean.</summary>
    private static void Center(ReadOnlySpan<byte> rgb, Span<float> planes)
    {
        const int pixels = Side * Side;
        for (var channel = 0; channel < 3; channel++)
        {
            var plane = planes.Slice(channel * pixels, pixels);
            for (var i = 0; i < pixels; i++) plane[i] = rgb[(3 * i) + channel];
            TensorPrimitives.Subtract(plane, TensorPrimitives.Sum<float>(plane) / pixels, plane);
        }
    }

    private static void Mirror(ReadOnlySpan<float> planes, Span<float> mirrored)
    {
        planes.CopyTo(mirrored);
        for (var row = 0; row < mirrored.Length; row += Side) mirrored.Slice(row, Side).Reverse();
    }
}
