using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Preprocessing;

/// <summary>
/// Compares a thumbnail with the crops of another one. A thumbnail is three planes of 24 rows of 24 numbers, each plane about its mean of 0. A crop
/// is brought to the thumbnail's size by linear interpolation, first along the rows, then along the columns.
/// </summary>
internal static class SampleCrops
{
    /// <summary>The numbers of a thumbnail.</summary>
    internal const int Length = 3 * Side * Side;

    private const int Side = ImageSample.Side;

    /// <summary>The numbers of a vector: a row has three.</summary>
    private const int Width = 8;

    /// <summary>The parts of a side that a crop may leave.</summary>
    private static readonly double[] s_scales = [0.975, 0.95, 0.925, 0.9];

    /// <summary>Where the rest is cut off: 0 on the right or at the bottom, 1 on the left or at the top.</summary>
    private static readonly double[] s_offsets = [0, 0.5, 1];

    /// <summary>For each scale: for each offset.</summary>
    private static readonly Interpolation[][] s_crops = [.. s_scales.Select(scale => s_offsets.Select(offset => new Interpolation(scale, offset)).ToArray())];

    /// <summary>
    /// The greatest correlation of a thumbnail with the crops of another one, over all scales and offsets; a crop is taken about its own mean. A crop
    /// of one color has a correlation of 0.
    /// </summary>
    /// <param name="cropped">The thumbnail that is cropped.</param>
    /// <param name="whole">The other one.</param>
    /// <param name="wholeSquares">The sum of its squares.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double GreatestCorrelation(ReadOnlySpan<float> cropped, ReadOnlySpan<float> whole, double wholeSquares)
    {
        // A vector that begins at the last number of the last row is read beyond it, with a weight of 0.
        Span<float> source = stackalloc float[Length + Width], narrowed = stackalloc float[Length];
        cropped.CopyTo(source);
        source[Length..].Clear();
        var best = double.NegativeInfinity;
        foreach (var crops in s_crops)
        {
            foreach (var across in crops)
            {
                Narrow(source, across, narrowed);
                foreach (var down in crops) best = Math.Max(best, Correlation(narrowed, down, whole, wholeSquares));
            }
        }

        return best;
    }

    /// <summary>Interpolates along every row. <paramref name="source"/> goes on for a vector after the thumbnail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Narrow(ReadOnlySpan<float> source, Interpolation across, Span<float> narrowed)
    {
        var to = MemoryMarshal.Cast<float, Vector256<float>>(narrowed);
        for (var column = 0; column < Side; column += Width)
        {
            // Eight results are made of at most nine numbers in a row: their neighbors on the left and on the right are eight each.
            var start = across.Low[column];
            var (lanes, part) = (Vector256.Create(across.Low, column) - Vector256.Create(start), Vector256.Create(across.Part, column));
            for (var row = 0; row < Length; row += Side)
            {
                var left = Vector256.Shuffle(Vector256.Create(source[(row + start)..]), lanes);
                var right = Vector256.Shuffle(Vector256.Create(source[(row + start + 1)..]), lanes);
                to[(row + column) / Width] = Lanes.MultiplyAdd(right - left, part, left);
            }
        }
    }

    /// <summary>Interpolates along every column, and correlates the result with the other thumbnail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Correlation(ReadOnlySpan<float> narrowed, Interpolation down, ReadOnlySpan<float> whole, double wholeSquares)
    {
        Vector256<float> products = default, squares = default;
        var squaredMeans = 0.0;
        for (var plane = 0; plane < Length; plane += Side * Side)
        {
            Vector256<float> sums = default;
            for (var row = 0; row < Side; row++)
            {
                var part = Vector256.Create(down.Part[row]);
                var upper = Row(narrowed, plane, down.Low[row]);
                var lower = Row(narrowed, plane, down.High[row]);
                var with = Row(whole, plane, row);
                for (var i = 0; i < with.Length; i++)
                {
                    var value = Lanes.MultiplyAdd(lower[i] - upper[i], part, upper[i]);
                    products = Lanes.MultiplyAdd(value, with[i], products);
                    squares = Lanes.MultiplyAdd(value, value, squares);
                    sums += value;
                }
            }

            double sum = Lanes.Sum(sums);
            squaredMeans += sum * sum / (Side * Side);
        }

        // The crop's mean has no part in the products, because the other thumbnail's planes add up to 0.
        var length = Math.Sqrt((Lanes.Sum(squares) - squaredMeans) * wholeSquares);
        return length > 0 ? Lanes.Sum(products) / length : 0;
    }

    private static ReadOnlySpan<Vector256<float>> Row(ReadOnlySpan<float> thumbnail, int plane, int row) =>
        MemoryMarshal.Cast<float, Vector256<float>>(thumbnail.Slice(plane + (row * Side), Side));

    /// <summary>For each of 24 results, the two numbers between which it lies.</summary>
    private sealed class Interpolation
    {
        internal Interpolation(double scale, double offset)
        {
            for (var i = 0; i < Side; i++)
            {
                var at = Math.Clamp((scale * (i + 0.5)) + (offset * (1 - scale) * Side) - 0.5, 0, Side - 1);
                Low[i] = (int)at;
                High[i] = Math.Min(Low[i] + 1, Side - 1);
                Part[i] = (float)(at - Low[i]);
            }
        }

        internal int[] Low { get; } = new int[Side];

        internal int[] High { get; } = new int[Side];

        /// <summary>The weight of <see cref="High"/>.</summary>
        internal float[] Part { get; } = new float[Side];
    }
}
