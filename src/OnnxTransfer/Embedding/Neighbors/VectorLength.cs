using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Embedding.Neighbors;

/// <summary>The Euclidean lengths of vectors, summed in float64: no length of float32 numbers overflows.</summary>
internal static class VectorLength
{
    /// <summary>|v|; NaN or infinite exactly where a number of v is.</summary>
    internal static double Of(ReadOnlySpan<float> vector)
    {
        var lanes = MemoryMarshal.Cast<float, Vector256<float>>(vector);
        Vector256<double> low = default, high = default;
        foreach (var eight in lanes)
        {
            var (lower, upper) = Vector256.Widen(eight);
            low = Lanes.MultiplyAdd(lower, lower, low);
            high = Lanes.MultiplyAdd(upper, upper, high);
        }

        var sum = Lanes.Sum(low + high);
        foreach (double value in vector[(lanes.Length * Vector256<float>.Count)..]) sum += value * value;
        return Math.Sqrt(sum);
    }

    /// <summary>The length of every row, <c>[N]</c>.</summary>
    internal static double[] OfRows(FeatureMatrix features)
    {
        var lengths = new double[features.RowCount];
        Parallel.For(0, lengths.Length, row => lengths[row] = Of(features.Row(row)));
        return lengths;
    }

    /// <summary>Writes v / |v|.</summary>
    /// <param name="vector">v.</param>
    /// <param name="length">|v|, a finite number greater than 0.</param>
    /// <param name="destination">As long as v; may be v.</param>
    internal static void Divide(ReadOnlySpan<float> vector, double length, Span<float> destination)
    {
        for (var i = 0; i < vector.Length; i++) destination[i] = (float)(vector[i] / length);
    }
}
