using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnnxTransfer.Training;

/// <summary>The first two moments of each feature over some rows, in float64.</summary>
/// <param name="Means"><c>[D]</c>.</param>
/// <param name="Variances"><c>[D]</c>, of the population.</param>
internal sealed record FeatureMoments(double[] Means, double[] Variances)
{
    /// <summary>The mean over the features of their variance.</summary>
    internal double MeanVariance => Variances.Average();

    /// <summary>Two passes over the rows: the sums of the deviations from the mean lose no digits to its square.</summary>
    internal static FeatureMoments Of(TrainingRows rows)
    {
        var (means, variances) = (new double[rows.Dim], new double[rows.Dim]);
        foreach (var window in rows.Pass())
        {
            foreach (var n in window.Order) AddTo(means, window.Rows.Features.Row(n));
        }

        for (var d = 0; d < means.Length; d++) means[d] /= rows.Count;
        foreach (var window in rows.Pass())
        {
            foreach (var n in window.Order) AddSquaresTo(variances, window.Rows.Features.Row(n), means);
        }

        for (var d = 0; d < variances.Length; d++) variances[d] /= rows.Count;
        return new FeatureMoments(means, variances);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddTo(double[] sums, ReadOnlySpan<float> row)
    {
        var vectors = MemoryMarshal.Cast<float, Vector128<float>>(row);
        var totals = MemoryMarshal.Cast<double, Vector256<double>>(sums.AsSpan());
        for (var i = 0; i < vectors.Length; i++) totals[i] += Widen(vectors[i]);
        for (var d = vectors.Length * Vector128<float>.Count; d < row.Length; d++) sums[d] += row[d];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSquaresTo(double[] sums, ReadOnlySpan<float> row, double[] means)
    {
        var vectors = MemoryMarshal.Cast<float, Vector128<float>>(row);
        var totals = MemoryMarshal.Cast<double, Vector256<double>>(sums.AsSpan());
        var centers = MemoryMarshal.Cast<double, Vector256<double>>(means.AsSpan());
        for (var i = 0; i < vectors.Length; i++)
        {
            var deviation = Widen(vectors[i]) - centers[i];
            totals[i] += deviation * deviation;
        }

        for (var d = vectors.Length * Vector128<float>.Count; d < row.Length; d++) sums[d] += (row[d] - means[d]) * (row[d] - means[d]);
    }

    private static Vector256<double> Widen(Vector128<float> values) => Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
}
